"""Reminders and escalation: each task once for its due time, however often, late or at once the jobs run."""

from datetime import datetime, timedelta

import pytest

from crm.transactions import verb
from leads.editing import stop_calling
from leads.models import Lead
from tasks import jobs, reminders
from tasks.actions import add, call_again, complete
from tasks.models import EscalationPolicy, Kind, Task
from tasks.reminders import escalate, remind
from team.models import Notice, NoticeKind, User
from tests import factories
from tests.conftest import Frozen
from tests.races import Hands, failures, without_locks, yes
from tests.sizes import size

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]

promise = verb(add)
bring_forward = verb(call_again)


@pytest.fixture
def operator() -> User:
    return factories.OperatorFactory()


@pytest.fixture
def manager() -> User:
    return factories.ManagerFactory()


def promised(lead: Lead, at: datetime, due_at: datetime) -> Task:
    who = lead.responsible
    return promise(
        lead_id=lead.pk,
        kind=Kind.CONTACT_CLIENT,
        due_at=due_at,
        assignee_id=who.pk if who else None,
        by=who,
        at=at,
        promised=True,
    )


def told(kind: NoticeKind) -> list[Notice]:
    return list(Notice.objects.filter(kind=kind))


def test_a_promised_call_is_told_of_once_when_it_is_due(operator: User, frozen: Frozen) -> None:
    lead = factories.lead(by=operator)
    promised(lead, frozen.now, frozen.now + timedelta(hours=1))
    remind()
    assert told(NoticeKind.CALL_DUE) == []
    frozen.move(hours=1)
    assert [remind(), remind()] == [1, 0]
    (notice,) = told(NoticeKind.CALL_DUE)
    assert (notice.recipient, notice.lead_id) == (operator, lead.pk)


def test_three_hours_without_beat_bring_each_once_the_oldest_first(operator: User, frozen: Frozen) -> None:
    lead = factories.lead(by=operator)
    moments = [frozen.now + timedelta(minutes=minutes) for minutes in (90, 30, 60)]
    for moment in moments:
        promised(lead, frozen.now, moment)
    frozen.move(hours=3)
    remind()
    remind()
    due = [notice.data["due_at"] for notice in Notice.objects.filter(kind=NoticeKind.CALL_DUE).order_by("pk")]
    assert due == sorted(due)
    assert len(due) == 3


def test_a_job_goes_on_until_nothing_is_due(operator: User, frozen: Frozen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminders, "AT_ONCE", 2)
    lead = factories.lead(by=operator)
    for _ in range(5):
        promised(lead, frozen.now, frozen.now)
    jobs.remind()
    assert len(told(NoticeKind.CALL_DUE)) == 5
    factories.ManagerFactory()
    frozen.move(hours=2)
    jobs.escalate()
    assert [notice.count for notice in told(NoticeKind.OVERDUE)] == [6]


def test_a_clock_that_jumps_back_reminds_of_nothing_twice(operator: User, frozen: Frozen) -> None:
    promised(factories.lead(by=operator), frozen.now, frozen.now)
    remind()
    frozen.move(minutes=-10)
    remind()
    frozen.move(minutes=20)
    remind()
    assert len(told(NoticeKind.CALL_DUE)) == 1


def test_what_is_brought_forward_is_told_of_again(operator: User, frozen: Frozen) -> None:
    lead = factories.lead(by=operator)
    Task.objects.all().delete()
    task = promised(lead, frozen.now, frozen.now)
    remind()
    frozen.move(hours=2)
    Task.objects.filter(pk=task.pk).update(due_at=frozen.now + timedelta(days=1))  # put off by hand
    bring_forward(lead_id=lead.pk, assignee_id=operator.pk, at=frozen.now, zone=lead.zone, repeat=True)
    assert Task.objects.get().reminded_at is None
    remind()
    assert len(told(NoticeKind.CALL_DUE)) == 2


def test_nobody_is_told_to_call_who_asked_not_to_be_called(operator: User, frozen: Frozen) -> None:
    lead = factories.lead(by=operator)
    promised(lead, frozen.now, frozen.now + timedelta(hours=1))
    stop_calling(lead.contact_id or 0, "Просил", by=operator)
    frozen.move(hours=1)
    remind()
    assert told(NoticeKind.CALL_DUE) == []


def test_closed_tasks_are_told_of_to_nobody(operator: User, manager: User, frozen: Frozen) -> None:
    lead = factories.lead(by=operator)
    for task in [*Task.objects.all(), promised(lead, frozen.now, frozen.now)]:
        complete(task.pk, by=operator)
    frozen.move(days=1)
    assert remind() == escalate() == 0


def test_late_tasks_are_one_heap_that_leads_to_the_list_of_exactly_those(manager: User, frozen: Frozen) -> None:
    factories.lead(), factories.lead()
    frozen.move(minutes=59)
    assert escalate() == 0
    frozen.move(minutes=1)
    assert [escalate(), escalate()] == [2, 0]
    factories.lead()
    frozen.move(minutes=60)
    escalate()
    (notice,) = told(NoticeKind.OVERDUE)
    assert (notice.recipient, notice.count) == (manager, 3)
    assert Lead.objects.filter(tasks__in=Task.objects.overdue(frozen.now)).distinct().count() == 3


def test_a_changed_policy_counts_at_the_next_run(manager: User, frozen: Frozen) -> None:
    factories.lead()
    frozen.move(minutes=20)
    assert escalate() == 0
    EscalationPolicy.objects.update_or_create(pk=1, defaults={"overdue_minutes": 20})
    assert escalate() == 1


def reminded_at_once(operator: User, frozen: Frozen, tasks: int) -> None:
    lead = factories.lead(by=operator)
    for _ in range(tasks):
        promised(lead, frozen.now, frozen.now)


@pytest.mark.django_db(transaction=True)
def test_several_jobs_at_once_tell_of_each_task_once(operator: User, manager: User, frozen: Frozen) -> None:
    for _ in range(size(2, 50)):
        reminded_at_once(operator, frozen, 5)
    frozen.move(hours=2)
    late = Task.objects.count()
    with Hands(4) as hands:
        answers = hands.at_once([remind, escalate] * 2)
    assert failures(answers) == []
    # What the other job had locked just then is left to the next run.
    assert sum(yes(answers)) + remind() + escalate() == 2 * late
    assert sum(notice.count for notice in told(NoticeKind.OVERDUE)) == late
    assert len(told(NoticeKind.CALL_DUE)) == 5 * size(2, 50)


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_the_count_is_wrong_or_a_job_fails(
    operator: User, manager: User, frozen: Frozen, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> bool:
        Notice.objects.all().delete()
        reminded_at_once(operator, frozen, 5)
        Task.objects.update(escalated_at=None, due_at=frozen.now - timedelta(hours=2))
        with Hands(6) as hands:
            answers = hands.at_once([escalate] * 6)
        counted = sum(notice.count for notice in told(NoticeKind.OVERDUE))
        return failures(answers) != [] or counted != Task.objects.count()

    with without_locks(monkeypatch):
        assert any(broken() for _ in range(30))
