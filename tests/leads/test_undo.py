"""Taking back: after it the lead, its tasks and what the pages say of it are as they were before the action."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from crm import clock
from crm.errors import Refused
from history.models import Event
from leads.actions import change_status, no_answer_progress
from leads.editing import assign, set_task
from leads.effort import meetings_booked
from leads.finishing import finish_task
from leads.models import Lead, Touch, Trace
from leads.pipeline import JunkReason, Move, Status
from leads.remarks import comment, log_busy, log_conversation
from leads.results import Outcomes, Result, record_result
from leads.standing import read_standing
from leads.touches import NewTouch, log_touch
from leads.traces import COLUMNS, TASK_COLUMNS, columns_of
from leads.undo import FOR, forget_traces, last_action, undo
from outbox.models import Mark
from tasks.models import Task
from team.models import Notice, Skip, User
from tests import factories
from tests.conftest import Frozen
from tests.promises import broken

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]
Do = Callable[[Lead, User], Any]
RESTARTED = {"version", "stay"}  # they only ever grow


@pytest.fixture
def operator() -> User:
    return factories.OperatorFactory(name="Анна Орлова")


@pytest.fixture
def manager() -> User:
    return factories.ManagerFactory(name="Денис Орлов")


def calls(outcome: str = "no_answer", channel: str = "call", **more: Any) -> Do:
    return lambda lead, by: log_touch(lead.pk, NewTouch(channel, outcome), by=by, **more)


def moves(to: Status, **given: Any) -> Do:
    return lambda lead, by: factories.move(lead, to, by=by, **given)


def promises(lead: Lead, by: User) -> None:
    log_conversation(lead.pk, NewTouch("call", "answered"), by=by, call_back_at=clock.now() + timedelta(hours=3))


def busy(lead: Lead, by: User) -> None:
    log_busy(lead.pk, NewTouch("call", "busy"), by=by)


def ticks_off(lead: Lead, by: User) -> None:
    finish_task(Task.objects.open().filter(lead=lead).order_by("pk")[0].pk, by=by)


def meets_later(lead: Lead, by: User) -> None:
    record_result(lead.pk, Outcomes(Result.MEETING, at=clock.now() + timedelta(days=2)), by=by)


# the status in which it is done, what is done
ACTIONS: dict[str, tuple[str, Do]] = {
    "first call": ("new", calls()),
    "second call": ("dialing", calls()),
    "busy": ("dialing", busy),
    "reached": ("dialing", calls("answered")),
    "written": ("dialing", calls("sent", "whatsapp")),
    "promised": ("dialing", promises),
    "meeting booked": ("new", meets_later),
    "confirmed in vain": ("meeting", calls()),
    "did not come": ("meeting", calls("no_show", "office")),
    "missed call": ("dialing", lambda lead, by: log_touch(
        lead.pk, NewTouch("call", "no_answer", "incoming"), by=by
    )),
    "moved": ("dialing", moves(Status.VISIT)),
    "postponed": ("meeting", moves(Status.POSTPONED)),
    "another time": ("meeting", moves(Status.MEETING)),
    "rejected": ("meeting", moves(Status.JUNK)),
    "ticked off": ("dialing", ticks_off),
    "another task ticked off": ("meeting", ticks_off),
    "after the contract": ("contract", lambda lead, by: log_touch(
        lead.pk, NewTouch("call", "no_answer", "incoming"), by=by
    )),
}  # fmt: skip


def seen(lead: Lead) -> dict[str, Any]:
    """Everything that is to be as before: columns, open tasks, ladders and the way to «Недозвон»."""
    lead = Lead.objects.get(pk=lead.pk)
    at = clock.now()
    rows = Task.objects.open().filter(lead=lead) | Task.objects.open().filter(deal__lead=lead)
    standing = read_standing(lead, at=at)
    return {
        "lead": columns_of(lead, [name for name in COLUMNS if name not in RESTARTED]),
        "tasks": {task.pk: columns_of(task, TASK_COLUMNS) for task in rows},
        "steps": sorted((task.kind, task.step) for task in rows if task.step is not None),
        "ladders": standing.ladders,
        "progress": no_answer_progress(lead, at=at),
        "touches": list(lead.touches.values_list("pk", flat=True)),
        "meetings": meetings_booked(at - timedelta(days=1), at + timedelta(seconds=1)).filter(lead=lead).count(),
    }


@pytest.mark.parametrize("name", ACTIONS)
def test_what_was_done_is_taken_back_and_may_be_done_again(name: str, operator: User, frozen: Frozen) -> None:
    status, do = ACTIONS[name]
    lead = factories.lead_in(status, by=operator)
    frozen.move(minutes=50)
    before = seen(lead)
    version = Lead.objects.get(pk=lead.pk).version

    for _again in range(2):
        do(lead, operator)
        assert seen(lead) != before
        Mark.objects.update(pending=False)
        trace = last_action(lead.pk, operator)
        assert trace
        assert undo(trace.action, by=operator).leads == [lead.pk]
        assert seen(lead) == before
        assert broken_but_for_marks() == {}
        told = set(Mark.objects.filter(pending=True).values_list("kind", flat=True))
        assert told >= {"lead", *(["touch"] if trace.touch_id else [])}
        assert last_action(lead.pk, operator) is None

    line = Event.objects.filter(lead=lead, kind=Event.Kind.UNDONE).latest("pk")
    assert line.by == operator
    assert Lead.objects.get(pk=lead.pk).version > version


def broken_but_for_marks() -> dict[str, list[object]]:
    found = broken()
    found.pop("changes_the_outside_is_not_told_of", None)
    return found


def test_a_step_taken_back_is_planned_again_and_none_is_skipped(operator: User, frozen: Frozen) -> None:
    lead = factories.lead_in("dialing", by=operator)
    frozen.move(hours=3)
    steps = []
    for _again in range(3):
        factories.touch(lead, by=operator)
        steps.append(Task.objects.open().get(lead=lead, kind="contact_client").step)
        undo(last_action(lead.pk, operator).action, by=operator)
    assert steps == [1, 1, 1]


def test_the_touch_that_earned_no_answer_no_longer_counts(operator: User, frozen: Frozen) -> None:
    lead = factories.lead_nobody_reached()
    Touch.objects.filter(pk=lead.touches.order_by("-at").first().pk).delete()
    Lead.objects.filter(pk=lead.pk).update(touches_count=5)
    factories.touch(lead, by=operator)
    assert no_answer_progress(lead, at=frozen.now).earned
    undo(last_action(lead.pk, operator).action, by=operator)
    with pytest.raises(Refused, match="Сделано 5 из 6"):
        factories.move(lead, Status.JUNK, by=operator, junk_reason=JunkReason.NO_ANSWER)


def test_reopening_and_a_hand_over_are_taken_back(operator: User, manager: User, frozen: Frozen) -> None:
    lead = factories.lead_in("junk", by=operator)
    frozen.move(hours=1)
    before = seen(lead)
    factories.move(lead, Status.DIALING, by=manager)
    undo(last_action(lead.pk, manager).action, by=manager)
    assert seen(lead) == before

    lead = factories.lead_in("dialing", by=operator)
    other = factories.OperatorFactory()
    frozen.move(minutes=1)
    before = seen(lead)
    assign(lead.pk, other.pk, by=manager)
    assert Notice.objects.filter(recipient=other).exists()
    undo(last_action(lead.pk, manager).action, by=manager)
    assert seen(lead) == before
    assert not Notice.objects.filter(recipient=other).exists()


def test_a_duplicate_chosen_by_hand_is_an_original_again(operator: User, frozen: Frozen) -> None:
    lead, original = factories.lead(by=operator), factories.lead(by=factories.OperatorFactory())
    repeat = factories.lead(phone=lead.phone)
    before = seen(lead)
    move = Move(Status.JUNK, junk_reason=JunkReason.DUPLICATE, duplicate_of=original.pk)
    change_status(lead.pk, move, by=operator)
    assert Lead.objects.get(pk=repeat.pk).duplicate_of == original
    trace = Trace.objects.get(by=operator)
    undo(trace.action, by=operator)
    assert seen(lead) == before
    repeat.refresh_from_db()
    assert (repeat.duplicate_of, repeat.responsible) == (lead, operator)
    assert original.events.filter(kind="undone").exists()
    assert broken() == {}

    change_status(lead.pk, move, by=operator)
    factories.lead(phone=lead.phone)  # it has become the other original's
    with pytest.raises(Refused) as refusal:
        undo(Trace.objects.filter(by=operator).latest("pk").action, by=operator)
    assert refusal.value.code == "undo_too_late"


def _comes_again(lead: Lead, _colleague: User) -> None:
    factories.lead(phone=lead.phone)


# what happens meanwhile, and whom the refusal names
MEANWHILE: dict[str, tuple[Do, str]] = {
    "a colleague moves it": (lambda lead, by: factories.move(lead, Status.VISIT, by=by), "лид изменил Орлов"),
    "a colleague calls": (lambda lead, by: factories.touch(lead, by=by), "лид изменил Орлов"),
    "it is handed over": (
        lambda lead, by: assign(lead.pk, factories.OperatorFactory().pk, by=by),
        "лид изменил Орлов",
    ),
    "the client applies again": (_comes_again, "лид изменила система"),
}


@pytest.mark.parametrize("name", MEANWHILE)
def test_what_somebody_has_changed_since_stays(name: str, operator: User, manager: User, frozen: Frozen) -> None:
    happens, who = MEANWHILE[name]
    lead = factories.lead_in("dialing", by=operator)
    frozen.move(hours=1)
    factories.move(lead, Status.POSTPONED, by=operator)
    action = Trace.objects.latest("pk").action
    frozen.move(minutes=1)
    happens(lead, manager)
    after = seen(lead)
    with pytest.raises(Refused, match=f"Отменить уже нельзя: {who}") as refusal:
        undo(action, by=operator)
    assert refusal.value.code == "undo_too_late"
    assert seen(lead) == after


def test_what_changes_nothing_on_the_lead_does_not_stand_in_the_way(
    operator: User, manager: User, frozen: Frozen
) -> None:
    lead = factories.lead(by=operator)
    factories.touch(lead, by=operator)
    action = last_action(lead.pk, operator).action
    frozen.move(minutes=1)
    comment(lead.pk, "Уточнить про ипотеку", by=manager)
    own = set_task(lead.pk, text="Перенести карточку", due_at=frozen.now + timedelta(days=1), by=manager)
    undo(action, by=operator)
    assert Lead.objects.get(pk=lead.pk).status == Status.NEW
    assert Task.objects.get(pk=own.pk).state == "open"


def test_it_is_ones_own_for_a_quarter_of_an_hour_and_never_a_deal(
    operator: User, manager: User, frozen: Frozen
) -> None:
    lead = factories.lead_in("visit", by=operator)
    action = last_action(lead.pk, operator).action
    with pytest.raises(Refused, match="Отменить уже нельзя"):
        undo(action, by=manager)
    frozen.move(seconds=FOR.total_seconds())
    assert last_action(lead.pk, operator) is None
    with pytest.raises(Refused, match="прошло больше 15 минут"):
        undo(action, by=operator)
    factories.move(lead, Status.CONTRACT, by=operator)
    assert last_action(lead.pk, operator) is None
    assert forget_traces() == 0
    frozen.move(hours=24)
    assert forget_traces() == 1


def test_a_client_called_from_my_day_is_back_in_the_queue(operator: User, frozen: Frozen) -> None:
    lead = factories.lead(by=operator)
    record_result(lead.pk, Outcomes(Result.CALL_BACK, at=frozen.now + timedelta(hours=2)), by=operator)
    assert Skip.objects.filter(user=operator, lead=lead).exists()
    undo(last_action(lead.pk, operator).action, by=operator)
    assert not Skip.objects.filter(user=operator, lead=lead).exists()
