"""What is done with a lead beside its status: fields, a phone given later, hand-over, tasks set by hand."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from contacts.actions import contact_for, is_fresh, set_do_not_call
from contacts.models import Contact
from contacts.phones import Phones, parse, refusal_text
from crm import clock
from crm.errors import Forbidden, Invalid, Refused
from crm.text import clean, fold
from crm.transactions import verb
from deals.actions import follow_lead
from history.actions import note
from history.models import Event
from leads.access import lock_lead, lock_workable, refuse_duplicate, require_call_centre
from leads.actions import follow_responsible, freeze_as_duplicate
from leads.intake import hear_repeat
from leads.models import Lead
from leads.originals import meet_original
from leads.pipeline import SIGNED, wrong_moment
from leads.traces import tracing
from outbox.actions import mark
from sources.lookup import SourceLookup
from sources.models import Source
from tasks.actions import CHASING, add, cancel, refit
from tasks.models import Task
from team.models import NoticeKind, User
from team.notices import tell
from team.roles import Right, may

EDITABLE = ("name", "email", "comment", "debt_amount", "city", "utm")


@verb
def edit_lead(lead_id: int, changes: Mapping[str, Any], *, by: User | None, version: int | None = None) -> Lead:
    """Change fields of EDITABLE (typed, clean values), `source` (a code or alias) and, while there is none, `phone`.

    Returns the lead as it now is; history keeps old and new. A phone takes intake's path: the lead gets its card or
    becomes a duplicate of that card's original. Raises Lead.DoesNotExist, Refused `stale`, Forbidden, Invalid.
    """
    now = clock.now()
    phone = parse(changes["phone"]) if "phone" in changes else None
    if phone is not None and not phone.main:
        raise Invalid({"phone": refusal_text(phone.reason)})
    card = _card_for(lead_id, phone.main, changes, by=by, at=now) if phone and phone.main else None
    lead = lock_lead(lead_id, by=by, version=version)
    require_call_centre(by)
    fields = {name: changes[name] for name in EDITABLE if name in changes and changes[name] != getattr(lead, name)}
    told = {name: [_plain(getattr(lead, name)), _plain(value)] for name, value in fields.items()}
    if "source" in changes:
        source = _source(changes["source"])
        if source.pk != lead.source_id:
            told["source"] = [Source.objects.get(pk=lead.source_id).code, source.code]
            fields |= {"source": source}
    if card is not None and lead.contact_id is not None:
        raise Invalid({"phone": _("The number of a lead is not changed once it is known.")})
    if not fields and card is None:
        return lead
    for name, value in fields.items():
        setattr(lead, name, value)
    if fields:
        lead.version += 1
        zone = lead.client_zone
        lead.derive()
        lead.save()
        if lead.client_zone != zone:
            refit(lead.pk, at=now, zone=lead.zone, before=lead.meeting_at)
        note(Event.Kind.EDITED, at=now, by=by, lead_id=lead.pk, changes=told)
        if "source" in fields:
            follow_lead(lead.pk, source_id=lead.source_id)
    if card is not None and phone is not None:
        _give_phone(lead, card, phone, given=str(changes["phone"]), by=by, at=now)
    mark("lead", lead.pk)
    return lead


def _card_for(lead_id: int, number: str, changes: Mapping[str, Any], *, by: User | None, at: datetime) -> Contact:
    """The card of a number that is given later, locked; a new one takes over what its lead knows of the person.

    Locks go contact, then lead; so the card comes first, and is not kept if the lead refuses the change.
    """
    lead = Lead.objects.visible_to(by).get(pk=lead_id)
    known = {name: changes.get(name) or getattr(lead, name) for name in ("name", "email", "city")}
    card = contact_for(number, **known, at=at)
    if is_fresh(card, at):
        mark("contact", card.pk)
    return card


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def _source(raw: str) -> Source:
    source = SourceLookup.read_and_hold([raw or ""]).find(raw or "")
    if source is None:
        raise Invalid(
            {"source": _("There is no such source: %(code)s") % {"code": raw} if raw else _("A lead needs a source")}
        )
    return source


def _give_phone(lead: Lead, card: Contact, phone: Phones, *, given: str, by: User | None, at: datetime) -> None:
    """Put a locked lead without a card onto a locked card, by intake's rules."""
    original = meet_original(card, arrived_at=at, at=at)
    if original is not None and lead.status in SIGNED:
        raise Invalid({"phone": _("This number is already in work: lead № %(id)s") % {"id": original.pk}})
    lead.contact = card
    lead.phone_raw, lead.phone_extension, lead.other_phones = (
        clean(given, limit=300),
        phone.extension,
        list(phone.others),
    )
    lead.phone_refusal = ""
    lead.derive()
    lead.version += 1
    if original is None:
        lead.save()
        refit(lead.pk, at=at, zone=lead.zone, before=lead.meeting_at)
    else:
        freeze_as_duplicate(lead, original, by=by, at=at)
        hear_repeat(original, lead, at=at)
    note(Event.Kind.PHONE, at=at, by=by, lead_id=lead.pk, contact_id=card.pk)
    follow_lead(lead.pk, contact_id=card.pk)


