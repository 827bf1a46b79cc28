"""Ticking off by hand: a step of a cadence is followed by the next one, once, and only while the client is chased."""

from datetime import timedelta

import pytest

from crm.errors import Refused
from leads.editing import stop_calling
from leads.finishing import finish_task
from leads.remarks import log_conversation
from leads.touches import NewTouch
from tasks.models import Task
from tests.factories import AdminFactory, LawyerFactory, OperatorFactory, deal, lead, lead_in, move, touch
from tests.promises import broken

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


def call(row) -> Task:
    return row.tasks.open().get(kind="contact_client")


def test_the_next_step_follows(frozen) -> None:
    operator = OperatorFactory()
    row = lead_in("dialing", by=operator)
    task = call(row)
    assert finish_task(task.pk, by=operator).state == "done"
    assert (call(row).step, call(row).due_at) == (1, frozen.now + timedelta(hours=2))
    assert row.tasks.open().get(kind="write_messenger").step == 0, "the other cadence goes its own way"
    assert broken() == {}


def test_a_second_press_plans_nothing_more(frozen) -> None:
    operator = OperatorFactory()
    row = lead_in("dialing", by=operator)
    task = call(row)
    for _again in range(3):
        finish_task(task.pk, by=operator)
    assert row.tasks.filter(kind="contact_client", automatic=True, stay=row.stay).count() == 2


def test_a_press_after_the_client_was_reached_starts_nothing(frozen) -> None:
    operator = OperatorFactory()
    row = lead_in("dialing", by=operator)
    task = call(row)
    touch(row, "answered", by=operator)
    assert finish_task(task.pk, by=operator).state == "done"  # the touch had done it
    assert not row.tasks.open().filter(kind="contact_client").exists()


def test_the_last_step_is_followed_by_none(frozen) -> None:
    operator = OperatorFactory()
    row = lead_in("dialing", by=operator)
    for _step in range(6):
        task = call(row)
        frozen.set(max(frozen.now, task.due_at))
        finish_task(task.pk, by=operator)
    assert not row.tasks.open().filter(kind="contact_client").exists()
    assert row.touches_count == 0, "ticked off is not touched: «Недозвон» is as far as before"


def test_a_promised_call_that_was_ticked_off_gives_way_to_the_ladder(frozen) -> None:
    operator = OperatorFactory()
    row = lead_in("dialing", by=operator)
    back = frozen.now + timedelta(hours=3)
    log_conversation(row.pk, NewTouch("call", "busy"), by=operator, call_back_at=back)
    assert call(row).promised
    frozen.set(back)
    finish_task(call(row).pk, by=operator)
    assert (call(row).promised, call(row).automatic) == (False, True)


def test_where_there_is_no_cadence_nothing_follows(frozen) -> None:
    operator = OperatorFactory()
    row = lead(by=operator)
    finish_task(call(row).pk, by=operator)
    assert not row.tasks.open().exists()


def test_nobody_is_chased_who_asked_not_to_be_called(frozen) -> None:
    operator = OperatorFactory()
    row = lead_in("dialing", by=operator)
    task = call(row)
    stop_calling(row.contact_id, "не звонить", by=AdminFactory())
    with pytest.raises(Refused):
        finish_task(task.pk, by=operator)
    assert not row.tasks.open().exists()


def test_a_task_of_a_left_status_is_refused_and_starts_nothing(frozen) -> None:
    operator = OperatorFactory()
    row = lead_in("dialing", by=operator)
    task = call(row)
    move(row, "visit", by=operator)
    with pytest.raises(Refused) as refusal:
        finish_task(task.pk, by=operator)
    assert refusal.value.code == "task_is_cancelled"
    assert {one.kind for one in row.tasks.open()} == {"update_need"}


def test_a_colleagues_task_is_not_there_and_a_deals_is_its_lawyers(frozen) -> None:
    row = lead_in("dialing", by=OperatorFactory())
    with pytest.raises(Task.DoesNotExist):
        finish_task(call(row).pk, by=OperatorFactory())
    lawyer = LawyerFactory()
    assert finish_task(deal().tasks.get().pk, by=lawyer).state == "done"
