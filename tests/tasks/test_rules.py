"""What each status sets by the shipped rules and when it is due, what leaving it takes back, and edited rules."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import IntegrityError, transaction

from deals.models import Deal
from leads.actions import change_status
from leads.editing import set_task
from leads.models import Lead
from leads.pipeline import Move, Status
from leads.remarks import log_conversation
from leads.touches import NewTouch
from tasks.actions import Catalogue, add_all
from tasks.models import CallingHours, RuleStep, Task, TaskRule
from tests.factories import LawyerFactory, OperatorFactory, deal, lead, lead_in, move, phone
from tests.promises import broken

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


def moscow(text: str) -> datetime:
    """`24 12:00` of November 2026 in Moscow, where the factories' numbers are."""
    return datetime.fromisoformat(f"2026-11-{text}+03:00").astimezone(UTC)


def planned(row: Lead | Deal) -> set[tuple[str, datetime]]:
    """The open automatic tasks as (kind, due)."""
    return {(task.kind, task.due_at) for task in row.tasks.open().filter(automatic=True)}


# --- what a status sets (it is Tuesday 24 November, 12:00) -----------------------------------------------------------
def test_new_is_called_now(frozen) -> None:
    row = lead(by=OperatorFactory())
    assert planned(row) == {("contact_client", moscow("24 12:00"))}
    assert row.tasks.get().assignee == row.responsible


def test_new_at_night_is_called_in_the_clients_morning(frozen) -> None:
    frozen.set(moscow("24 22:00"))
    assert planned(lead()) == {("contact_client", moscow("25 09:00"))}
    assert planned(lead(city="Владивосток")) == {("contact_client", moscow("25 02:00"))}
    assert planned(lead(phone="+74012123456")) == {("contact_client", moscow("25 10:00"))}  # Kaliningrad


def test_dialing_is_called_and_written_to_step_by_step(frozen) -> None:
    row = lead_in("dialing")
    assert planned(row) == {("contact_client", moscow("24 12:00")), ("write_messenger", moscow("24 12:00"))}


@pytest.mark.parametrize(
    ("meeting", "expected"),
    [
        ("27 15:00", [("confirm_meeting", "26 17:00"), ("confirm_meeting", "27 13:00")]),
        ("25 15:00", [("confirm_meeting", "24 17:00"), ("confirm_meeting", "25 13:00")]),
        ("24 18:00", [("confirm_meeting", "24 12:00"), ("confirm_meeting", "24 16:00")]),
        ("24 13:00", [("confirm_meeting", "24 12:00")]),
    ],
)
def test_a_meeting_is_prepared(meeting: str, expected: list[tuple[str, str]], frozen) -> None:
    row = move(lead(), "meeting", meeting_at=moscow(meeting))
    wanted = {("send_address", moscow("24 12:00"))} | {(kind, moscow(due)) for kind, due in expected}
    assert planned(row) == wanted
    assert row.tasks.open().count() == len(wanted)


def test_a_meeting_at_another_time_is_prepared_anew(frozen) -> None:
    row = move(lead(), "meeting", meeting_at=moscow("27 15:00"))
    move(row, "meeting", meeting_at=moscow("28 15:00"))
    assert {due for kind, due in planned(row) if kind == "confirm_meeting"} == {moscow("27 17:00"), moscow("28 13:00")}
    assert row.tasks.filter(state="cancelled", kind="confirm_meeting").count() == 2


def test_postponed_is_called_when_it_was_promised(frozen) -> None:
    assert planned(move(lead(), "postponed", callback_at=moscow("27 15:10"))) == {
        ("contact_client", moscow("27 15:10"))
    }
    assert planned(move(lead(), "postponed", callback_at=moscow("27 21:00"))) == {
        ("contact_client", moscow("28 09:00"))
    }


@pytest.mark.parametrize(
    ("today", "due"), [("24 12:00", "25 09:00"), ("27 12:00", "30 09:00"), ("28 12:00", "30 09:00")]
)
def test_after_a_visit_the_need_is_asked_on_the_next_working_day(today: str, due: str, frozen) -> None:
    frozen.set(moscow(today))
    assert planned(lead_in("visit")) == {("update_need", moscow(due))}


def test_junk_sets_nothing(frozen) -> None:
    assert planned(lead_in("junk")) == set()


def test_a_contract_sets_the_lawyers_task_on_the_deal(frozen) -> None:
    lawyer = LawyerFactory()
    signed = deal()
    assert planned(signed) == {("collect_documents", moscow("27 09:00"))}  # Wednesday, Thursday, Friday
    assert signed.tasks.get().assignee == lawyer
    assert planned(signed.lead) == set()


def test_a_prepayment_keeps_the_deals_task(frozen) -> None:
    row = lead_in("contract")
    before = Task.objects.get(deal__lead=row)
    frozen.move(days=1)
    move(row, "contract_prepaid")
    assert list(Task.objects.filter(deal__lead=row)) == [before]
    assert Task.objects.get(pk=before.pk).state == "open"
    frozen.move(days=1)
    done = lead_in("contract")
    Task.objects.filter(deal__lead=done).update(state="done", closed_at=frozen.now)
    move(done, "contract_prepaid")
    assert not Task.objects.open().filter(deal__lead=done).exists(), "documents that are there are not collected again"


def test_a_direct_prepaid_contract_sets_it_too(frozen) -> None:
    assert planned(deal(prepaid=True)) == {("collect_documents", moscow("27 09:00"))}