@verb
def assign(lead_id: int, responsible_id: int, *, by: User | None, action: UUID | None = None) -> Lead:
    """Hand a lead, with its open tasks and duplicates, to somebody of the call centre, who is told of it.

    An `action` on several leads is taken back at once (`leads/undo.py`).
    Raises Lead.DoesNotExist, Forbidden, Invalid, Refused `duplicate_is_frozen`.
    """
    now = clock.now()
    lead = lock_lead(lead_id, by=by)
    if not may(by, Right.ASSIGN):
        raise Forbidden(_("Leads are handed over by the head of the call centre."))
    if lead.is_duplicate:
        raise Refused(
            "duplicate_is_frozen",
            _("A duplicate goes with its original: hand over lead № %(id)s.") % {"id": lead.duplicate_of_id},
            allowed=[],
        )
    person = User.objects.filter(pk=responsible_id).first()
    if person is None or not may(person, Right.WORK_LEADS):
        raise Invalid({"responsible": _("Choose somebody of the call centre who works here.")})
    if lead.responsible_id != person.pk:
        with tracing(lead, by=by, action=action):
            _give_to(lead, person, by=by, at=now)
        if by is None or by.pk != person.pk:
            key = f"handed:{lead.pk}:{lead.version}"
            tell([person.pk], NoticeKind.HANDED_OVER, key=key, at=now, lead_id=lead.pk, name=lead.name)
    return lead


@verb
def take(lead_id: int, *, by: User) -> Lead:
    """An operator takes an unassigned lead; taking one's own again changes nothing.

    Raises Lead.DoesNotExist, Forbidden, Refused `taken` if somebody was faster, Refused `duplicate_is_frozen`.
    """
    now = clock.now()
    if not may(by, Right.TAKE_LEAD):
        raise Forbidden(_("Leads are taken by operators."))
    # Not through what `by` sees: a lead that somebody took a moment ago is answered with who it was.
    lead = Lead.objects.select_for_update(no_key=True).get(pk=lead_id)
    if lead.responsible_id == by.pk:
        return lead
    if lead.responsible_id is not None:
        holder = User.objects.get(pk=lead.responsible_id)
        raise Refused("taken", _("%(name)s took this lead.") % {"name": holder}, allowed=[])
    refuse_duplicate(lead)
    with tracing(lead, by=by):
        _give_to(lead, by, by=by, at=now)
    return lead


def _give_to(lead: Lead, person: User, *, by: User | None, at: datetime) -> None:
    old = lead.responsible_id
    lead.responsible = person
    lead.handed_at = lead.passed_by = None  # somebody has chosen: the product takes it back from nobody
    follow_responsible(lead)
    lead.save(update_fields=["responsible", "version", "handed_at", "passed_by"])
    note(Event.Kind.RESPONSIBLE, at=at, by=by, lead_id=lead.pk, old=old or "", new=person.pk)
    mark("lead", lead.pk)


@verb
def set_task(lead_id: int, *, text: str, due_at: datetime, by: User, action: UUID | None = None) -> Task:
    """Set a task by hand on a lead, for its responsible (or for `by` while it has none).

    A task of an `action` on several leads is taken back with it (`leads/undo.py`).
    Raises Lead.DoesNotExist, Forbidden, Invalid, Refused `duplicate_is_frozen`.
    """
    now = clock.now()
    lead = lock_workable(lead_id, by=by)
    if not text.strip():
        raise Invalid({"text": _("Say what is to be done")})
    if said := wrong_moment(due_at, now):
        raise Invalid({"due_at": said})
    with tracing(lead, by=by, action=action) if action else nullcontext():
        return add(lead_id=lead.pk, due_at=due_at, assignee_id=lead.responsible_id or by.pk, by=by, at=now, text=text)


@verb
def stop_calling(contact_id: int, reason: str, *, by: User | None) -> Contact:
    """The client asked not to be called: mark the card, and take back what would have chased them.

    Automatic tasks to call or write are cancelled; those that serve their own appointment or deal stay. An empty
    reason lifts the mark; tasks come back with the next status. Raises what `contacts.actions.set_do_not_call` does.
    """
    card = set_do_not_call(contact_id, reason, by=by)
    if card.do_not_call:
        theirs = Q(lead__contact=card) | Q(deal__contact=card)
        cancel(theirs & Q(automatic=True, kind__in=CHASING), at=clock.now(), by=by)
    return card


@verb
def map_raw_source(raw: str, source_id: int, *, by: User | None) -> int:
    """Let a raw source value that nobody recognised name `source_id`: its leads move there. Returns how many.

    The caller adds the alias, so that later applications find it at intake.
    """
    if not may(by, Right.ADMINISTER):
        raise Forbidden(_("The source catalogue is edited by an administrator."))
    code = Source.objects.get(pk=source_id).code
    lookup = SourceLookup.read_and_hold([code])
    source, unknown = lookup.find(code) or lookup.unknown, lookup.unknown
    wanted = fold(raw)
    now = clock.now()
    given = Lead.objects.filter(source=unknown).exclude(source_raw="").order_by("pk").values_list("pk", "source_raw")
    ids = [pk for pk, value in given if fold(value) == wanted]
    mapped = 0
    for pk in ids:
        lead = lock_lead(pk, by=None)
        if lead.source_id != unknown.pk:
            continue  # somebody gave it a source while we waited for its lock
        lead.source = source
        lead.version += 1
        lead.save(update_fields=["source", "version"])
        note(Event.Kind.EDITED, at=now, by=by, lead_id=pk, changes={"source": [unknown.code, source.code]})
        follow_lead(pk, source_id=source.pk)
        mark("lead", pk)
        mapped += 1
    return mapped
