"""The one door through which leads come in: form, API, import, telephony and the demo all pass it.

A lead meets its contact here, is recognised as a repeat, and the original hears of it (`domain.md`, Duplicates).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from contacts.actions import contact_for, contacts_for, draft, is_fresh
from contacts.models import Contact
from crm import clock
from crm.errors import Forbidden
from crm.nudges import HAND_OUT, nudge
from crm.transactions import require_transaction, verb
from deals.models import Deal
from history.actions import note, note_all
from history.models import Event
from leads.actions import enter
from leads.applications import Application
from leads.models import IdempotencyKey, Lead
from leads.originals import is_bygone, lock_again, lock_originals, meet_original, originals_of, retire
from leads.pipeline import SIGNED, JunkReason, Move, Status
from outbox.actions import mark_all
from sources.lookup import SourceLookup
from tasks.actions import Catalogue, add_all, call_again
from team.actions import IMPORT
from team.models import ApiKey, NoticeKind, User
from team.notices import tell
from team.roles import Right, may

# Nothing the firm knows of is older; what claims to be is a slip of the other side.
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Registered:
    lead: Lead
    created: bool  # False: the same key or external id was taken in before


@verb
def register_lead(
    application: Application,
    *,
    by: User | None = None,
    key: ApiKey | None = None,
    idempotency_key: str = "",
    digest: str = "",
) -> Registered:
    """Take in one application; returns its lead, or the first one if it has come before.

    `by` is who gives it in (an operator keeps it), `key` the API key it came with. A repeat is recognised by
    `idempotency_key` first, then by the application's external id, both per key; `digest` tells whether it says the
    same as the first time. Two at once with one key are settled by the unique index: the later one is run again and
    finds the first. Raises Forbidden if `by` may not create leads.
    """
    if not may(by, Right.WORK_LEADS):
        raise Forbidden(_("Leads are entered by the call centre."))
    at = clock.now()
    earlier = _earlier(application, key, idempotency_key)
    if earlier is not None:
        lead, first_digest = earlier
        if digest and first_digest and digest != first_digest:
            _note_difference(lead, application, at=at)
        if key is not None and idempotency_key:  # known by its external id: from now on by this key too
            said = {"lead": lead, "body_digest": first_digest, "created_at": at}
            IdempotencyKey.objects.get_or_create(api_key=key, value=idempotency_key, defaults=said)
        return Registered(lead, created=False)
    arrived_at, raw = _arrival(application, by=by, at=at)
    lookup = SourceLookup.read_and_hold([application.source])
    contact = original = None
    if application.phones.main:
        contact = contact_for(
            application.phones.main,
            name=application.name,
            email=application.email,
            city=application.city,
            at=arrived_at,
        )
        original = meet_original(contact, arrived_at=arrived_at, at=at)
    lead = draft_lead(application, contact, original, lookup, at=arrived_at, by=by, key=key, raw=raw)
    lead.save()
    if key is not None and idempotency_key:
        IdempotencyKey.objects.create(api_key=key, value=idempotency_key, lead=lead, body_digest=digest, created_at=at)
    note_all([created_event(lead, by=by, digest=digest)])
    changed = [("lead", lead.pk)]
    if contact is not None and is_fresh(contact, arrived_at):
        changed.append(("contact", contact.pk))
    if original is None:
        tasks = Catalogue.read(lead.status).drafts(lead.as_stay(), arrived_at)
        add_all(tasks)
        changed += [("task", task.pk) for task in tasks]
        if lead.responsible_id is None:
            nudge(HAND_OUT)
    else:
        hear_repeat(original, lead, at=at)
    mark_all(changed)
    return Registered(lead, created=True)


@verb
def register_leads(
    applications: Sequence[Application], *, by: User | None = None, key: ApiKey | None = None
) -> list[Registered]:
    """Take in many applications by the same rules, in their order, in one transaction and a few queries per table.

    An application whose external id is known (or comes twice in the batch) answers with the first lead. What an
    existing original hears is done one by one. Raises Forbidden if `by` may not create leads.
    """
    if not may(by, Right.WORK_LEADS):
        raise Forbidden(_("Leads are entered by the call centre."))
    at = clock.now()
    known = _known(applications, key)
    fresh: dict[int, Application] = {}  # place in the batch -> application to be stored
    seen: dict[str, int] = {}
    for place, application in enumerate(applications):
        external_id = application.external_id if key else ""
        if external_id and (external_id in known or external_id in seen):
            continue
        if external_id:
            seen[external_id] = place
        fresh[place] = application
    batch = plan_arrivals(list(fresh.values()), at=at, by=by, key=key)
    batch.store()
    nudge(HAND_OUT)
    stored = dict(zip(fresh, batch.leads, strict=True))
    return [
        Registered(stored[place], created=True)
        if place in stored
        else Registered(known.get(application.external_id) or stored[seen[application.external_id]], created=False)
        for place, application in enumerate(applications)
    ]


@dataclass(frozen=True)
class Arrivals:
    """Leads of a batch as drafts, decided but not stored; the demo lets them live on before it stores them."""

    leads: list[Lead]
    heard: list[tuple[Lead, Lead]]  # (original, its new duplicate), in the order of arrival
    retired: list[tuple[Lead, Contact, datetime]]
    by: User | None
    at: datetime

    def store(self) -> None:
        """Insert the leads with their history and tasks, and let the originals hear."""
        for original, contact, moment in self.retired:
            retire(original, contact, at=moment)
        # Originals first: a duplicate of this batch needs the id of its original of this batch.
        originals = [lead for lead in self.leads if lead.duplicate_of is None]
        repeats = [lead for lead in self.leads if lead.duplicate_of is not None]
        Lead.objects.bulk_create(originals, batch_size=2000)
        Lead.objects.bulk_create(repeats, batch_size=2000)
        note_all([created_event(lead, by=self.by) for lead in self.leads])
        catalogue = Catalogue.read(Status.NEW)
        tasks = [task for lead in originals for task in catalogue.drafts(lead.as_stay(), lead.created_at)]
        add_all(tasks)
        for original, duplicate in self.heard:
            hear_repeat(lock_again(original), duplicate, at=self.at)
        mark_all([("lead", lead.pk) for lead in self.leads] + [("task", task.pk) for task in tasks])
        mark_all(("contact", pk) for pk in {lead.contact_id for lead in self.leads} if pk is not None)


def plan_arrivals(
    applications: Sequence[Application], *, at: datetime, by: User | None = None, key: ApiKey | None = None
) -> Arrivals:
    """Decide for each application whether it is an original or whose duplicate it is; locks contacts and originals."""
    require_transaction()
    arrivals = [_arrival(application, by=by, at=at) for application in applications]
    lookup = SourceLookup.read_and_hold(application.source for application in applications)
    contacts = contacts_for(
        draft(application.phones.main, name=application.name, email=application.email, city=application.city, at=moment)
        for application, (moment, _raw) in zip(applications, arrivals, strict=True)
        if application.phones.main
    )
    originals = lock_originals(contacts.values())
    leads: list[Lead] = []
    heard: list[tuple[Lead, Lead]] = []
    retired: list[tuple[Lead, Contact, datetime]] = []
    reopened: set[int] = set()  # rejected originals that a repeat of this batch brings back into work
    for application, (moment, raw) in zip(applications, arrivals, strict=True):
        contact = contacts[application.phones.main] if application.phones.main else None
        original = originals.get(contact.pk) if contact else None
        bygone = None
        if original is not None and contact is not None and original.pk and original.pk not in reopened:
            if is_bygone(original, at=moment):
                bygone, original = original, None
                retired.append((bygone, contact, at))
            elif original.status == Status.JUNK:
                reopened.add(original.pk)
        lead = draft_lead(application, contact, original, lookup, at=moment, by=by, key=key, raw=raw)
        leads.append(lead)
        if original is not None:
            heard.append((original, lead))
        elif contact is not None:
            originals[contact.pk] = lead
            if bygone is not None and bygone.contact_id == contact.pk:
                # Numbers that were joined to the old original by hand follow to the new one.
                originals.update({pk: lead for pk, known in originals.items() if known.pk == bygone.pk})
    return Arrivals(leads, heard, retired, by, at)


def would_be(applications: Sequence[Application], *, by: User | None, numbers: set[str], ids: set[str]) -> list[str]:
    """What `register_leads` in the name of imports would make of each: "new", "repeat" or "known". Nothing is stored.

    `numbers` and `ids` hold what earlier portions brought, and take up what these bring. Three queries.
    """
    at = clock.now()
    given = [application.external_id for application in applications if application.external_id]
    ids |= set(Lead.objects.filter(external_id__in=given, api_key__name=IMPORT).values_list("external_id", flat=True))
    cards = Contact.objects.in_bulk({app.phones.main for app in applications if app.phones.main}, field_name="phone")
    originals = originals_of(cards.values())
    found = []
    for application in applications:
        number, external_id = application.phones.main, application.external_id
        if external_id and external_id in ids:
            found.append("known")
            continue
        ids.add(external_id)
        card = cards.get(number) if number else None
        original = originals.get(card.pk) if card else None
        moment, _raw = _arrival(application, by=by, at=at)
        stands = original is not None and not is_bygone(original, at=moment)
        found.append("repeat" if number and (number in numbers or stands) else "new")
        if number:
            numbers.add(number)
    return found


def _known(applications: Sequence[Application], key: ApiKey | None) -> dict[str, Lead]:
    ids = {application.external_id for application in applications if application.external_id}
    if key is None or not ids:
        return {}
    return {lead.external_id: lead for lead in Lead.objects.filter(api_key=key, external_id__in=ids)}


def _earlier(application: Application, key: ApiKey | None, idempotency_key: str) -> tuple[Lead, str] | None:
    """The lead that this application made when it came before, and the digest of its body then, empty if not known."""
    if key is None:
        return None
    if idempotency_key:
        row = IdempotencyKey.objects.filter(api_key=key, value=idempotency_key).select_related("lead").first()
        if row is not None:
            return row.lead, row.body_digest
    if application.external_id:
        lead = Lead.objects.filter(api_key=key, external_id=application.external_id).first()
        if lead is not None:
            created = Event.objects.filter(lead_id=lead.pk, kind=Event.Kind.CREATED).first()
            return lead, created.data.get("digest", "") if created else ""
    return None


def _note_difference(lead: Lead, application: Application, *, at: datetime) -> None:
    """A repeat that says something else than the first time changes nothing, but what it said is kept."""
    said: dict[str, Any] = {
        "phone": application.phone_raw,
        "source": application.source,
        "name": application.name,
        "email": application.email,
        "comment": application.comment,
        "external_id": application.external_id,
    }
    note(Event.Kind.RESENT, at=at, lead_id=lead.pk, said={name: value for name, value in said.items() if value})


def _arrival(application: Application, *, by: User | None, at: datetime) -> tuple[datetime, dict[str, Any]]:
    """When the application counts as arrived, and what is kept raw. Only administrators are believed the past."""
    given = application.arrived_at
    if given is None:
        return at, application.raw
    if by is not None and may(by, Right.WRITE_HISTORY) and EARLIEST <= given <= at:
        return given, application.raw
    return at, {**application.raw, "arrived_at": given.isoformat()}


def draft_lead(
    application: Application,
    contact: Contact | None,
    original: Lead | None,
    lookup: SourceLookup,
    *,
    at: datetime,
    by: User | None,
    key: ApiKey | None,
    raw: dict[str, Any],
    facts: Mapping[str, Any] | None = None,
) -> Lead:
    """The unsaved lead of an application: an original in «Новый», or a frozen duplicate. `facts` are columns that an
    old base tells of it otherwise (`leads/former_base.py`).
    """
    source = lookup.find(application.source)
    own = by if by is not None and may(by, Right.TAKE_LEAD) else None
    lead = Lead(
        created_at=at,
        status_changed_at=at,
        opened_at=at,
        contact=contact,
        phone_raw=application.phone_raw,
        phone_extension=application.phones.extension,
        phone_refusal=application.phones.reason,
        other_phones=list(application.phones.others),
        name=application.name,
        email=application.email,
        comment=application.comment,
        debt_amount=application.debt_amount,
        city=application.city,
        utm=application.utm,
        source=source or lookup.unknown,
        source_raw="" if source else application.source,
        raw=raw,
        api_key=key,
        external_id=application.external_id if key else "",
        created_by=by,
        responsible=own,
    )
    if original is not None:
        lead.status, lead.junk_reason = Status.JUNK, JunkReason.DUPLICATE
        lead.duplicate_of = original
        lead.responsible_id = original.responsible_id
    for name, value in (facts or {}).items():
        setattr(lead, name, value)
    lead.derive()
    return lead


def created_event(lead: Lead, *, by: User | None, digest: str = "", make: Callable[..., Event] = Event) -> Event:
    """The first line of a lead's history, unsaved. `make` builds the row; a bulk writer brings a quicker one."""
    source = lead.source
    return make(
        kind=Event.Kind.CREATED,
        at=lead.created_at,
        by_id=by.pk if by else None,
        lead_id=lead.pk,
        contact_id=lead.contact_id,
        new=lead.status,
        reason=lead.junk_reason,
        data={"source": source.code, **({"digest": digest} if digest else {})},
    )


