"""Finishing a task by hand: whose, once, and what no longer can be."""

import pytest

from crm.errors import Refused
from leads.editing import assign, set_task
from outbox.models import Mark
from tasks.actions import complete
from tasks.models import Task
from tests.factories import LawyerFactory, ManagerFactory, OperatorFactory, deal, lead, move

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


def test_a_task_is_done_by_whoever_did_it_and_when(frozen) -> None:
    operator = OperatorFactory()
    task = lead(by=operator).tasks.get()
    Mark.objects.update(pending=False)
    frozen.move(minutes=5)
    done = complete(task.pk, by=operator)
    assert (done.state, done.closed_at, done.closed_by) == ("done", frozen.now, operator)
    assert Mark.objects.get(kind="task", object_id=task.pk).pending


def test_doing_it_twice_keeps_who_did_it_first(frozen) -> None:
    operator = OperatorFactory()
    task = lead(by=operator).tasks.get()
    first = complete(task.pk, by=operator)
    frozen.move(hours=1)
    again = complete(task.pk, by=ManagerFactory())
    assert (again.closed_at, again.closed_by) == (first.closed_at, operator)


def test_a_cancelled_one_is_refused(frozen) -> None:
    operator = OperatorFactory()
    row = lead(by=operator)
    task = row.tasks.get()
    move(row, "visit", by=operator)
    with pytest.raises(Refused, match="снята") as refusal:
        complete(task.pk, by=operator)
    assert refusal.value.code == "task_is_cancelled"
    assert Task.objects.get(pk=task.pk).state == "cancelled"


def test_a_colleagues_task_is_not_there() -> None:
    task = lead(by=OperatorFactory()).tasks.get()
    for other in (OperatorFactory(), LawyerFactory(), OperatorFactory(is_active=False)):
        with pytest.raises(Task.DoesNotExist):
            complete(task.pk, by=other)
    assert Task.objects.get(pk=task.pk).state == "open"


def test_a_task_of_an_unassigned_lead_is_anybodys() -> None:
    assert complete(lead().tasks.get().pk, by=OperatorFactory()).state == "done"


def test_a_deals_task_is_its_lawyers_and_no_operators() -> None:
    lawyer, operator = LawyerFactory(), OperatorFactory()
    task = deal(by=operator).tasks.get()
    with pytest.raises(Task.DoesNotExist):
        complete(task.pk, by=operator)
    with pytest.raises(Task.DoesNotExist):
        complete(task.pk, by=LawyerFactory())
    assert complete(task.pk, by=lawyer).state == "done"


def test_a_lead_handed_over_takes_all_its_open_tasks_along(frozen) -> None:
    first, second = OperatorFactory(), OperatorFactory()
    row = lead(by=first)
    by_hand = set_task(row.pk, text="узнать долг", due_at=frozen.now.replace(hour=15), by=first)
    done = complete(by_hand.pk, by=first)
    assign(row.pk, second.pk, by=ManagerFactory())
    assert row.tasks.open().get().assignee == second
    assert Task.objects.get(pk=done.pk).assignee == first, "what is done stays with whoever did it"
