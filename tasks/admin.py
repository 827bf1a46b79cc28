"""Task rules and calling hours in the admin; tasks themselves are set and closed by the verbs, and only looked at."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext

from crm.admin import CleanForm, OneRowAdmin, PageAdmin, ReadOnlyAdmin
from tasks.models import CallingHours, RuleStep, Task, TaskRule


class StepInline(admin.TabularInline):
    model = RuleStep
    extra = 0


@admin.register(TaskRule)
class TaskRuleAdmin(PageAdmin):
    list_display = ("status_label", "kind", "on", "pace", "active", "position")
    list_editable = ("active", "position")
    list_filter = ("active", "kind")
    inlines = (StepInline,)

    @admin.display(description=TaskRule._meta.get_field("status").verbose_name, ordering="status")
    def status_label(self, rule: TaskRule) -> str:
        return str(dict(_statuses()).get(rule.status, rule.status))

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "status":
            return forms.ChoiceField(label=db_field.verbose_name, choices=_statuses)
        return super().formfield_for_dbfield(db_field, request, **kwargs)


def _statuses() -> list[tuple[str, Any]]:
    """The statuses that a rule may be for. They are the lead's, which belongs to an app above this one."""
    lead = Task._meta.get_field("lead").related_model
    return list(lead._meta.get_field("status").choices)


class HoursForm(CleanForm):
    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if given.get("start") and given.get("end") and given["start"] >= given["end"]:
            raise ValidationError({"end": gettext("The hours end after they begin")})
        return given


@admin.register(CallingHours)
class CallingHoursAdmin(OneRowAdmin):
    form = HoursForm


@admin.register(Task)
class TaskAdmin(ReadOnlyAdmin):
    list_display = ("title", "due_at", "state", "assignee", "lead_id", "deal_id", "automatic")
    list_select_related = ("assignee",)
    list_filter = ("state", "kind", "automatic")
    search_fields = ("=lead__id", "=deal__id")
