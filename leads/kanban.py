"""The board of leads: a column per status in the customer's order, with true counts and the first cards of each.

What the address asks for is `leads.listing`'s business; where a card may go is said by the table of moves.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Count, F, Min, OuterRef, Subquery

from leads.listing import Leads, Row
from leads.models import Lead, TouchPolicy
from leads.pipeline import CLOSED, SIGNED, STEPS, Status, open_moves
from tasks.models import Task
from team.roles import Right, may

CARDS = 20
"""Cards of a column at first, and of each further portion (`ux.md`, 6.3)."""
ORDER = (*STEPS, Status.JUNK)
ASKING = (Status.MEETING, Status.POSTPONED, Status.JUNK, *SIGNED)
"""Statuses whose short form opens when a card is dropped there."""


@dataclass
class Column:
    """A status with the leads in it: `count` of them, of which `rows` are shown, beginning with the `start`-th."""

    status: Status
    count: int
    allowed: list[Status]
    rows: list[Row] = field(default_factory=list)
    start: int = 0

    @property
    def hidden(self) -> int:
        """How many come after those shown."""
        return max(0, self.count - self.start - len(self.rows))

    @property
    def next_start(self) -> int:
        return self.start + len(self.rows)

    @property
    def is_narrow(self) -> bool:
        """Rejected leads are a number that opens the list, and a place to drop."""
        return self.status == Status.JUNK

    @property
    def asks(self) -> bool:
        return self.status in ASKING

    @property
    def asks_leaving(self) -> bool:
        """Whether its cards leave it with a form: reopening asks for a comment."""
        return self.status == Status.JUNK


@dataclass(frozen=True)
class _Place:
    status: Status
    is_duplicate: bool = False


@dataclass(frozen=True)
class Board:
    columns: list[Column]
    touches_asked: int  # touches that earn «Недозвон», for «2/6»

    @property
    def in_work(self) -> int:
        return sum(column.count for column in self.columns if column.status not in CLOSED)


def read_board(leads: Leads) -> Board:
    """All columns of what the address asks for. Ten queries, however many leads there are."""
    counts = dict(leads.rows.order_by().values_list("status").annotate(count=Count("pk")))
    columns = [_column(leads, status, counts.get(status, 0)) for status in ORDER]
    found: dict[str, list[Lead]] = {
        status: _cards(leads, status, 0) for status in ORDER if status != Status.JUNK and counts.get(status)
    }
    rows = leads.shown(lead for cards in found.values() for lead in cards)
    by_id = {row.lead.pk: row for row in rows}
    for column in columns:
        column.rows = [by_id[lead.pk] for lead in found.get(column.status, [])]
    return Board(columns, TouchPolicy.current().touches)


def read_column(leads: Leads, status: Status, start: int) -> Board:
    """A further portion of one column, as a board of that column. Four queries."""
    column = _column(leads, status, leads.rows.filter(status=status).count())
    column.start = start
    column.rows = leads.shown(_cards(leads, status, start))
    return Board([column], TouchPolicy.current().touches)


def _column(leads: Leads, status: Status, count: int) -> Column:
    allowed = open_moves(
        _Place(status), may_work=may(leads.viewer, Right.WORK_LEADS), may_reopen=may(leads.viewer, Right.REOPEN)
    )
    return Column(status, count, allowed)


def _cards(leads: Leads, status: Status, start: int) -> list[Lead]:
    """The cards of a status: in work what is due first, at the top what has no task, which is a fault; else the newest.

    No column of thousands is sorted by its tasks: signed leads come by their arrival, which has an index.
    """
    rows = leads.rows.filter(status=status).with_card()
    if status in CLOSED:
        return list(rows.order_by("-created_at", "-pk")[start : start + CARDS])
    due = Task.objects.open().filter(lead_id=OuterRef("pk")).order_by().values("lead_id")
    rows = rows.annotate(next_due=Subquery(due.annotate(first=Min("due_at")).values("first")))
    return list(rows.order_by(F("next_due").asc(nulls_first=True), "created_at", "pk")[start : start + CARDS])
