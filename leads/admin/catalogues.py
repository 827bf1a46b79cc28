"""Offices, scripts of calls, the plan of the day, and the policies of touches, intake and distribution in the admin."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crm.admin import OneRowAdmin, PageAdmin
from crm.catalogue_admin import Use, UsedAdmin
from crm.resources import FilesAdmin
from leads.catalogue_resources import OfficeResource, ScriptResource
from leads.models import CallScript, DayPlan, DistributionPolicy, IntakePolicy, Office, TouchPolicy


@admin.register(TouchPolicy)
class TouchPolicyAdmin(OneRowAdmin):
    fields = ("touches", "days", "gap_minutes", "day_parts", "messages")


@admin.register(IntakePolicy)
class IntakePolicyAdmin(OneRowAdmin):
    fields = ("new_original_after_days",)


@admin.register(DistributionPolicy)
class DistributionPolicyAdmin(OneRowAdmin):
    fields = ("active", "limit", "return_after_minutes")
    at_least_one = ("return_after_minutes",)


@admin.register(DayPlan)
class DayPlanAdmin(OneRowAdmin):
    fields = ("meetings",)


@admin.register(CallScript)
class CallScriptAdmin(FilesAdmin, PageAdmin):
    resource_classes = (ScriptResource,)
    import_kind = "scripts"
    list_display = ("status", "step_1", "step_2", "step_3")
    fields = ("status", "step_1", "step_2", "step_3")


@admin.register(Office)
class OfficeAdmin(FilesAdmin, UsedAdmin):
    resource_classes = (OfficeResource,)
    import_kind = "offices"
    uses = (Use("lead", _("Leads"), "/admin/leads/lead/?office__id__exact={pk}"),)
    list_display = ("name", "code", "address", "position", "active", "in_use")
    list_editable = ("position", "active")
    fields = ("code", "name", "address", "position", "active", "in_use")

    def get_readonly_fields(self, request: HttpRequest, obj: Office | None = None) -> tuple[str, ...]:
        return ("code", "in_use") if obj else ("in_use",)  # the API knows an office by its code
