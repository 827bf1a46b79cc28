"""Leads that still enter at the portal: they come in here by the same door as all others, and keep their id there.

The portal's messages are hints: they may be lost, come twice or in any order, and carry an id only. So each is looked
at when it has its turn, and a pass by the time of change finds what no message told of. What is known here, our own
objects among them, is left alone: the mirror goes from here to there.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from bitrix24 import line
from bitrix24.models import Entry, Hint, Line
from bitrix24.outcomes import Gone, Outcome
from bitrix24.payloads import UTM, full_name
from bitrix24.push import gone_there
from bitrix24.session import Session
from bitrix24.twins import ORIGINATOR
from crm import clock
from crm.errors import Invalid
from crm.nudges import TELL_OUTSIDE, nudge
from crm.transactions import verb
from leads.applications import Application, read_application
from leads.intake import register_lead
from outbox.delivery import DELAYS, Failed, Later
from outbox.links import OutsideId, known_outside, objects_known_as, origin_of
from outbox.models import Link
from sources.models import Source

LEAD, CONTACT = 1, 3
EVERY = timedelta(minutes=15)
OVERLAP = timedelta(minutes=10)  # clocks differ, and lists show a change only after a while
AT_ONCE = 50
AFTER_ALL = timedelta(days=1)


def hear(remote_ids: Iterable[int]) -> None:
    """Note that something happened to these leads there, to be looked at soon. Twice is once."""
    _hear(list(remote_ids))


@verb
def _hear(remote_ids: list[int]) -> None:
    now = clock.now()
    Hint.objects.bulk_create(
        [Hint(remote_id=number, heard_at=now, change=uuid.uuid4(), due_at=now) for number in sorted(set(remote_ids))],
        update_conflicts=True,
        unique_fields=["remote_id"],
        update_fields=["heard_at", "change", "due_at"],
    )
    nudge(TELL_OUTSIDE)


def look(session: Session) -> None:
    """Look for what is new there, if it is time to, and at what has been heard of. Raises Closed."""
    if _is_time():
        with contextlib.suppress(Later, Failed, Outcome):  # the next run tries again
            reconcile(session)
    read_hints(session)


def _is_time() -> bool:
    known = Line.current()
    if known.pulled_since is not None:
        return known.pulled_at is None or clock.now() - known.pulled_at >= EVERY
    # What was there before the mirror was switched on is a matter of an import.
    line.note_pull(since=clock.now())
    return False


def reconcile(session: Session) -> None:
    """Ask which leads have changed there since the last look, and note those that are not known here."""
    known = Line.current()
    assert known.pulled_since is not None
    assert known.pulled_until is not None
    wanted = {
        ">=updatedTime": (known.pulled_until - OVERLAP).isoformat(timespec="seconds"),
        ">=createdTime": known.pulled_since.isoformat(timespec="seconds"),
    }
    start: int | None = 0
    while start is not None:
        result, start = session.page(
            "crm.item.list",
            entityTypeId=LEAD,
            select=["id", "updatedTime", "originatorId"],
            filter=wanted,
            order={"updatedTime": "ASC", "id": "ASC"},
            start=start,
        )
        items = result["items"]
        strangers = [int(item["id"]) for item in items if item.get("originatorId") != ORIGINATOR]
        unknown = set(strangers) - set(objects_known_as("lead", strangers))
        if unknown:
            hear(unknown)
        seen = [moment for item in items if (moment := _moment(item.get("updatedTime")))]
        line.note_pull(until=max([known.pulled_until, *seen]))
    line.note_pull(at=clock.now())


def read_hints(session: Session) -> int:
    """Look at each lead that was heard of and whose turn it is. Returns how many came in. Raises Closed."""
    came = 0
    for hint in Hint.objects.filter(due_at__lte=clock.now())[:AT_ONCE]:
        try:
            came += read_lead(session, hint.remote_id)
        except Later as later:
            Hint.objects.filter(pk=hint.pk).update(due_at=later.at)
        except (Failed, Outcome) as error:
            _try_again(hint, str(error))
        else:
            # A message that came meanwhile is looked at, too.
            Hint.objects.filter(pk=hint.pk, change=hint.change).delete()
    return came


def _try_again(hint: Hint, trouble: str) -> None:
    wait = timedelta(seconds=DELAYS[hint.attempts]) if hint.attempts < len(DELAYS) else AFTER_ALL
    if wait == AFTER_ALL:
        said = _("Lead %(number)s of the portal cannot be read: %(words)s")
        line.alarm(f"unread:{hint.remote_id}", said % {"number": hint.remote_id, "words": trouble})
    attempts = min(hint.attempts + 1, len(DELAYS))
    Hint.objects.filter(pk=hint.pk).update(attempts=attempts, trouble=trouble[:500], due_at=clock.now() + wait)


def read_lead(session: Session, remote_id: int) -> bool:
    """Look at a lead of the portal, and take it in unless it is known. True when it came in just now.

    A known one is only looked for: one that was deleted there waits for a person. Raises as `Session.call`.
    """
    known = objects_known_as("lead", [remote_id])
    try:
        item = session.call("crm.item.get", entityTypeId=LEAD, id=remote_id, useOriginalUfNames="Y")["item"]
    except Gone:
        if known:
            gone_there("lead", known[remote_id])
        return False
    if known or item.get("originatorId") == ORIGINATOR:
        return False  # our own: one whose creation is not yet written down is adopted by its origin
    person = _contact(session, int(item.get("contactId") or 0))
    try:
        application = application_of(item, person)
    except Invalid:
        said = _("Lead %(number)s of the portal has neither a phone nor an e-mail; it comes in when it has one.")
        line.alarm(f"bare:{remote_id}", said % {"number": remote_id})
        return False
    came = _take_in(application, remote_id, int(person["id"]) if person else None)
    line.close_alarms(f"bare:{remote_id}")
    return came


def _contact(session: Session, number: int) -> dict[str, Any] | None:
    """The contact of a repeat lead, which hides its own phone."""
    if not number:
        return None
    try:
        found = session.call("crm.item.get", entityTypeId=CONTACT, id=number, useOriginalUfNames="Y")
    except Gone:
        return None
    item: dict[str, Any] = found["item"]
    return item


def application_of(item: dict[str, Any], person: dict[str, Any] | None) -> Application:
    """A lead of the portal, with its contact if it has one, as an application. Raises Invalid without any way to it."""
    phones = _values(item, "PHONE") or _values(person, "PHONE")
    emails = _values(item, "EMAIL") or _values(person, "EMAIL")
    utm = {ours: item[theirs] for ours, theirs in UTM.items() if item.get(theirs)}
    return read_application(
        {
            "phone": ", ".join(phones),
            "email": emails[0] if emails else None,
            "name": full_name(item) or full_name(person or {}),
            "comment": item.get("comments") or "",
            "source": source_of(str(item.get("sourceId") or "")),
            "utm": utm or None,
        }
    )


def source_of(remote_code: str) -> str:
    """Our source for a code of the portal's directory, or that code, which intake keeps as it came."""
    source = Source.objects.filter(bitrix24_id=remote_code).first() if remote_code else None
    if source is not None:
        return source.code
    entry = Entry.objects.filter(directory="SOURCE", remote_code=remote_code).first()
    return entry.code if entry else remote_code


@verb
def _take_in(application: Application, remote_id: int, contact_id: int | None) -> bool:
    """The lead and its id, both or neither: of two workers at once the later finds the first one's."""
    if objects_known_as("lead", [remote_id]):
        return False
    lead = register_lead(application).lead
    origin = origin_of("lead", lead.pk, lead.created_at)
    Link.objects.create(kind="lead", object_id=lead.pk, origin=origin, remote_id=remote_id)
    if contact_id is not None and lead.contact is not None:
        known_outside([OutsideId("contact", lead.contact.pk, lead.contact.created_at, contact_id)])
    return True


def _values(item: dict[str, Any] | None, kind: str) -> list[str]:
    entries = (item or {}).get("fm") or []
    return [str(entry["value"]) for entry in entries if entry.get("typeId") == kind and entry.get("value")]


def _moment(text: Any) -> datetime | None:
    moment = parse_datetime(str(text or ""))
    return moment if moment and moment.tzinfo else None
