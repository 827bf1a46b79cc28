"""Filters that several lists of the API share. A value that cannot be meant is 400 with the parameter's name."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import django_filters as filters
from django import forms
from django.conf import settings
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from crm.api_fields import EARLIEST, LATEST, NOT_A_TIME, read_moment
from crm.text import MAX_INTEGER

# "+03:00" that was put into an address as it is arrives as a blank.
_LOST_PLUS = re.compile(r" (?=\d{2}:?\d{2}$)")


class IdField(forms.IntegerField):
    """A record's number, within what the database holds."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=MAX_INTEGER, **options)


@extend_schema_field(OpenApiTypes.INT64)
class IdFilter(filters.Filter):
    field_class = IdField


ME, NOBODY = "me", "none"


class PersonField(forms.CharField):
    """A colleague's number, `me` or `none`."""

    default_error_messages = {"invalid": _("The number of a colleague, “me” or “none”.")}

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if text in (*self.empty_values, ME, NOBODY):
            return text
        if not (text.isascii() and text.isdecimal() and 1 <= len(text) <= 18):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return int(text)


@extend_schema_field({"type": "string", "pattern": "^(me|none|[0-9]{1,18})$"})
class PersonFilter(filters.Filter):
    """By a colleague: their number, `me` for the caller, `none` for what nobody has."""

    field_class = PersonField

    def filter(self, qs: Any, value: Any) -> Any:
        if value == NOBODY:
            return qs.filter(**{f"{self.field_name}__isnull": True})
        return super().filter(qs, self.parent.request.user.pk if value == ME else value)


class MomentField(forms.Field):
    """A time with its offset, or a date: then midnight in the firm's zone."""

    default_error_messages = {"invalid": NOT_A_TIME}

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        text = _LOST_PLUS.sub("+", str(value).strip())
        try:
            date = parse_date(text)
        except ValueError:
            date = None
        if date is None:
            moment = read_moment(text)
        elif EARLIEST.date() < date < LATEST.date():
            moment = datetime.combine(date, time(), ZoneInfo(settings.TIME_ZONE)).astimezone(UTC)
        else:
            moment = None
        if moment is None:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return moment


@extend_schema_field(OpenApiTypes.DATETIME)
class MomentFilter(filters.Filter):
    field_class = MomentField
