"""The ladder of touches after what the verbs did, and why a lead has nothing open. It is Tuesday noon in Moscow."""

from datetime import timedelta

import pytest

from history.models import Event
from leads.editing import set_task, stop_calling
from leads.finishing import finish_task
from leads.idle import Why
from leads.ladder import State
from leads.models import Lead
from leads.remarks import log_conversation
from leads.standing import Standing, read_standing
from leads.touches import NewTouch
from tasks.models import RuleStep, Task, TaskRule
from tests.factories import AdminFactory, ManagerFactory, OperatorFactory, Policy, lead, lead_in, move, touch
from tests.pages import signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]

DONE, PASSED, NOW, AHEAD, NOT_NEEDED = State.DONE, State.PASSED, State.NOW, State.AHEAD, State.NOT_NEEDED


def standing(row: Lead, frozen) -> Standing:
    return read_standing(Lead.objects.with_card().get(pk=row.pk), at=frozen.now)


def calls(row: Lead, frozen):
    return next(one for one in standing(row, frozen).ladders if one.kind == "contact_client")


def states(row: Lead, frozen) -> list[State]:
    return [rung.state for rung in calls(row, frozen).rungs]


def hours(row: Lead, frozen) -> list[str]:
    """When, on Moscow's clocks: "24 12:00"."""
    zone = timedelta(hours=3)
    return [(rung.at + zone).strftime("%d %H:%M") if rung.at else "" for rung in calls(row, frozen).rungs]


def work_off(row: Lead, frozen, kind: str = "contact_client", channel: str = "call", outcome: str = "no_answer") -> int:
    """Make each touch of a cadence when it is due; answers how many."""
    made = 0
    while task := row.tasks.open().filter(kind=kind).first():
        frozen.set(max(task.due_at, frozen.now))
        touch(row, outcome, channel)
        made += 1
    return made


# --- the ladder ------------------------------------------------------------------------------------------------------
def test_a_fresh_ladder_says_when_each_touch_would_come(frozen) -> None:
    row = lead_in("dialing")
    ladder = calls(row, frozen)
    assert states(row, frozen) == [NOW, *[AHEAD] * 5]
    assert hours(row, frozen) == ["24 12:00", "24 14:00", "25 10:00", "25 18:00", "26 12:00", "27 12:00"]
    assert (ladder.place, len(ladder.rungs), ladder.used_up) == (1, 6, False)


def test_the_touch_that_brings_a_lead_here_is_the_first_rung(frozen) -> None:
    row = lead()
    touch(row, "busy")
    rungs = calls(row, frozen).rungs
    assert [rung.state for rung in rungs] == [DONE, NOW, *[AHEAD] * 4]
    assert rungs[0].touch.outcome == "busy"
    assert calls(row, frozen).place == 2


def test_a_rung_has_the_result_of_the_touch_that_made_it(frozen) -> None:
    row = lead_in("dialing")
    touch(row, "unavailable")
    frozen.move(hours=2, minutes=30)  # half an hour late: nothing before it is shown
    touch(row, "busy")
    rungs = calls(row, frozen).rungs
    assert [rung.touch and rung.touch.outcome for rung in rungs[:3]] == ["unavailable", "busy", None]
    assert hours(row, frozen)[:3] == ["24 12:00", "24 14:30", "25 10:00"]
    assert states(row, frozen) == [DONE, DONE, NOW, *[AHEAD] * 3]


def test_what_was_foreseen_comes(frozen) -> None:
    row = lead_in("dialing")
    foreseen = hours(row, frozen)
    assert work_off(row, frozen) == 6
    assert hours(row, frozen) == foreseen
    assert calls(row, frozen).used_up


def test_a_step_ticked_off_by_hand_has_no_touch(frozen) -> None:
    row = lead_in("dialing", by=(operator := OperatorFactory()))
    finish_task(row.tasks.open().get(kind="contact_client").pk, by=operator)
    rungs = calls(row, frozen).rungs
    assert [rung.state for rung in rungs[:2]] == [DONE, NOW]
    assert rungs[0].touch is None


def test_a_promised_call_goes_before_the_ladder(frozen) -> None:
    operator = OperatorFactory()
    row = lead_in("dialing", by=operator)
    touch(row)
    back = frozen.now + timedelta(hours=5)
    log_conversation(row.pk, NewTouch("call", "busy"), by=operator, call_back_at=back)
    rungs = calls(row, frozen).rungs
    assert [rung.state for rung in rungs[:4]] == [DONE, PASSED, NOW, AHEAD]
    assert (rungs[2].promised, rungs[2].at) == (True, back)
    assert not row.tasks.open().filter(kind="contact_client", automatic=True).exists()
    frozen.set(back)
    touch(row)  # in vain: the ladder goes on
    assert states(row, frozen)[:3] == [DONE, PASSED, NOW]
    assert row.tasks.open().get(kind="contact_client").step == 2


def test_an_answered_touch_stops_both_ladders(frozen) -> None:
    row = lead_in("dialing")
    touch(row)
    frozen.move(hours=1)
    touch(row, "answered")
    assert not row.tasks.open().exists()
    for ladder in standing(row, frozen).ladders:
        assert ladder.reached
        assert not ladder.used_up
        assert ladder.rungs[-1].state == NOT_NEEDED
    frozen.move(hours=2)
    touch(row)  # later they are not reached again: the calls go on, the messages do not
    assert row.tasks.open().get().kind == "contact_client"
    assert not calls(row, frozen).reached


