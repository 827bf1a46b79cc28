"""The documents of a deal: what is needed, how far each is, who said so and when; what is missing, for reminders.

A document has a row in a deal once somebody said something about it; before, a required one is needed and an optional
one is not asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from crm import clock
from crm.errors import Invalid
from crm.transactions import verb
from deals.access import lock_deal, require_deal_work
from deals.models import Deal, DealDocument, DocumentKind
from history.actions import note
from history.models import Event
from outbox.actions import mark
from team.models import User

State = DealDocument.State
REMINDED = "reminded"
"""What history says in `new` when the client was reminded of what is missing."""
NOTED = "noted"
"""What history says in `new` when something was written beside a document."""


@dataclass(frozen=True)
class Item:
    """A line of the checklist. `row` is what was said about the document in this deal, if anything."""

    kind: DocumentKind
    row: DealDocument | None

    @property
    def state(self) -> str:
        """The state as it stands; empty for an optional document that nobody asked for."""
        if self.row is not None:
            return self.row.state
        return State.NEEDED if self.kind.required else ""

    @property
    def is_missing(self) -> bool:
        return self.state in (State.NEEDED, State.REQUESTED)

    @property
    def is_received(self) -> bool:
        return self.state == State.RECEIVED


@dataclass(frozen=True)
class Progress:
    """«9 из 14»: how many documents are there, and how many the deal needs."""

    received: int
    needed: int

    @property
    def is_complete(self) -> bool:
        return self.received >= self.needed


@dataclass(frozen=True)
class Checklist:
    """The documents of one deal in the order of the catalogue."""

    items: list[Item]

    @property
    def counted(self) -> list[Item]:
        """What the deal needs: without what is not needed, and without optional ones that nobody asked for."""
        return [item for item in self.items if item.state not in ("", State.UNNEEDED)]

    @property
    def others(self) -> list[Item]:
        return [item for item in self.items if item.state in ("", State.UNNEEDED)]

    @property
    def missing(self) -> list[Item]:
        return [item for item in self.items if item.is_missing]

    @property
    def waited_for(self) -> int:
        """How many the client was asked for and has not brought."""
        return sum(item.state == State.REQUESTED for item in self.items)

    @property
    def progress(self) -> Progress:
        return Progress(sum(item.is_received for item in self.items), len(self.counted))


def checklist(deal: Deal) -> Checklist:
    """What the deal needs, with the state of each document. Two queries.

    A document that was switched off in the catalogue stays where something has been said about it.
    """
    rows = {row.kind_id: row for row in deal.documents.select_related("changed_by")}
    kinds = DocumentKind.objects.filter(Q(active=True) | Q(pk__in=rows))
    return Checklist([Item(kind, rows.get(kind.pk)) for kind in kinds])


def progress_of(deals: Iterable[Deal]) -> dict[int, Progress]:
    """The same sum for many deals by their ids, as `checklist` makes it for one. Two queries."""
    ids = [deal.pk for deal in deals]
    counted = Q(kind__active=True, kind__required=True)
    required = DocumentKind.objects.filter(active=True, required=True).count()
    rows = (
        DealDocument.objects.filter(deal__in=ids)
        .values_list("deal_id")
        .annotate(
            received=Count("pk", filter=Q(state=State.RECEIVED)),
            dropped=Count("pk", filter=counted & Q(state=State.UNNEEDED)),
            added=Count("pk", filter=~counted & ~Q(state=State.UNNEEDED)),
        )
    )
    said = {deal_id: Progress(received, required - dropped + added) for deal_id, received, dropped, added in rows}
    return {deal_id: said.get(deal_id, Progress(0, required)) for deal_id in ids}


@verb
def set_documents(deal_id: int, states: Mapping[int, str], *, by: User | None) -> list[DealDocument]:
    """Say how far documents are: kind's id -> state. What is so already is no change. Returns the changed rows.

    History keeps one line for each change. Raises Deal.DoesNotExist, Forbidden, Invalid for a state or a document
    that is not known.
    """
    deal = lock_deal(deal_id, by=by)
    require_deal_work(by)
    kinds = DocumentKind.objects.in_bulk(list(states))
    if set(states) - set(kinds) or set(states.values()) - set(State.values):
        raise Invalid({"documents": _("There is no such document or state.")})
    return _write(deal, {kinds[kind_id]: state for kind_id, state in states.items()}, by=by)


@verb
def describe_document(deal_id: int, kind_id: int, *, state: str, words: str, by: User | None) -> DealDocument:
    """Say how far one document is and what there is to know of it («3 из 5», «заказана 20.11»). Returns its row.

    Raises Deal.DoesNotExist, DocumentKind.DoesNotExist, Forbidden, Invalid for a state that is not known.
    """
    deal = lock_deal(deal_id, by=by)
    require_deal_work(by)
    kind = DocumentKind.objects.get(pk=kind_id)
    if state not in State.values:
        raise Invalid({"state": _("There is no such document or state.")})
    _write(deal, {kind: state}, by=by)
    row = deal.documents.filter(kind=kind).first() or DealDocument(deal=deal, kind=kind, changed_by=by)
    if row.note == words:
        return row
    row.note = words
    row.save()
    note(
        Event.Kind.DOCUMENT,
        at=clock.now(),
        by=by,
        deal_id=deal.pk,
        lead_id=deal.lead_id,
        new=NOTED,
        comment=words,
        document=kind.name,
    )
    mark("deal", deal.pk)
    return row


@verb
def tell_reminded(deal_id: int, kinds: Collection[int], text: str, *, by: User | None) -> None:
    """The client was sent `text`, which asks for the documents `kinds` (ids): those needed are requested from now on.

    Raises Deal.DoesNotExist, Forbidden.
    """
    deal = lock_deal(deal_id, by=by)
    require_deal_work(by)
    asked = [item.kind for item in checklist(deal).missing if item.kind.pk in kinds]
    _write(deal, dict.fromkeys(asked, State.REQUESTED.value), by=by)
    note(
        Event.Kind.DOCUMENT,
        at=clock.now(),
        by=by,
        deal_id=deal.pk,
        lead_id=deal.lead_id,
        new=REMINDED,
        comment=text,
    )


def _write(deal: Deal, states: Mapping[DocumentKind, str], *, by: User | None) -> list[DealDocument]:
    now = clock.now()
    rows = {row.kind_id: row for row in deal.documents.filter(kind__in=states)}
    changed = []
    for kind, state in states.items():
        row = rows.get(kind.pk) or DealDocument(deal=deal, kind=kind, state="")
        was = row.state or (State.NEEDED if kind.required else "")
        if was == state:
            continue
        row.state, row.changed_at, row.changed_by = state, now, by
        row.save()
        changed.append(row)
        note(
            Event.Kind.DOCUMENT,
            at=now,
            by=by,
            deal_id=deal.pk,
            lead_id=deal.lead_id,
            old=was,
            new=state,
            document=kind.name,
        )
    if changed:
        mark("deal", deal.pk)
    return changed