# --- leaving a status ------------------------------------------------------------------------------------------------
def test_leaving_a_status_cancels_its_automatic_tasks_only(frozen) -> None:
    operator = OperatorFactory()
    row = lead_in("dialing", by=operator)
    by_hand = set_task(row.pk, text="узнать про ипотеку", due_at=moscow("26 12:00"), by=operator)
    log_conversation(row.pk, NewTouch("call", "busy"), by=operator, call_back_at=moscow("25 15:00"))
    row.refresh_from_db()
    left = set(row.tasks.open().filter(automatic=True))
    assert left
    row = move(row, "visit", by=operator)
    assert {task.state for task in Task.objects.filter(pk__in=[task.pk for task in left])} == {"cancelled"}
    assert {task.closed_at for task in row.tasks.filter(state="cancelled")} <= {frozen.now}
    kept = row.tasks.open().filter(automatic=False)
    assert {(task.kind, task.promised) for task in kept} == {("manual", False), ("contact_client", True)}
    assert by_hand in kept
    assert broken() == {}


@pytest.mark.parametrize("status", ["junk", "contract"])
def test_a_lead_closed_for_calling_keeps_no_promised_call(status: str, frozen) -> None:
    operator = OperatorFactory()
    row = lead_in("visit", by=operator)
    by_hand = set_task(row.pk, text="вернуть документы", due_at=moscow("26 12:00"), by=operator)
    log_conversation(row.pk, NewTouch("call", "answered"), by=operator, call_back_at=moscow("25 15:00"))
    row = move(row, status, by=operator)
    promised = row.tasks.get(promised=True)
    assert (promised.state, promised.closed_by) == ("cancelled", operator)
    assert list(row.tasks.open()) == [by_hand]
    assert broken() == {}


def test_the_tasks_of_other_leads_stay(frozen) -> None:
    other = lead()
    move(lead(), "visit")
    assert planned(other) == {("contact_client", moscow("24 12:00"))}


def test_coming_back_into_a_status_sets_its_tasks_again(frozen) -> None:
    row = move(move(lead_in("dialing"), "postponed"), "dialing")
    assert planned(row) == {("contact_client", moscow("24 12:00")), ("write_messenger", moscow("24 12:00"))}
    assert row.tasks.filter(kind="write_messenger", step=0).count() == 2
    assert broken() == {}


# --- once only -------------------------------------------------------------------------------------------------------
def test_a_step_exists_once_however_often_it_is_planned(frozen) -> None:
    row = lead_in("dialing")
    drafts = Catalogue.read("dialing").drafts(row.as_stay(), frozen.now)
    assert drafts
    with pytest.raises(IntegrityError), transaction.atomic():
        add_all(drafts)
    signed = deal()
    drafts = Catalogue.read("contract").drafts(signed.lead.as_stay(deal=signed), frozen.now)
    with pytest.raises(IntegrityError), transaction.atomic():
        add_all(drafts)


# --- rules edited by an administrator --------------------------------------------------------------------------------
def test_an_edited_rule_holds_from_the_next_planning_on(frozen) -> None:
    before = lead()
    rule = TaskRule.objects.get(status="new")
    RuleStep.objects.filter(rule=rule).update(minutes=30)
    RuleStep.objects.create(rule=rule, position=2, days=1, at_time=time(11))
    TaskRule.objects.filter(pk=rule.pk).update(text="Позвонить первым")
    assert planned(before) == {("contact_client", moscow("24 12:00"))}
    after = lead()
    assert planned(after) == {("contact_client", moscow("24 12:30")), ("contact_client", moscow("25 11:00"))}
    assert {task.title for task in after.tasks.open()} == {"Позвонить первым"}


def test_an_inactive_rule_sets_nothing_and_takes_nothing_back(frozen) -> None:
    before = lead_in("dialing")
    TaskRule.objects.filter(status="dialing", kind="write_messenger").update(active=False)
    assert ("write_messenger", moscow("24 12:00")) in planned(before)
    assert planned(lead_in("dialing")) == {("contact_client", moscow("24 12:00"))}


def test_a_rule_may_be_added_to_any_status(frozen) -> None:
    rule = TaskRule.objects.create(status="junk", kind="update_need", text="Проверить через месяц")
    RuleStep.objects.create(rule=rule, position=1, days=30)
    assert planned(lead_in("junk")) == {("update_need", frozen.now + timedelta(days=30))}


def test_other_calling_hours_move_what_is_due(frozen) -> None:
    CallingHours.objects.update(start=time(14), end=time(16))
    assert planned(lead()) == {("contact_client", moscow("24 14:00"))}
    frozen.set(moscow("24 16:00"))
    assert planned(lead()) == {("contact_client", moscow("25 14:00"))}


def test_without_rules_leads_move_all_the_same(frozen) -> None:
    TaskRule.objects.all().delete()
    CallingHours.objects.all().delete()
    row = lead_in("contract")
    assert not Task.objects.exists()
    assert change_status(row.pk, Move(Status.CONTRACT_PREPAID, prepayment=1), by=None).status == "contract_prepaid"


def test_two_leads_of_one_client_have_one_set_of_tasks(frozen) -> None:
    number = phone()
    original = lead(phone=number)
    assert not lead(phone=number).tasks.exists()
    assert original.tasks.open().count() == 1
