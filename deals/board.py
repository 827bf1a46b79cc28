"""The reads behind the deals' list and board, each in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Case, Count, F, Prefetch, QuerySet, When, Window
from django.db.models.expressions import OrderBy
from django.db.models.functions import RowNumber

from deals.awaited import Line, line
from deals.documents import progress_of
from deals.models import Deal, DealQuerySet, Stage
from tasks.models import Task

CARDS = 20
"""Cards of a column at first, and of each further portion (`ux.md`, 6.3)."""


def with_tasks(deals: DealQuerySet) -> QuerySet[Deal]:
    """Rows as lists show them, each with its open tasks as the list `open_tasks`, the nearest first. Two queries."""
    tasks = Prefetch("tasks", queryset=Task.objects.open().order_by("due_at", "pk"), to_attr="open_tasks")
    return deals.with_card().prefetch_related(tasks)


@dataclass(frozen=True)
class Card:
    """A deal of a column with what it waits for."""

    deal: Deal
    line: Line


@dataclass
class Column:
    """A stage with the deals in it: `count` of them, of which `cards` are shown, beginning with the `start`-th."""

    stage: Stage
    count: int
    cards: list[Card] = field(default_factory=list)
    start: int = 0

    @property
    def next_start(self) -> int:
        return self.start + len(self.cards)

    @property
    def hidden(self) -> int:
        """How many come after those shown."""
        return max(0, self.count - self.next_start)


def board(deals: DealQuerySet, stages: Sequence[Stage], at: datetime) -> list[Column]:
    """A column per active stage, and per inactive one that still has deals, each with its first CARDS. Four queries."""
    counts = dict(deals.order_by().values_list("stage_id").annotate(count=Count("pk")))
    columns = {
        stage.pk: Column(stage, counts.get(stage.pk, 0)) for stage in stages if stage.active or counts.get(stage.pk)
    }
    place = Window(RowNumber(), partition_by=F("stage_id"), order_by=_order())
    shown = deals.order_by().annotate(place=place).filter(place__lte=CARDS).order_by("place")
    for card in _cards(shown, at):
        columns[card.deal.stage_id].cards.append(card)
    return list(columns.values())


def column_of(deals: DealQuerySet, stage: Stage, start: int, at: datetime) -> Column:
    """A further portion of one column. Four queries."""
    here = deals.filter(stage=stage)
    return Column(stage, here.count(), _cards(here.order_by(*_order())[start : start + CARDS], at), start)


def _order() -> list[OrderBy]:
    """What is to happen first comes first: before the filing its term, then the hearing; then who came last."""
    before_hearing_2 = (Stage.Asks.HEARING_1, Stage.Asks.PROCEDURE)
    terms = (
        Case(When(stage__asks="", then="filing_due")),
        Case(
            When(stage__asks=Stage.Asks.FILING, then="hearing_1_at"),
            When(stage__asks__in=before_hearing_2, then="hearing_2_at"),
        ),
    )
    return [*(term.asc(nulls_last=True) for term in terms), F("stage_changed_at").desc(), F("pk").desc()]


def _cards(deals: QuerySet[Deal], at: datetime) -> list[Card]:
    rows = list(deals.select_related("contact", "responsible", "stage", "lead"))
    progress = progress_of(rows)
    return [Card(deal, line(deal, progress[deal.pk], at)) for deal in rows]
