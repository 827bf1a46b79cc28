"""Messengers and the texts sent by them, in the admin. Their codes are the channels of touches."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from contacts.messengers import VARIABLES
from contacts.models import MessageTemplate, Messenger
from crm.admin import CleanForm, PageAdmin
from crm.resources import FilesAdmin
from leads.catalogue_resources import MessengerResource, TemplateResource
from leads.messages import BY_LINK, WRITTEN
from leads.pipeline import Status
from tasks.models import Kind

ANY = ("", "—")
OFFERED_AT = (*WRITTEN, Kind.COLLECT_DOCUMENTS)  # the last is a deal's (deals/reminder.py)


@admin.register(Messenger)
class MessengerAdmin(FilesAdmin, PageAdmin):
    """What is no longer used is switched off: touches made by it stay."""

    resource_classes = (MessengerResource,)
    import_kind = "messengers"
    list_display = ("name", "code", "link", "position", "active")
    list_editable = ("position", "active")
    fields = ("code", "name", "link", "position", "active")

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "code":
            choices = [(code.value, code.label) for code in BY_LINK]
            return forms.ChoiceField(label=db_field.verbose_name, choices=choices, help_text=db_field.help_text)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Messenger | None = None) -> tuple[str, ...]:
        return ("code",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Messenger | None = None) -> bool:
        return False


class TemplateForm(CleanForm):
    """The variables are named beside the text."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = ", ".join(f"{{{word}}}" for word in VARIABLES)
        self.fields["text"].help_text = _("Variables: %(known)s") % {"known": known}


@admin.register(MessageTemplate)
class MessageTemplateAdmin(FilesAdmin, PageAdmin):
    resource_classes = (TemplateResource,)
    import_kind = "templates"
    form = TemplateForm
    list_display = ("name", "status_label", "messenger", "position", "active")
    list_editable = ("position", "active")
    list_filter = ("active",)
    list_select_related = ("messenger",)
    fields = ("name", "text", "status", "task_kind", "messenger", "position", "active")

    @admin.display(description=_("status"), ordering="status")
    def status_label(self, template: MessageTemplate) -> str:
        return str(Status(template.status).label) if template.status in Status.values else "—"

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **kwargs: Any) -> Any:
        choices: list[tuple[str, Any]] = {
            "status": [ANY, *((status.value, status.label) for status in Status if status != Status.JUNK)],
            "task_kind": [ANY, *((kind.value, kind.label) for kind in Kind if kind in OFFERED_AT)],
        }.get(db_field.name, [])
        if choices:
            return forms.ChoiceField(
                label=db_field.verbose_name, choices=choices, required=False, help_text=db_field.help_text
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)