def test_who_replied_in_writing_is_not_chased_by_calls(frozen) -> None:
    row = lead_in("dialing")
    touch(row, "replied", "whatsapp", direction="incoming")
    assert not row.tasks.open().exists()
    assert all(ladder.reached for ladder in standing(row, frozen).ladders)


def test_a_new_stay_has_a_new_ladder(frozen) -> None:
    row = lead_in("dialing")
    touch(row)
    row = move(row, "postponed")
    assert standing(row, frozen).ladders == []
    frozen.move(minutes=1)
    move(row, "dialing")
    assert states(row, frozen) == [NOW, *[AHEAD] * 5]


def test_a_cadence_that_was_shortened_or_lengthened_is_shown_as_it_is(frozen) -> None:
    row = lead_in("dialing")
    touch(row)
    rule = TaskRule.objects.get(status="dialing", kind="contact_client")
    RuleStep.objects.filter(rule=rule, position__gt=1).delete()
    assert states(row, frozen) == [DONE], "the step planned by the longer cadence stands among the tasks"
    RuleStep.objects.create(rule=rule, position=9, days=9)
    assert states(row, frozen) == [DONE, NOW]


def test_the_page_shows_the_ladder_on_the_clients_clock(frozen) -> None:
    row = lead_in("dialing", city="Владивосток")
    frozen.move(hours=14)
    touch(row)
    page = text_of(signed_in(ManagerFactory()).get(f"/leads/{row.pk}/"))
    assert "Касание 2 из 6 Связаться с клиентом" in page
    assert "Касание 1 из 6 Написать в WhatsApp" in page
    assert "Не ответил 25.11, 09:00" in page or "Не ответил сегодня, 09:00" in page  # 2:00 in Moscow


# --- «Недозвон» is offered, never forced -----------------------------------------------------------------------------
def test_it_is_offered_when_the_calls_are_used_up_and_it_is_earned(frozen) -> None:
    operator = OperatorFactory()
    row = lead_in("dialing", by=operator)
    client = signed_in(operator)
    offer = "Закрыть как «Недозвон»"
    while (task := row.tasks.open().filter(kind="contact_client").first()) and task.step < 5:
        assert offer not in text_of(client.get(f"/leads/{row.pk}/"))
        frozen.set(max(task.due_at, frozen.now))
        touch(row, by=operator)
    assert not standing(row, frozen).offers_no_answer
    work_off(row, frozen)
    assert standing(row, frozen).offers_no_answer
    assert Lead.objects.get(pk=row.pk).status == "dialing", "offered, not done"
    assert offer in text_of(client.get(f"/leads/{row.pk}/"))
    Policy.touches(touches=7)
    assert offer not in text_of(client.get(f"/leads/{row.pk}/"))


# --- why nothing is open ---------------------------------------------------------------------------------------------
def reason(row: Lead, frozen) -> str:
    found = standing(row, frozen).idle
    assert found is None or found.said
    return found.code.value if found else ""


def test_a_lead_with_something_to_do_needs_no_reason(frozen) -> None:
    assert reason(lead(), frozen) == ""
    assert reason(lead_in("junk"), frozen) == ""


def test_who_asked_not_to_be_called(frozen) -> None:
    row = lead_in("dialing")
    stop_calling(row.contact_id, "просил не звонить", by=AdminFactory())
    assert reason(row, frozen) == Why.DO_NOT_CALL
    assert standing(row, frozen).ladders == []


def test_who_was_reached_without_anything_agreed(frozen) -> None:
    row = lead_in("dialing")
    touch(row, "answered")
    assert reason(row, frozen) == Why.REACHED
    page = text_of(signed_in(ManagerFactory()).get(f"/leads/{row.pk}/"))
    assert "Нет задачи С клиентом связались, следующий шаг не назначен." in page


def test_a_cadence_that_is_used_up(frozen) -> None:
    row = lead_in("dialing")
    TaskRule.objects.filter(kind="write_messenger").delete()
    row.tasks.filter(kind="write_messenger").delete()
    work_off(row, frozen)
    assert reason(row, frozen) == Why.NO_ANSWER_OFFERED
    Policy.touches(touches=8)
    assert reason(row, frozen) == Why.NO_ANSWER_LATER
    assert standing(row, frozen).idle.said.startswith(
        "Касания по графику закончились. Сделано 6 из 8 касаний за 3 из 3 дней"
    )


def test_a_call_back_in_vain_where_no_cadence_goes_on(frozen) -> None:
    row = move(lead(), "postponed", callback_at=frozen.now + timedelta(hours=1))
    frozen.move(hours=1)
    touch(row)
    assert reason(row, frozen) == Why.UNANSWERED


def test_a_task_that_was_ticked_off(frozen) -> None:
    operator = OperatorFactory()
    row = lead_in("visit", by=operator)
    finish_task(row.tasks.open().get().pk, by=operator)
    assert reason(row, frozen) == Why.TICKED_OFF
    set_task(row.pk, text="перезвонить", due_at=frozen.now + timedelta(hours=1), by=operator)
    assert reason(row, frozen) == ""


def test_what_was_imported_and_what_no_rule_is_for(frozen) -> None:
    TaskRule.objects.all().delete()
    row = lead_in("dialing")
    assert reason(row, frozen) == Why.NO_RULE
    Event.objects.create(kind=Event.Kind.IMPORTED, lead=row, at=frozen.now)
    assert reason(row, frozen) == Why.IMPORTED


def test_a_task_that_vanished_is_explained_by_nothing(frozen) -> None:
    row = lead_in("dialing")
    Task.objects.filter(lead=row).delete()
    assert reason(row, frozen) == ""
