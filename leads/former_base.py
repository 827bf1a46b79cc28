"""Taking the firm's former base over (`domain.md`, History import): statuses and dates as facts, no guard asked.

What the database promises still holds: one original per number, one deal per signed lead. So of several old leads of
one number one stays the original, closed ones are retired with their facts, and a second one in work becomes its
duplicate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from contacts.actions import contacts_for, draft
from contacts.models import Contact
from crm import clock
from crm.errors import Forbidden
from crm.transactions import verb
from deals.actions import Terms, open_deal
from history.actions import note_all
from history.models import Event
from leads.applications import Application
from leads.intake import EARLIEST, draft_lead
from leads.models import Lead
from leads.originals import lock_originals, retire
from leads.pipeline import CLOSED, MILESTONES, SIGNED, JunkReason, Status
from outbox.actions import mark_all
from outbox.links import OutsideId, known_outside, objects_known_as
from sources.lookup import SourceLookup
from tasks.actions import Catalogue, add_all
from tasks.cadence import Anchor
from tasks.models import Task
from team.actions import import_key
from team.models import User
from team.roles import Right, may


@dataclass(frozen=True)
class FormerLead:
    """A lead as the former base knew it. `application` says when it arrived and holds no external id."""

    remote_id: int
    application: Application
    status: Status
    junk_reason: str = ""
    status_at: datetime | None = None  # since when it stands there; without it, since it arrived
    responsible: User | None = None
    amount: Decimal | None = None
    said: str = ""  # the status in the former base's words


@dataclass(frozen=True)
class Taken:
    """What became of a former lead: its row (None: refused, because of `why`), and whether it is new here."""

    lead: Lead | None
    created: bool = False
    why: str = ""


@verb
def take_over(former: Sequence[FormerLead], *, by: User) -> list[Taken]:
    """Store leads of a former base, in their order, with their ids there, so that the mirror finds them.

    One whose id is known is passed over. A duplicate needs its original here. Raises Forbidden for all but admins.
    """
    if not may(by, Right.WRITE_HISTORY):
        raise Forbidden(_("The former base is taken over by an administrator."))
    at = clock.now()
    known = objects_known_as("lead", [old.remote_id for old in former])
    lookup = SourceLookup.read_and_hold(old.application.source for old in former)
    here = Lead.objects.in_bulk(known.values())
    fresh = [old for old in former if old.remote_id not in known]
    batch = _Batch(fresh, lookup, by=by, at=at)
    batch.store()
    return [
        Taken(here[known[old.remote_id]])
        if old.remote_id in known and known[old.remote_id] in here
        else batch.taken.get(old.remote_id, Taken(None, why=_("This id is known, but its lead is gone.")))
        for old in former
    ]


class _Batch:
    """The leads of a portion as they are decided, one after the other, and stored together."""

    def __init__(self, former: Sequence[FormerLead], lookup: SourceLookup, *, by: User, at: datetime) -> None:
        self.lookup, self.by, self.at = lookup, by, at
        self.key = import_key(by=by)
        self.cards: dict[str, Contact] = contacts_for(
            draft(app.phones.main, name=app.name, email=app.email, city=app.city, at=self._arrived(app))
            for app in (old.application for old in former)
            if app.phones.main
        )
        self.originals = lock_originals(self.cards.values())
        self.taken: dict[int, Taken] = {}
        self.stored: list[tuple[FormerLead, Lead]] = []
        self.replaced: list[tuple[Lead, Contact]] = []
        for old in former:
            if old.remote_id not in self.taken:
                self._decide(old)

    def _arrived(self, application: Application) -> datetime:
        given = application.arrived_at
        return given if given is not None and EARLIEST <= given <= self.at else self.at

    def _decide(self, old: FormerLead) -> None:
        app = old.application
        card = self.cards[app.phones.main] if app.phones.main else None
        original = self.originals.get(card.pk) if card else None
        is_duplicate = old.junk_reason == JunkReason.DUPLICATE
        if is_duplicate and original is None:
            self.taken[old.remote_id] = Taken(None, why=_("A duplicate without an original: no lead has this number."))
            return
        if old.status in SIGNED and not old.amount and not is_duplicate:
            self.taken[old.remote_id] = Taken(None, why=_("A contract needs its sum."))
            return
        facts = self._facts(old)
        is_open = old.status not in CLOSED
        if original is not None and card is not None and not is_duplicate:
            if is_open and original.status not in CLOSED:
                is_duplicate = True  # two in work on one number: the second is a repeat
            elif is_open:
                self.replaced.append((original, card))
                self.originals[card.pk] = original = None  # type: ignore[assignment]
            else:
                facts["retired_at"] = self.at
        arrived = self._arrived(app)
        raw = {**app.raw, **({"status": old.said} if old.said else {})}
        lead = draft_lead(
            replace(app, external_id=f"former:{old.remote_id}"),
            card,
            original if is_duplicate else None,
            self.lookup,
            at=arrived,
            by=None,
            key=self.key,
            raw=raw,
            facts={} if is_duplicate else facts,
        )
        lead.created_by = self.by
        if card is not None and original is None:
            self.originals[card.pk] = lead
        self.stored.append((old, lead))
        self.taken[old.remote_id] = Taken(lead, created=True)

    def _facts(self, old: FormerLead) -> dict[str, Any]:
        arrived = self._arrived(old.application)
        since = old.status_at if old.status_at and arrived <= old.status_at <= self.at else arrived
        person = old.responsible if old.responsible and may(old.responsible, Right.WORK_LEADS) else None
        facts: dict[str, Any] = {
            "status": old.status,
            "junk_reason": old.junk_reason,
            "status_changed_at": since,
            "responsible": person,
            "call_escalated_at": self.at,  # managers need not hear of each that nobody called in the former base
        }
        if old.status == Status.POSTPONED:
            facts["callback_at"] = self.at  # until when is not known, so it comes due now
        return facts | dict.fromkeys(MILESTONES.get(old.status, ()), since)

    def store(self) -> None:
        """Insert what was decided, with history, tasks, deals, marks and the ids of the former base."""
        for original, card in self.replaced:
            if original.pk:
                retire(original, card, at=self.at)
            else:
                original.retired_at = self.at
        leads = [lead for _old, lead in self.stored]
        # Originals first: a duplicate of this portion needs the id of its original of this portion.
        Lead.objects.bulk_create([lead for lead in leads if lead.duplicate_of is None], batch_size=2000)
        for lead in leads:
            if lead.duplicate_of is not None:
                lead.duplicate_of_id = lead.duplicate_of.pk
        Lead.objects.bulk_create([lead for lead in leads if lead.duplicate_of is not None], batch_size=2000)
        note_all(event for old, lead in self.stored for event in self._events(old, lead))
        tasks = self._tasks(leads)
        add_all(tasks)
        self._open_deals()
        known_outside(OutsideId("lead", lead.pk, lead.created_at, old.remote_id) for old, lead in self.stored)
        marks = [("lead", lead.pk) for lead in leads] + [("task", task.pk) for task in tasks]
        mark_all(marks + [("contact", card.pk) for card in self.cards.values() if card.created_at <= self.at])

    def _events(self, old: FormerLead, lead: Lead) -> list[Event]:
        told = {"kind": Event.Kind.IMPORTED, "lead_id": lead.pk, "new": lead.status, "reason": lead.junk_reason}
        data = {"source": lead.source.code, "arrived_at": lead.created_at.isoformat(), "said": old.said}
        names = MILESTONES.get(Status(lead.status), ())
        data |= {name: getattr(lead, name).isoformat() for name in names if getattr(lead, name)}
        events = [Event(at=self.at, by=self.by, contact_id=lead.contact_id, data=data, **told)]
        if lead.duplicate_of_id is not None:
            heard = {"kind": Event.Kind.MARKED_DUPLICATE, "lead_id": lead.duplicate_of_id, "new": str(lead.pk)}
            events.append(Event(at=self.at, by=self.by, **heard))
        return events

    def _tasks(self, leads: Sequence[Lead]) -> list[Task]:
        """Leads in work go on from now: what the rules set on entering their status is counted from here."""
        catalogue = Catalogue.read()
        tasks: list[Task] = []
        for lead in leads:
            if lead.status not in CLOSED and lead.retired_at is None:
                stay = lead.as_stay()
                stay = replace(stay, anchors={**stay.anchors, Anchor.ENTRY: self.at})
                tasks += catalogue.drafts(stay, self.at)
        return tasks

    def _open_deals(self) -> None:
        for old, lead in self.stored:
            if lead.status in SIGNED:
                lawyer = old.responsible if old.responsible and not may(old.responsible, Right.WORK_LEADS) else None
                terms = Terms(amount=old.amount, lawyer_id=lawyer.pk if lawyer else None)
                open_deal(
                    lead_id=lead.pk,
                    contact_id=lead.contact_id,
                    source_id=lead.source_id,
                    terms=terms,
                    by=self.by,
                    at=lead.status_changed_at,
                )
