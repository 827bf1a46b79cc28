"""A simulated week with duplicated, lost and reordered runs of the clock's jobs ends as one with none of these."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction

from leads.models import Lead
from leads.pipeline import CLOSED
from leads.standing import read_standing
from tasks.models import CallingHours, Task
from tasks.worktime import is_open
from team.models import Notice, NoticeKind
from tests.promises import broken
from tests.simulation.week import Plan, Week
from tests.sizes import NIGHTLY, size

pytestmark = [pytest.mark.once, pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]

SEED = 20261124
LEADS, DAYS = size(18, 500), size(2, 7)
PLANS = [Plan(0), Plan(1, lost=0.4), Plan(2, lost=0.25, doubled=0.25)]
ENDS = {"dialing", "meeting", "postponed", "junk"} | ({"visit", "contract", "contract_prepaid"} if NIGHTLY else set())


@contextmanager
def played(frozen, plan: Plan) -> Iterator[Week]:
    """The week as it has ended; after the block it is as if it had never been."""
    with transaction.atomic():
        frozen.set(frozen.START)
        week = Week(frozen, seed=SEED, leads=LEADS, days=DAYS, plan=plan)
        week.play()
        yield week
        transaction.set_rollback(True)


def wrong_tasks(week: Week) -> list[str]:
    hours, at = CallingHours.current().as_hours(), week.clock.now
    wrong = [
        f"{task} of {task.lead} is due outside the hours: {task.due_at}"
        for task in Task.objects.filter(lead__isnull=False, automatic=True).select_related("lead__contact")
        if task.lead is not None and not is_open(task.due_at, task.lead.zone, hours)
    ]
    bare = Lead.objects.originals().exclude(status__in=CLOSED).exclude(tasks__state=Task.State.OPEN)
    wrong += [
        f"{row} ({row.status}) has no task and no reason" for row in bare if read_standing(row, at=at).idle is None
    ]
    due = Task.objects.open().filter(due_at__lte=at, reminded_at__isnull=True)
    return wrong + [f"{task} fell due and nobody was told" for task in due]


def told_twice() -> list[tuple[object, ...]]:
    """Promises that somebody was reminded of more than once: whoever has the lead, one is told, once a due time."""
    kinds = [NoticeKind.CALL_DUE, NoticeKind.MEETING_DUE]
    keys = list(Notice.objects.filter(kind__in=kinds).values_list("key", flat=True))
    return sorted({(key,) for key in keys if keys.count(key) > 1})


def test_other_runs_of_the_jobs_lead_to_the_same_week(frozen, capsys) -> None:
    with capsys.disabled():
        print(f"\nseed {SEED}: {LEADS} leads, {DAYS} days")
    outcomes = []
    for plan in PLANS:
        with played(frozen, plan) as week:
            assert wrong_tasks(week) == []
            assert broken() == {}
            assert told_twice() == []
            heaps = Notice.objects.filter(recipient=week.head, kind=NoticeKind.OVERDUE)
            assert sum(heap.count for heap in heaps) == len(week.late) > 0
            assert week.handed_twice == []
            outcomes.append(week.outcome())
    reached = {status for _number, status, *_rest in outcomes[0]["leads"]}
    assert reached >= ENDS, "the week is too quiet to prove anything"
    for name, rows in outcomes[0].items():
        for other in outcomes[1:]:
            assert other[name] == rows, name
