"""The field tables of the portal (`docs/bitrix24.md`): what is written, of which type, and how a value is read."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

LEAD, DEAL, CONTACT = 1, 2, 3
NAMES = {LEAD: "lead", DEAL: "deal", CONTACT: "contact"}

_ALL = {
    "sourceId": "SOURCE", "sourceDescription": "string", "assignedById": "user", "opened": "flag", "comments": "string",
    "originatorId": "string", "originId": "string", "utmSource": "string", "utmMedium": "string",
    "utmCampaign": "string", "utmContent": "string", "utmTerm": "string", "ufCrmNote": "string", "fm": "fm",
}  # fmt: skip
_PERSON = {"name": "string", "secondName": "string", "lastName": "string", "birthdate": "date", "post": "string"}
_MONEY = {"opportunity": "double", "isManualOpportunity": "flag", "currencyId": "string"}
WRITTEN: dict[int, dict[str, str]] = {
    LEAD: _ALL | _PERSON | _MONEY | {
        "title": "string", "stageId": "STATUS", "statusDescription": "string", "contactId": "contact",
    },
    DEAL: {name: kind for name, kind in _ALL.items() if name != "fm"} | _MONEY | {
        "title": "string", "stageId": "DEAL_STAGE", "categoryId": "category", "contactId": "contact", "leadId": "lead",
        "begindate": "date", "closedate": "date", "additionalInfo": "string", "closed": "flag",
    },
    CONTACT: _ALL | _PERSON | {"typeId": "string", "leadId": "lead", "originVersion": "string", "export": "flag"},
}  # fmt: skip
IMPORTED = {"createdTime", "updatedTime", "movedTime", "createdBy", "updatedBy", "movedBy"}
"""Which an administrator's import may say."""
READ_ONLY = IMPORTED | {"id", "stageSemanticId", "isReturnCustomer", "dateClosed", "hasPhone", "hasEmail"}
CLASSIC = {"stageId": {LEAD: "STATUS_ID"}, "createdTime": "DATE_CREATE", "updatedTime": "DATE_MODIFY"}


class Bad(ValueError):
    """A value of the wrong type."""


def read(kind: str, value: Any) -> Any:
    """A value as the portal keeps it; forms and batches bring all of them as text. Raises Bad."""
    try:
        if kind == "double":
            return float(value or 0)
        if kind in {"user", "contact", "lead", "category"}:
            return int(value or 0)
        if kind == "flag":
            return _flag(value)
        if kind == "date":
            return date.fromisoformat(str(value)[:10]).isoformat() if value else ""
        if kind == "datetime":
            return _aware(value).isoformat()
    except (TypeError, ValueError) as error:
        raise Bad(f"{value!r} is no {kind}") from error
    if not isinstance(value, str | int | float) and value is not None:
        raise Bad(f"{value!r} is no {kind}")
    return "" if value is None else str(value)


def _flag(value: Any) -> str:
    if value in ("Y", "N"):
        return str(value)
    raise ValueError(value)


def _aware(value: Any) -> datetime:
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise ValueError("no offset")
    return moment


def classic(kind: int, item: dict[str, Any]) -> dict[str, Any]:
    """An item as the older methods answer it: upper case, and everything is text."""
    row: dict[str, Any] = {}
    for name, value in item.items():
        if name == "fm":
            for entry in value:
                told = {"ID": str(entry["id"]), "VALUE": entry["value"], "VALUE_TYPE": entry["valueType"]}
                row.setdefault(entry["typeId"], []).append({**told, "TYPE_ID": entry["typeId"]})
        else:
            row[classic_name(kind, name)] = None if value is None else str(value)
    return row


def classic_name(kind: int, name: str) -> str:
    known = CLASSIC.get(name)
    known = known.get(kind) if isinstance(known, dict) else known
    return known or re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper()
