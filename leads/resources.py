"""Leads as a file. A row that comes in is a new application and passes intake like any other; statuses only go out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from import_export.fields import Field

from crm.resources import VerbResource
from leads.applications import read_application
from leads.intake import register_lead
from leads.models import Lead
from team.actions import import_key
from team.models import User

TEXTS = ("source", "name", "email", "comment", "city", "external_id")


class LeadResource(VerbResource):
    """In: the columns of an application. Out: these and what became of the lead.

    A row whose external id an earlier file has brought is that file's lead, and makes none.
    """

    labels = {
        "number": _("No."),
        "created_at": _("Arrived"),
        "status": _("Status"),
        "junk_reason": _("Reason"),
        "phone": _("Phone"),
        "source": _("Source"),
        "name": _("Name"),
        "email": _("E-mail"),
        "comment": _("Comment"),
        "debt_amount": _("Debt"),
        "city": _("City"),
        "responsible": _("Owner"),
        "touches_count": _("Touches"),
        "external_id": _("External id"),
    }
    spellings = {
        "phone": ("Номер", "Номер телефона", "Мобильный телефон", "Рабочий телефон"),
        "source": ("utm_source",),
        "name": ("ФИО", "Клиент"),
        "email": ("Почта", "Электронная почта", "E-mail"),
        "comment": (),
        "debt_amount": ("Сумма долга",),
        "city": (),
        "external_id": ("Внешний код",),
    }
    phone = Field(column_name="phone")
    source = Field(column_name="source", attribute="source__code")
    number = Field(column_name="number", attribute="pk", readonly=True)
    created_at = Field(column_name="created_at", readonly=True)
    status = Field(column_name="status", attribute="get_status_display", readonly=True)
    junk_reason = Field(column_name="junk_reason", attribute="get_junk_reason_display", readonly=True)
    responsible = Field(column_name="responsible", attribute="responsible__name", readonly=True)

    class Meta:
        model = Lead
        import_id_fields = ()
        export_order = (
            "number",
            "created_at",
            "status",
            "junk_reason",
            "phone",
            "source",
            "name",
            "email",
            "comment",
            "debt_amount",
            "city",
            "responsible",
            "touches_count",
            "external_id",
        )
        fields = export_order

    def filter_export(self, queryset: Any, **kwargs: Any) -> Any:
        return queryset.select_related("contact", "source", "responsible")

    def dehydrate_phone(self, lead: Lead) -> str:
        return lead.phone or lead.phone_raw

    def dehydrate_created_at(self, lead: Lead) -> str:
        return timezone.localtime(lead.created_at).strftime("%d.%m.%Y %H:%M")

    def dehydrate_source(self, lead: Lead) -> str:
        return lead.source.name

    def get_user_visible_fields(self) -> list[Any]:
        return [field for field in self.get_export_fields() if field.column_name in self.spellings]

    def take(self, row: Mapping[str, Any], *, by: User) -> tuple[Lead | None, bool]:
        given = {
            name: _cell(value) if name in TEXTS else value for name, value in row.items() if name in self.spellings
        }
        if not any(str(value or "").strip() for value in given.values()):
            return None, False
        key = import_key(by=by) if given.get("external_id") else None
        registered = register_lead(read_application(given), by=by, key=key)
        return registered.lead, registered.created


def _cell(value: object) -> object:
    """A cell of a text column as text: spreadsheets keep numbers and dates typed as such."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)
