"""One thing done to many leads: each through its own verb, refusals listed, broken off and gone on with, taken back."""

from datetime import timedelta
from unittest.mock import patch

import pytest

from crm import clock
from crm.errors import Forbidden, Invalid, Refused
from history.models import Event
from leads import bulk
from leads.bulk import begin, begin_undo, carry_on, carry_out, forget_old, may_undo
from leads.models import BulkAction, DistributionPolicy, Lead, Trace
from leads.undo import undo
from outbox.models import Mark
from tasks.models import Task
from team.actions import set_shift
from team.models import Notice
from tests.conftest import Frozen
from tests.factories import LawyerFactory, ManagerFactory, OperatorFactory, lead, lead_in, lead_nobody_reached, move
from tests.promises import broken

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


def do(kind: str, rows: list[Lead], by, **terms) -> BulkAction:
    return carry_on(begin(kind, terms, [row.pk for row in rows], by=by).pk)


def refusals(action: BulkAction) -> dict[int, str]:
    return {row.lead_id: row.refusal for row in action.leads.all()}


def owners(rows: list[Lead]) -> list[int | None]:
    return [Lead.objects.get(pk=row.pk).responsible_id for row in rows]


def test_leads_are_handed_over_with_their_tasks_and_taken_back_at_once() -> None:
    manager, was, will = ManagerFactory(), OperatorFactory(), OperatorFactory()
    rows = [lead(by=was) for _row in range(3)]
    done = do("assign", rows, manager, responsible=will.pk)
    assert (done.state, done.total, done.granted, done.refused) == ("done", 3, 3, 0)
    assert owners(rows) == [will.pk] * 3
    assert set(Task.objects.open().values_list("assignee", flat=True)) == {will.pk}
    assert Event.objects.filter(kind="responsible", by=manager).count() == 3
    assert Mark.objects.filter(kind="lead", object_id__in=[row.pk for row in rows]).count() == 3
    assert may_undo(done)
    assert len(undo(done.action, by=manager).leads) == 3
    assert owners(rows) == [was.pk] * 3
    assert not Notice.objects.filter(recipient=will).exists()
    assert not may_undo(done)
    assert broken() == {}


def test_a_lead_that_refuses_says_why_and_the_rest_is_done() -> None:
    manager = ManagerFactory()
    earned, original = lead_nobody_reached(), lead()
    repeat, fresh, signed = lead(phone=original.phone), lead(), lead_in("contract")
    done = do("status", [earned, repeat, fresh, signed], manager, to="junk", junk_reason="no_answer")
    assert (done.total, done.granted, done.refused) == (4, 1, 3)
    said = refusals(done)
    assert set(said) == {repeat.pk, fresh.pk, signed.pk}
    assert "0 из 6 касаний" in said[fresh.pk]
    assert "Это дубль" in said[repeat.pk]
    assert "Договор" in said[signed.pk]
    assert Lead.objects.get(pk=earned.pk).junk_reason == "no_answer"
    assert [Lead.objects.get(pk=pk).status for pk in (fresh.pk, signed.pk)] == ["new", "contract"]


def test_a_time_is_on_each_clients_own_clock(frozen: Frozen) -> None:
    here, there = lead(city="Самара"), lead(city="Владивосток")
    done = do("status", [here, there], ManagerFactory(), to="postponed", at="2026-11-26T10:00")
    assert done.granted == 2
    moments = [Lead.objects.get(pk=row.pk).callback_at for row in (here, there)]
    assert moments[0] - moments[1] == timedelta(hours=6)
    assert refusals(do("status", [here], ManagerFactory(), to="meeting", at="2026-11-24T10:00")) == {
        here.pk: "Это время прошло. Выберите время позже 12:00"
    }


