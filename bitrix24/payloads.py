"""What is told of an object: a row in, a dictionary for the portal out. Pure: asks neither database nor portal.

Personal data leaves by an allow-list (`allowed`): what is not named in it is not in the payload.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.crypto import salted_hmac

from contacts.models import Contact
from deals.models import Deal
from leads.models import Lead, Touch
from leads.pipeline import CLOSED, Status
from tasks.models import Task

TITLE, NAME, TEXT = 255, 100, 4000  # characters: our own limits, the portal's are not told
UTM = {name: f"utm{name.capitalize()}" for name in ("source", "medium", "campaign", "content", "term")}
NAME_PARTS = ("lastName", "name", "secondName")  # in the order in which they are read as one text
CURRENCY = "RUB"
LEAD_START, LEAD_WON, DEAL_WON = "NEW", "CONVERTED", "WON"  # codes that every portal has

Allowed = Collection[str]


def contact_fields(contact: Contact, allowed: Allowed) -> dict[str, Any]:
    """The card without its phone and e-mail, which are `contact_values`."""
    fields: dict[str, Any] = {}
    if "name" in allowed and contact.name:
        fields |= name_parts(contact.name)
    if "comment" in allowed:
        fields["comments"] = contact.comment[:TEXT]
    return fields


def contact_values(contact: Contact, allowed: Allowed) -> dict[str, str]:
    """Phone and e-mail by the portal's type; an empty one is to be taken away there."""
    values = {}
    if "phone" in allowed:
        values["PHONE"] = contact.phone
    if "email" in allowed:
        values["EMAIL"] = contact.email
    return values


def lead_values(lead: Lead, allowed: Allowed) -> dict[str, str]:
    """Phone and e-mail of a lead that has no card: what was given, so that somebody can make sense of it."""
    values = {"PHONE": lead.phone_raw[:NAME], "EMAIL": lead.email}
    return {kind: value for kind, value in values.items() if kind.lower() in allowed}


def lead_fields(lead: Lead, allowed: Allowed, *, reason: str) -> dict[str, Any]:
    """A lead without what has to be looked up at the portal (stage, source, people). `reason`: of junk, in words.

    The comments there are left to the people there unless something of ours may be told in them.
    """
    notes = []
    if "comment" in allowed and lead.comment:
        notes.append(lead.comment)
    if "city" in allowed and lead.city:
        notes.append(lead.city)
    if "debt" in allowed and lead.debt_amount is not None:
        notes.append(f"{lead.debt_amount:.2f}")
    fields: dict[str, Any] = {"statusDescription": reason}
    if lead.source_raw:
        fields["sourceDescription"] = lead.source_raw[:TITLE]
    if {"comment", "city", "debt"} & set(allowed):
        fields["comments"] = "\n".join(notes)[:TEXT]
    if "name" in allowed and lead.name:
        fields |= name_parts(lead.name)
    utm = lead.utm if isinstance(lead.utm, dict) else {}
    fields |= {theirs: str(utm.get(ours) or "")[:TITLE] for ours, theirs in UTM.items()}
    return fields


def name_parts(name: str) -> dict[str, str]:
    """A name in the portal's parts. Here it is one text, so the others are emptied: they would be shown beside it."""
    return {**dict.fromkeys(NAME_PARTS, ""), "name": name[:NAME]}


def full_name(item: dict[str, Any]) -> str:
    """The name of an object of the portal as one text."""
    return " ".join(text for part in NAME_PARTS if (text := str(item.get(part) or "").strip()))


def is_same_name(name: str, item: dict[str, Any]) -> bool:
    """Whether an object of the portal has this name, in whatever parts and order."""
    return sorted(name.lower().split()) == sorted(full_name(item).lower().split())


def money(amount: Decimal) -> dict[str, Any]:
    """A sum in roubles, which the portal is not to compute from products."""
    return {"opportunity": float(amount), "currencyId": CURRENCY, "isManualOpportunity": "Y"}


def moment(at: datetime) -> str:
    """A moment as the portal reads it, with its offset."""
    return at.isoformat(timespec="seconds")


def lead_stage(status: str, junk_reason: str) -> str | None:
    """The portal's own stage where every portal has one; None: a stage of ours (`lead_stage_code`)."""
    if status == Status.NEW:
        return LEAD_START
    return LEAD_WON if status in CLOSED and status != Status.JUNK else None


def lead_stage_code(status: str, junk_reason: str) -> str:
    """The code of our own stage for a status; each reason of junk has one."""
    return f"j_{junk_reason}" if status == Status.JUNK else status


def deal_fields(deal: Deal, allowed: Allowed, *, title: str, prepaid: str) -> dict[str, Any]:
    """A deal without what has to be looked up at the portal. `prepaid`: the prepayment in words, or empty."""
    fields: dict[str, Any] = {
        "title": title[:TITLE],
        **money(deal.amount),
        "additionalInfo": prepaid,
    }
    if deal.contract_date:
        fields["begindate"] = deal.contract_date.isoformat()
    if "comment" in allowed:
        fields["comments"] = deal.comment[:TEXT]
    return fields


def task_fields(task: Task, allowed: Allowed, *, title: str) -> dict[str, Any]:
    """A task as a todo. A text typed by somebody may name a client, so it leaves with the comments only."""
    typed = task.text and not task.automatic
    return {
        "title": (task.get_kind_display() if typed and "comment" not in allowed else title)[:TITLE],
        "deadline": moment(task.due_at),
        "completed": task.state != Task.State.OPEN,
    }


def touch_text(touch: Touch, allowed: Allowed, *, when: str) -> str:
    """A touch as a comment of the lead's timeline. `when`: the moment in words, in the firm's time."""
    lines = [
        f"{when} · {touch.get_channel_display()} · {touch.get_direction_display()} · {touch.get_outcome_display()}"
    ]
    if "comment" in allowed and touch.comment:
        lines.append(touch.comment)
    if "recording" in allowed and touch.recording_url:
        lines.append(touch.recording_url)
    return "\n".join(lines)[:TEXT]


def value_digest(value: str) -> str:
    """A phone or e-mail, whatever its spelling, as something that tells nobody what it is."""
    digits = "".join(filter(str.isdigit, value))
    plain = value.strip().lower() if "@" in value else digits[-10:]
    return salted_hmac("bitrix24.value", plain, algorithm="sha256").hexdigest()[:32]


def value_changes(
    there: list[dict[str, Any]], wanted: Mapping[str, str], ours: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """What to send as `fm` so that each wanted value is there once. `ours`: digests of what was sent last, by type.

    The object form: a known id changes or, with an empty value, takes away; `n0` adds; what is not named stays. A list
    would add the number again at every edit.
    """
    changes: dict[str, dict[str, str]] = {}
    for place, (kind, value) in enumerate(sorted(wanted.items())):
        entries = [entry for entry in there if entry.get("typeId") == kind]
        if value and any(value_digest(str(entry["value"])) == value_digest(value) for entry in entries):
            continue
        mine = next((entry for entry in entries if value_digest(str(entry["value"])) == ours.get(kind)), None)
        if mine is not None:
            changes[str(mine["id"])] = {"typeId": kind, "valueType": "WORK", "value": value}
        elif value:
            changes[f"n{place}"] = {"typeId": kind, "valueType": "WORK", "value": value}
    return changes
