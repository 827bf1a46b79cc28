"""The reads behind the deals' list, board and card, each in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Count, F, Prefetch, QuerySet, Window
from django.db.models.functions import RowNumber

from deals.models import Deal, DealQuerySet, Stage
from tasks.models import Task

CARDS = 20
"""Cards of a column at first (`ux.md`, 6.3)."""


def with_tasks(deals: DealQuerySet) -> QuerySet[Deal]:
    """Rows as lists show them, each with its open tasks as the list `open_tasks`, the nearest first. Two queries."""
    tasks = Prefetch("tasks", queryset=Task.objects.open().order_by("due_at", "pk"), to_attr="open_tasks")
    return deals.with_card().prefetch_related(tasks)


@dataclass
class Column:
    """A stage with the deals in it: `count` of them, of which `deals` are shown."""

    stage: Stage
    count: int
    deals: list[Deal] = field(default_factory=list)

    @property
    def hidden(self) -> int:
        return self.count - len(self.deals)


def board(deals: DealQuerySet, stages: Sequence[Stage]) -> list[Column]:
    """A column per active stage, and per inactive one that still has deals; the newest CARDS of each. Three queries."""
    unordered = deals.order_by()
    counts = dict(unordered.values_list("stage_id").annotate(count=Count("pk")))
    columns = {
        stage.pk: Column(stage, counts.get(stage.pk, 0)) for stage in stages if stage.active or counts.get(stage.pk)
    }
    place = Window(RowNumber(), partition_by=F("stage_id"), order_by=[F("stage_changed_at").desc(), F("pk").desc()])
    shown = unordered.annotate(place=place).filter(place__lte=CARDS).order_by("place")
    for deal in with_tasks(shown):
        columns[deal.stage_id].deals.append(deal)
    return list(columns.values())
