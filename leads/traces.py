"""Remembering what an action of a person changes on a lead, its columns and tasks, so that it can be put back.

A verb opens `tracing` around its change, under the lead's lock; `leads/undo.py` puts back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db.models import Q

from crm import clock
from crm.transactions import require_transaction
from leads.models import Lead, Touch, Trace
from leads.pipeline import SIGNED
from tasks.models import Task
from team.models import User

# Whether it was handed out and passed on is not among them: who takes an action back is working the lead.
COLUMNS = (
    *("status", "status_changed_at", "stay", "opened_at", "version", "junk_reason", "duplicate_of_id"),
    *("responsible_id", "meeting_at", "office_id", "callback_at", "missed_call_at"),
    *("reached_meeting_at", "reached_visit_at", "reached_contract_at", "reached_prepaid_at", "no_show_at"),
    *("touches_count", "first_touch_at", "last_touch_at"),
)
TASK_COLUMNS = (
    *("state", "due_at", "promised", "repeat", "assignee_id", "closed_at", "closed_by_id"),
    *("reminded_at", "escalated_at"),
)
ALWAYS = ("version", "touches_count", "stay")  # kept unchanged as well: they tell whether something came after

Columns = dict[str, Any]


def columns_of(row: Lead | Task, names: Sequence[str]) -> Columns:
    """The columns as plain JSON; `field.to_python` brings them back."""
    values = ((name, getattr(row, name)) for name in names)
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values}


@dataclass(frozen=True)
class Snapshot:
    """A locked lead with its open tasks, or those of `also`, at one moment."""

    lead: Columns
    tasks: dict[int, Columns]

    @classmethod
    def of(cls, lead: Lead, *, also: Sequence[int] = ()) -> Snapshot:
        """One query."""
        here = Q(lead_id=lead.pk)
        if lead.status in SIGNED:
            here |= Q(deal__lead_id=lead.pk)
        rows = Task.objects.filter(here, Q(state=Task.State.OPEN) | Q(pk__in=also))
        tasks = {task.pk: columns_of(task, TASK_COLUMNS) for task in rows.order_by()}
        return cls(columns_of(lead, COLUMNS), tasks)


@dataclass
class Tracing:
    """The action while it runs: the verb names the touch that it records, and further rows that it changes."""

    touch: Touch | None = None
    rest: dict[str, Any] = field(default_factory=dict)


@contextmanager
def tracing(lead: Lead, *, by: User | None, action: UUID | None = None) -> Iterator[Tracing]:
    """Keep what is changed inside on `lead`, which the verb locks and saves. Three queries; none for the product.

    What `by` does to several leads at once shares an `action`. A signed contract is not kept: a deal is not undone.
    """
    require_transaction()
    trace = Tracing()
    if by is None:
        yield trace
        return
    before = Snapshot.of(lead)
    yield trace
    if lead.status in SIGNED and lead.status != before.lead["status"]:
        return
    after = Snapshot.of(lead, also=list(before.tasks))
    changed = [name for name in COLUMNS if name in ALWAYS or before.lead[name] != after.lead[name]]
    tasks = [pk for pk in after.tasks if before.tasks.get(pk) != after.tasks[pk]]
    Trace.objects.create(
        action=action or uuid4(),
        lead=lead,
        by=by,
        at=clock.now(),
        touch=trace.touch,
        before={
            "lead": {name: before.lead[name] for name in changed},
            "tasks": {pk: before.tasks[pk] for pk in tasks if pk in before.tasks},
            **trace.rest,
        },
        after={
            "lead": {name: after.lead[name] for name in changed},
            "tasks": {pk: after.tasks[pk] for pk in tasks},
        },
    )