def test_a_task_is_set_on_each_for_its_owner_and_taken_back() -> None:
    manager, operator = ManagerFactory(), OperatorFactory()
    rows = [lead(by=operator), lead()]
    at = (clock.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    done = do("task", rows, manager, text="Позвонить о рассрочке", at=at)
    made = Task.objects.filter(text="Позвонить о рассрочке").order_by("lead_id")
    assert [task.assignee_id for task in made] == [operator.pk, manager.pk]
    undo(done.action, by=manager)
    assert set(made.values_list("state", flat=True)) == {"cancelled"}
    assert Event.objects.filter(kind="undone", data__tasks=["Позвонить о рассрочке"]).count() == 2


def test_an_operator_does_it_to_their_own_leads_alone() -> None:
    operator, other = OperatorFactory(), OperatorFactory()
    mine, free, theirs = lead(by=operator), lead(), lead(by=other)
    done = do("status", [mine, free, theirs], operator, to="visit")
    assert (done.total, done.granted, done.refused) == (3, 1, 2)
    assert refusals(done) == {free.pk: "У этого лида нет ответственного. Сначала возьмите его."}
    assert [Lead.objects.get(pk=row.pk).status for row in (mine, free, theirs)] == ["visit", "new", "new"]
    for kind in ("assign", "share"):
        with pytest.raises(Forbidden):
            begin(kind, {"responsible": other.pk}, [mine.pk], by=operator)
    with pytest.raises(Forbidden):
        begin("status", {"to": "visit"}, [mine.pk], by=LawyerFactory())
    with pytest.raises(Invalid):
        begin("status", {"to": "visit"}, [], by=operator)


def test_what_was_handed_on_meanwhile_is_refused_in_words() -> None:
    operator, manager = OperatorFactory(), ManagerFactory()
    row = lead(by=operator)
    action = begin("status", {"to": "visit"}, [row.pk], by=operator)
    do("assign", [row], manager, responsible=OperatorFactory().pk)
    assert refusals(carry_on(action.pk)) == {row.pk: "Этого лида больше нет среди тех, что вы видите."}


def test_leads_are_shared_out_evenly_within_limits_and_taken_back() -> None:
    manager = ManagerFactory()
    busy, idle, off = OperatorFactory(), OperatorFactory(), OperatorFactory()
    rows = [lead() for _row in range(5)]
    with pytest.raises(Refused, match="На линии никого нет"):
        begin("share", {}, [row.pk for row in rows], by=manager)
    for _row in range(2):
        lead(by=busy)
    lead(by=off)
    for person in (busy, idle):
        set_shift(person.pk, "on")
    DistributionPolicy.objects.update_or_create(pk=1, defaults={"limit": 3})
    done = do("share", [*rows, lead_in("junk")], manager)
    assert sorted(owner or 0 for owner in owners(rows)) == sorted([idle.pk] * 3 + [busy.pk] + [0])
    assert (done.granted, done.refused) == (4, 2)
    assert any("предел" in said for said in refusals(done).values())
    undo(done.action, by=manager)
    assert owners(rows) == [None] * 5


def test_sharing_out_leaves_a_lead_with_who_has_no_more_than_others() -> None:
    first, second = OperatorFactory(), OperatorFactory()
    rows = [lead(by=first), lead(by=second)]
    for person in (first, second):
        set_shift(person.pk, "on")
    assert do("share", rows, ManagerFactory()).granted == 2
    assert owners(rows) == [first.pk, second.pk]
    assert not Trace.objects.exists()


class Killed(BaseException):
    pass


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any action is the worker's."""
    monkeypatch.setattr(bulk, "AT_ONCE", 0)


def test_a_killed_worker_goes_on_and_does_nothing_twice(long, frozen: Frozen) -> None:
    manager, operator = ManagerFactory(), OperatorFactory()
    rows = [lead() for _row in range(4)]
    action = begin("assign", {"responsible": operator.pk}, [row.pk for row in rows], by=manager)
    assert carry_on(action.pk).state == "waiting"
    real, seen = bulk._DO["assign"], list[int]()

    def dies(what: BulkAction, lead_id: int) -> None:
        real(what, lead_id)
        seen.append(lead_id)
        if len(seen) == 3:
            raise Killed  # after the third was done, before it was stored

    with patch.dict(bulk._DO, {"assign": dies}), pytest.raises(Killed):
        carry_out()
    assert owners(rows) == [operator.pk, operator.pk, None, None]
    assert carry_out()  # the claim of the dead one still stands
    frozen.move(seconds=61)
    assert not carry_out()
    action.refresh_from_db()
    assert (action.state, action.done, action.granted) == ("done", 4, 4)
    assert owners(rows) == [operator.pk] * 4
    assert Event.objects.filter(kind="responsible").count() == 4
    assert Trace.objects.filter(action=action.action).count() == 4
    assert not action.leads.exists()


def test_a_slice_that_is_over_leaves_the_rest_to_the_next(long, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [lead() for _row in range(3)]
    action = begin("status", {"to": "visit"}, [row.pk for row in rows], by=ManagerFactory())
    ticks = iter(range(100))
    monkeypatch.setattr(bulk.time, "monotonic", lambda: next(ticks))
    assert carry_out(seconds=2)
    action.refresh_from_db()
    assert (action.state, 0 < action.done < 3) == ("waiting", True)
    assert not carry_out(seconds=50)
    assert set(Lead.objects.values_list("status", flat=True)) == {"visit"}


def test_a_long_action_is_taken_back_by_the_worker(long) -> None:
    manager, was = ManagerFactory(), OperatorFactory()
    rows = [lead(by=was) for _row in range(3)]
    action = begin("assign", {"responsible": OperatorFactory().pk}, [row.pk for row in rows], by=manager)
    carry_out()
    move(rows[0], "visit", by=ManagerFactory(name="Денис Орлов"))
    back = begin_undo(BulkAction.objects.get(pk=action.pk), by=manager)
    assert not carry_out()
    back.refresh_from_db()
    assert (back.granted, back.refused) == (2, 1)
    assert refusals(back) == {rows[0].pk: "Отменить уже нельзя: лид изменил Орлов"}
    assert owners(rows[1:]) == [was.pk] * 2
    with pytest.raises(Refused):
        begin_undo(BulkAction.objects.get(pk=action.pk), by=ManagerFactory())


def test_whose_rights_were_taken_meanwhile_does_nothing_more(long) -> None:
    manager, row = ManagerFactory(), lead()
    action = begin("assign", {"responsible": OperatorFactory().pk}, [row.pk], by=manager)
    manager.is_active = False
    manager.save()
    carry_out()
    action.refresh_from_db()
    assert (action.granted, owners([row])) == (0, [None])


def test_results_are_kept_for_a_month(frozen: Frozen) -> None:
    do("status", [lead()], ManagerFactory(), to="visit")
    frozen.move(days=29)
    assert forget_old() == 0
    frozen.move(days=2)
    assert forget_old() == 1


def test_a_lead_costs_the_same_in_a_long_action(django_assert_max_num_queries, long) -> None:
    manager, will = ManagerFactory(), OperatorFactory()
    rows = [lead() for _row in range(4)]
    begin("assign", {"responsible": will.pk}, [row.pk for row in rows], by=manager)
    with django_assert_max_num_queries(12 + 4 * 32):
        carry_out()


def test_the_same_lead_twice_is_one(frozen: Frozen) -> None:
    row = lead()
    action = begin("status", {"to": "visit"}, [row.pk, row.pk], by=ManagerFactory())
    assert carry_on(action.pk).total == 1
    assert carry_on(action.pk).granted == 1
