"""Fields of the forms on pages: text that can be stored, money, and moments on somebody else's clock."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from crm.text import clean

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2199, 12, 31, tzinfo=UTC)
MOST_ROUBLES = Decimal("999999999999.99")


class Text(forms.CharField):
    """A text of at most `max_length` characters, cleaned as everywhere (`crm/text.py`); `rows` makes it a text area."""

    def __init__(self, *, max_length: int, rows: int = 0, **options: Any) -> None:
        self.multiline = rows > 0
        if rows:
            options.setdefault("widget", forms.Textarea(attrs={"rows": rows}))
        super().__init__(max_length=max_length, **options)

    def to_python(self, value: Any) -> str:
        return clean(super().to_python(value) or "", multiline=self.multiline)


class Link(Text):
    """An http or https address, or nothing: it is shown to be clicked, so no other kind gets in."""

    default_error_messages = {"link": _("This must be a link that begins with http:// or https://.")}

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=500, widget=forms.URLInput(attrs={"inputmode": "url"}), **options)

    def validate(self, value: str) -> None:
        super().validate(value)
        if not value:
            return
        try:
            parts = urlsplit(value)
            acceptable = parts.scheme in {"http", "https"} and bool(parts.hostname)
        except ValueError:
            acceptable = False
        if not acceptable or any(character.isspace() or character in '<>"\\' for character in value):
            raise ValidationError(self.error_messages["link"], code="link")


class Roubles(forms.Field):
    """A sum as people write it: «870 000», «870000,50»."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    default_error_messages = {"invalid": _("Enter a sum in roubles, for example 870 000")}

    def to_python(self, value: Any) -> Decimal | None:
        text = "".join(str(value if value is not None else "").replace("₽", "").split()).replace(",", ".")
        if not text:
            return None
        try:
            amount = Decimal(text)
        except InvalidOperation:
            amount = Decimal("NaN")
        if len(text) > 30 or not amount.is_finite() or not 0 <= amount <= MOST_ROUBLES:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return amount.quantize(Decimal("0.01"))

    def prepare_value(self, value: Any) -> Any:
        """870000.00 as «870 000»; what was typed stays as typed."""
        if not isinstance(value, Decimal):
            return value
        places = 0 if value == value.to_integral_value() else 2
        return f"{value:,.{places}f}".replace(",", " ").replace(".", ",")


class Day(forms.DateField):
    """A date, chosen with the browser's own control."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            input_formats=["%Y-%m-%d", "%d.%m.%Y"],
            **options,
        )


class Moment(forms.Field):
    """Date and time on the clocks of `zone` (the client's; the firm's unless set), in and out as aware UTC."""

    default_error_messages = {"invalid": _("Enter a date and a time")}

    def __init__(self, *, zone: ZoneInfo | None = None, **options: Any) -> None:
        self.zone = zone or ZoneInfo(settings.TIME_ZONE)
        super().__init__(widget=forms.DateTimeInput(attrs={"type": "datetime-local"}), **options)

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        try:
            typed = datetime.fromisoformat(str(value).strip())
            moment = typed.replace(tzinfo=typed.tzinfo or self.zone).astimezone(UTC)
        except (ValueError, OverflowError):
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None
        if not EARLIEST < moment < LATEST:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return moment

    def prepare_value(self, value: Any) -> Any:
        return value.astimezone(self.zone).strftime("%Y-%m-%dT%H:%M") if isinstance(value, datetime) else value


def moment_in_address(given: str) -> datetime | None:
    """The aware moment that an address names in ISO 8601, with its plus perhaps a blank; None if it names none."""
    try:
        moment = datetime.fromisoformat(given.replace(" ", "+"))
    except ValueError:
        return None
    return moment if moment.tzinfo is not None and moment.year > 1 else None
