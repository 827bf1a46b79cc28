"""A cadence that several people and jobs push at one moment: each step once, none of a left status (C07, C08)."""

import time
from collections.abc import Callable
from functools import partial

import pytest

from crm.errors import Refused
from leads.actions import change_status
from leads.finishing import finish_task
from leads.models import Lead
from leads.pipeline import Move, Status
from tasks.models import Task
from tests.factories import AdminFactory, OperatorFactory, Policy, lead_in, lead_nobody_reached, move, touch
from tests.promises import broken
from tests.races import Hands, failures, without_constraint, without_locks
from tests.sizes import size

pytestmark = pytest.mark.django_db(transaction=True)

HANDS = size(6, 20)
ROUNDS = size(4, 50)


def later(seconds: float, wish: Callable[[], object]) -> object:
    time.sleep(seconds)
    return wish()


def push_at_once(people: Hands, number: int) -> list[str]:
    """The same step ticked off and touched by everybody at once, while the lead leaves the status (odd rounds)."""
    operator = OperatorFactory()
    row = lead_in("dialing", by=operator)
    task = row.tasks.open().get(kind="contact_client")
    wishes: list[Callable[[], object]] = [
        partial(finish_task, task.pk, by=operator) if place % 2 else partial(touch, Lead(pk=row.pk), by=operator)
        for place in range(people.count)
    ]
    if number % 2:
        leave = partial(move, row, "visit", by=operator)
        wishes[number % people.count] = partial(later, number % 5 * 0.004, leave)
    wrong = failures(people.at_once(wishes))
    row.refresh_from_db()
    steps = [task.step for task in Task.objects.filter(lead=row, kind="contact_client", automatic=True, stay=row.stay)]
    if len(steps) != len(set(steps)):
        wrong.append(f"steps twice: {steps}")
    opened = set(row.tasks.open().filter(automatic=True).values_list("kind", flat=True))
    if row.status == "visit" and opened != {"update_need"}:
        wrong.append(f"left open: {opened}")
    if row.status == "dialing" and "contact_client" not in opened:
        wrong.append("forgotten")
    return wrong


def test_C08_each_step_comes_once_and_none_of_a_left_status(catalogues: None) -> None:
    with Hands(HANDS) as people:
        assert [said for number in range(ROUNDS) for said in push_at_once(people, number)] == []
    assert broken() == {}


def test_C08_breaks_without_the_locks(catalogues: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        without_constraint(Task, "automatic_task_of_lead_once"),
        without_locks(monkeypatch),
        Hands(HANDS) as people,
    ):
        assert any(push_at_once(people, number) for number in range(300))


def give_up_while_it_is_edited(people: Hands, number: int) -> list[str]:
    """The policy goes from six touches to seven while a lead with six is given up: one of the two policies held."""
    Policy.touches(touches=6)
    row = lead_nobody_reached()
    admin = AdminFactory()
    give_up = partial(change_status, row.pk, Move(Status.JUNK, junk_reason="no_answer"), by=admin)
    stricter = partial(Policy.touches, touches=7)
    pause = number % 4 * 0.004
    answers = people.at_once([partial(later, pause, give_up), stricter])
    wrong = failures(answers)
    row.refresh_from_db()
    refused = isinstance(answers[0], Refused)
    if refused != (row.status == "dialing") or (refused and "6 из 7" not in answers[0].detail):
        wrong.append(f"{row.status}: {answers[0]}")
    return wrong


def test_C07_a_policy_edited_meanwhile_is_the_old_or_the_new_one(catalogues: None) -> None:
    with Hands(2) as people:
        assert [said for number in range(size(8, 200)) for said in give_up_while_it_is_edited(people, number)] == []


def last_touch_against_no_answer(people: Hands, number: int) -> list[str]:
    """The move at N − 1 touches while the Nth is being saved: it is refused, or it came after that touch."""
    Policy.touches(touches=7)
    row = lead_nobody_reached()
    pause = number % 4 * 0.004
    give_up = partial(change_status, row.pk, Move(Status.JUNK, junk_reason="no_answer"), by=AdminFactory())
    answers = people.at_once([partial(later, pause, give_up), partial(touch, Lead(pk=row.pk))])
    wrong = failures(answers)
    row.refresh_from_db()
    if row.status == "junk" and row.touches.filter(created_at__lte=row.status_changed_at).count() < 7:
        wrong.append("given up too early")
    if (row.status == "dialing") != isinstance(answers[0], Refused):
        wrong.append(f"{row.status}: {answers[0]}")
    return wrong


def test_C07_the_last_touch_is_never_counted_before_it_is_saved(catalogues: None) -> None:
    with Hands(2) as people:
        assert [said for number in range(size(8, 200)) for said in last_touch_against_no_answer(people, number)] == []
