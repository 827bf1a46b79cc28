"""Reading an application as it comes: whatever is in it, the lead is not lost (`api.md`, Readings).

Pure. Text is cleaned and cut, a wrong-typed optional field becomes empty; what was changed or dropped is kept in `raw`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from contacts.phones import Phones, parse
from crm.errors import Invalid
from crm.text import TooDeep, clean, clean_json

NAME, EMAIL, COMMENT, CITY, SOURCE, EXTERNAL_ID, PHONE = 200, 254, 10_000, 100, 200, 200, 300
UTM_DEPTH = 20
UTM_LENGTH = 20_000
RAW_LENGTH = 20_000
MAX_DEBT = Decimal("999999999999.99")


@dataclass(frozen=True)
class Application:
    """An application, typed and clean. `raw` holds by field what could not be taken over as it came."""

    phones: Phones
    phone_raw: str = ""
    source: str = ""
    name: str = ""
    email: str = ""
    comment: str = ""
    debt_amount: Decimal | None = None
    city: str = ""
    utm: dict[str, Any] | None = None
    external_id: str = ""
    arrived_at: datetime | None = None
    raw: dict[str, Any] = field(default_factory=dict)


def read_application(body: Mapping[str, Any]) -> Application:
    """Take an application from a JSON object, a form or a row of a file. Unknown names are ignored.

    Raises Invalid only if it carries neither a phone nor an e-mail.
    """
    reader = _Reader(body)
    phone_raw = reader.phone()
    email = reader.email()
    if not phone_raw and not reader.given("email"):
        said = _("Give a phone or an e-mail")
        raise Invalid({"phone": said, "email": said})
    return Application(
        phones=parse(phone_raw),
        phone_raw=phone_raw,
        source=reader.text("source", SOURCE),
        name=reader.text("name", NAME),
        email=email,
        comment=reader.text("comment", COMMENT, multiline=True),
        debt_amount=reader.money("debt_amount"),
        city=reader.text("city", CITY),
        utm=reader.utm(),
        external_id=reader.identifier("external_id"),
        arrived_at=reader.moment("arrived_at"),
        raw=reader.raw,
    )


def body_digest(body: Mapping[str, Any]) -> str:
    """Tells whether two bodies say the same, whatever the order of their fields."""
    return hashlib.sha256(json.dumps(body, sort_keys=True, default=str).encode("utf-8", "replace")).hexdigest()


def identifier(value: str, limit: int = EXTERNAL_ID) -> str:
    """An identifier that fits its column; an over-long one keeps its beginning and a digest of the whole."""
    value = clean(value)
    if len(value) <= limit:
        return value
    digest = hashlib.sha256(value.encode()).hexdigest()
    return f"{value[: limit - len(digest) - 1]}#{digest}"


class _Reader:
    def __init__(self, body: Mapping[str, Any]) -> None:
        self.body = body
        self.raw: dict[str, Any] = {}

    def given(self, name: str) -> bool:
        value = self.body.get(name)
        return isinstance(value, str) and bool(clean(value))

    def keep(self, name: str) -> None:
        """Remember a field as it came, bounded and storable."""
        try:
            kept = clean_json(self.body[name])
        except TooDeep:
            kept = clean(_flat(self.body[name]), limit=RAW_LENGTH, multiline=True)
        if len(json.dumps(kept)) > RAW_LENGTH:
            kept = clean(_flat(kept), limit=RAW_LENGTH, multiline=True)
        self.raw[name] = kept

    def text(self, name: str, limit: int, *, multiline: bool = False) -> str:
        value = self.body.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.keep(name)
            return ""
        whole = clean(value, multiline=multiline)
        if len(whole) > limit:
            self.keep(name)
        return clean(whole, limit=limit, multiline=multiline)

    def phone(self) -> str:
        """The phone as text; numbers count as text (a cell, a JSON number), anything else is kept and is no phone."""
        value = self.body.get("phone")
        if value is None:
            return ""
        if isinstance(value, str):
            text = value
        elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            text = str(value)
        else:
            self.keep("phone")
            return clean(_flat(value), limit=PHONE)
        # The parser wants the separators that cleaning would take away, so only what cannot be stored goes.
        if len(text) > PHONE:
            self.keep("phone")
        storable = text.encode("utf-8", "ignore").decode().replace("\x00", "")[:PHONE]
        return storable if storable.strip() else ""

    def email(self) -> str:
        value = self.text("email", EMAIL)
        if not value:
            return ""
        try:
            validate_email(value)
        except ValidationError:
            self.keep("email")
            return ""
        return value

    def money(self, name: str) -> Decimal | None:
        value = self.body.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, str | int | float | Decimal) and not isinstance(value, bool):
            try:
                amount = Decimal(str(value).replace(" ", "").replace("\u00a0", "").replace(",", "."))
                if amount.is_finite() and 0 <= amount <= MAX_DEBT:
                    return amount.quantize(Decimal("0.01"))
            except (InvalidOperation, ValueError):
                pass
        self.keep(name)
        return None

    def utm(self) -> dict[str, Any] | None:
        value = self.body.get("utm")
        if value is None:
            return None
        try:
            if isinstance(value, dict):
                cleaned = clean_json(value, depth=UTM_DEPTH)
                if isinstance(cleaned, dict) and len(json.dumps(cleaned)) <= UTM_LENGTH:
                    return cleaned
        except TooDeep:
            pass
        self.keep("utm")
        return None

    def identifier(self, name: str) -> str:
        value = self.body.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)  # ids of forms and telephony are often numbers
        if value is None:
            return ""
        if not isinstance(value, str):
            self.keep(name)
            return ""
        return identifier(value)

    def moment(self, name: str) -> datetime | None:
        value = self.body.get(name)
        if isinstance(value, datetime):
            return value
        if value is None or value == "":
            return None
        if isinstance(value, str):
            try:
                moment = parse_datetime(value.strip())
                if moment is not None and moment.tzinfo is not None:
                    return moment.astimezone(UTC)
            except (ValueError, OverflowError):
                pass
        self.keep(name)
        return None


def _flat(value: Any) -> str:
    """Anything as a line of text; what nests too deep for that is told by its kind."""
    try:
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    except (RecursionError, ValueError):
        return f"<{type(value).__name__}>"
