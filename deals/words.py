"""The fields of a deal as people read them: their names, and their values."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.template.defaultfilters import date as formatted
from django.utils import timezone

from crm.templatetags.crm_format import day_full, money
from deals.models import Deal


def label(name: str) -> str:
    """The name of a field, as the beginning of a line."""
    fields = {field.name: str(field.verbose_name) for field in Deal._meta.fields}
    said = fields.get(name, name)
    return said[:1].upper() + said[1:]


def written(value: object) -> str:
    """A sum, a day, a moment, a number or a text; nothing is empty."""
    match value:
        case Decimal():
            return money(value)
        case datetime():
            return str(formatted(timezone.localtime(value), "d.m.Y H:i"))
        case date():
            return day_full(value)
    return "" if value is None else str(value)
