"""Input fields of the API outside intake: strict, so that what is stored is what was sent, or it is 400 by field."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from crm.parsers import MAX_DEPTH
from crm.text import MAX_INTEGER, TooDeep, clean, clean_json, is_clean

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2199, 12, 31, tzinfo=UTC)
"""Times beyond these are slips; at the very ends of the calendar a time cannot even be shown in another zone."""

NOT_TEXT = _("This must be text.")
UNCLEAN = _("There are characters here that cannot be stored or seen.")
NOT_A_TIME = _("Write a date and time with the offset, for example 2026-11-24T12:40:00+03:00.")


class Text(serializers.CharField):
    """Clean text of at most `max_length` characters, trimmed and composed; one line unless `multiline`."""

    default_error_messages = {"invalid": NOT_TEXT, "unclean": UNCLEAN}

    def __init__(self, *, max_length: int, multiline: bool = False, allow_blank: bool = True, **options: Any) -> None:
        self.multiline = multiline
        super().__init__(max_length=max_length, allow_blank=allow_blank, **options)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if data is not serializers.empty and data is not None and not isinstance(data, str):
            self.fail("invalid")
        if isinstance(data, str):
            if not is_clean(data, multiline=self.multiline):
                self.fail("unclean")
            data = clean(data, multiline=self.multiline)
        return super().run_validation(data)


class Identifier(Text):
    """The name that another system gives to something; a number counts as text."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if isinstance(data, int) and not isinstance(data, bool):
            data = str(data)
        return super().run_validation(data)


class Email(Text):
    """An e-mail address, or nothing."""

    def to_internal_value(self, data: Any) -> str:
        value = str(super().to_internal_value(data))
        if value:
            try:
                validate_email(value)
            except ValidationError as error:
                raise serializers.ValidationError(error.messages) from error
        return value


class Link(Text):
    """An http or https address, or nothing: a link is shown to be clicked, so no other kind gets in."""

    default_error_messages = {"link": _("This must be a link that begins with http:// or https://.")}

    def to_internal_value(self, data: Any) -> str:
        value = str(super().to_internal_value(data))
        if value:
            try:
                parts = urlsplit(value)
                acceptable = parts.scheme in {"http", "https"} and bool(parts.hostname)
            except ValueError:
                acceptable = False
            if not acceptable or any(character.isspace() or character in '<>"\\' for character in value):
                self.fail("link")
        return value


class Moment(serializers.DateTimeField):
    """A date and time with its offset; comes out in UTC."""

    default_error_messages = {"invalid": NOT_A_TIME}

    def to_internal_value(self, value: Any) -> datetime:
        moment = read_moment(value) if isinstance(value, str) else None
        if moment is None:
            self.fail("invalid")
        return moment


def read_moment(written: str) -> datetime | None:
    """A time as it is written in ISO 8601 with an offset, in UTC; None if it is none, or beyond reason."""
    try:
        moment = parse_datetime(written.strip())
        if moment is None or moment.tzinfo is None:
            return None
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if EARLIEST <= moment <= LATEST else None


class Money(serializers.DecimalField):
    """Roubles with at most two decimal places."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=14, decimal_places=2, **options)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str | int | float) or isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class Id(serializers.IntegerField):
    """The number of a record."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=MAX_INTEGER, **options)

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int | str) or isinstance(data, bool):
            self.fail("invalid")
        return int(super().to_internal_value(data))


class Version(serializers.IntegerField):
    """The version of a record that the caller saw; the change is refused if it is no longer that one."""

    def __init__(self) -> None:
        super().__init__(
            min_value=0,
            max_value=MAX_INTEGER,
            required=False,
            help_text="The version that was seen. If the record has changed since: 409 `stale`.",
        )

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return int(super().to_internal_value(data))


@extend_schema_field(OpenApiTypes.OBJECT)
class JsonObject(serializers.Field):
    """A JSON object, free-form but clean: bounded in depth and length, every string in it storable."""

    default_error_messages = {
        "object": _("This must be an object."),
        "deep": _("This is nested too deep."),
        "long": _("This is too long."),
        "unclean": UNCLEAN,
    }

    def __init__(self, *, max_length: int, **options: Any) -> None:
        self.max_length = max_length
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("object")
        try:
            cleaned = clean_json(data, depth=MAX_DEPTH)
        except TooDeep:
            self.fail("deep")
        if not _loses_nothing(data):
            self.fail("unclean")
        if len(json.dumps(cleaned)) > self.max_length:
            self.fail("long")
        assert isinstance(cleaned, dict)
        return cleaned

    def to_representation(self, value: Any) -> Any:
        return value


def _loses_nothing(value: Any) -> bool:
    """Whether `clean_json` would drop nothing. The depth has been checked."""
    if isinstance(value, str):
        return is_clean(value, multiline=True)
    if isinstance(value, dict):
        return all(is_clean(name) and _loses_nothing(inner) for name, inner in value.items())
    if isinstance(value, list):
        return all(_loses_nothing(inner) for inner in value)
    return not isinstance(value, int) or abs(value) <= MAX_INTEGER