def hear_repeat(original: Lead, duplicate: Lead, *, at: datetime) -> None:
    """The original, locked, hears that its client has applied again (`domain.md`, Duplicates).

    It gets a timeline entry, and its responsible (the deal's, if there is one) a task due now. A rejected original is
    reopened, a postponed one comes due.
    """
    require_transaction()
    note(
        Event.Kind.REPEAT,
        at=at,
        lead_id=original.pk,
        contact_id=original.contact_id,
        new=duplicate.pk,
        comment=duplicate.comment,
        source=duplicate.source.code,
    )
    if original.status == Status.JUNK:
        enter(original, Move(Status.DIALING), by=None, at=at, repeat=duplicate.pk)
    elif original.status == Status.POSTPONED:
        original.callback_at = at
        original.version += 1
        original.save(update_fields=["callback_at", "version"])
        mark_all([("lead", original.pk)])
    _tell_of_repeat(original, duplicate, at=at)
    if original.do_not_call:
        return  # who asked not to be called is not chased; the entry on the card stays
    deal = Deal.objects.filter(lead_id=original.pk).first() if original.status in SIGNED else None
    if deal is not None:
        call_again(deal_id=deal.pk, assignee_id=deal.responsible_id, at=at, zone=original.zone, repeat=True)
    else:
        call_again(lead_id=original.pk, assignee_id=original.responsible_id, at=at, zone=original.zone, repeat=True)


def _tell_of_repeat(original: Lead, duplicate: Lead, *, at: datetime) -> None:
    if original.responsible_id is not None:
        key = f"repeat:{duplicate.pk}"
        who, kind = [original.responsible_id], NoticeKind.REPEAT
        tell(who, kind, key=key, at=at, lead_id=original.pk, name=duplicate.name, duplicate=duplicate.pk)
