"""Leads without a responsible go to the operators on line, the fewest open leads first; left alone, they go on."""

from datetime import timedelta

import pytest
from django.test import override_settings

from history.models import Event
from leads import jobs
from leads.distribution import hand_out, pass_on
from leads.models import DistributionPolicy, Lead
from sources.models import Source
from team.actions import set_shift
from team.holds import take_hold
from team.models import Notice, User
from tests.factories import ApiKeyFactory, ManagerFactory, OperatorFactory, header, lead, lead_in, move, touch
from tests.pages import at_most

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


def on_line(**fields: object) -> User:
    user = OperatorFactory(**fields)
    set_shift(user.pk, "on")
    return user


def has(user: User) -> int:
    return Lead.objects.in_work().filter(responsible=user).count()


def fresh(row: Lead) -> Lead:
    return Lead.objects.get(pk=row.pk)


def test_the_oldest_goes_to_whoever_has_the_fewest(frozen) -> None:
    busy, free = on_line(), on_line()
    lead(by=busy)
    first = lead()
    frozen.move(minutes=1)
    second = lead()
    assert hand_out() == 2
    assert (fresh(first).responsible, fresh(second).responsible) == (free, busy)  # one each, then the lower number


def test_it_is_told_in_the_history_with_its_tasks_and_a_notice(frozen) -> None:
    user = on_line()
    row = lead(name="Пётр")
    hand_out()
    row = fresh(row)
    assert (row.handed_at, row.version) == (frozen.now, 2)
    assert [task.assignee for task in row.tasks.all()] == [user]
    assert row.events.get(kind=Event.Kind.RESPONSIBLE).by is None
    notice = Notice.objects.get(recipient=user)
    assert (notice.kind, notice.lead, notice.data["name"]) == ("new_lead", row, "Пётр")


def test_running_again_changes_nothing(frozen) -> None:
    on_line()
    row = lead()
    assert (hand_out(), hand_out()) == (1, 0)
    assert Notice.objects.filter(kind="new_lead").count() == 1
    assert fresh(row).events.filter(kind=Event.Kind.RESPONSIBLE).count() == 1


@pytest.mark.parametrize("state", ["break", "off"])
def test_who_is_not_on_line_gets_none(frozen, state: str) -> None:
    absent, present = on_line(), on_line()
    set_shift(absent.pk, state)
    lead(), lead()
    hand_out()
    assert (has(absent), has(present)) == (0, 2)


def test_neither_managers_nor_those_who_have_left_get_any(frozen) -> None:
    head, gone = ManagerFactory(), on_line()
    set_shift(head.pk, "on")
    User.objects.filter(pk=gone.pk).update(is_active=False)
    row = lead()
    assert hand_out() == 0
    assert fresh(row).responsible is None


def test_nobody_gets_more_than_their_limit(frozen) -> None:
    DistributionPolicy.objects.update(limit=2)
    usual, own = on_line(), on_line(lead_limit=1)
    for _ in range(5):
        lead()
    assert hand_out() == 3
    assert (has(usual), has(own)) == (2, 1)
    move(Lead.objects.filter(responsible=own)[0], "junk", by=own)
    assert hand_out() == 1
    assert has(own) == 1


def test_a_limit_of_none_means_none(frozen) -> None:
    on_line(lead_limit=0)
    lead()
    assert hand_out() == 0


def test_a_source_may_have_operators_of_its_own(frozen) -> None:
    anybody, expert = on_line(), on_line()
    Source.objects.get(code="partner").operators.add(expert)
    for _ in range(3):
        lead(source="partner")
    lead(source="site")
    hand_out()
    assert (has(anybody), has(expert)) == (1, 3)


def test_leads_of_a_source_wait_for_its_operators(frozen) -> None:
    on_line()
    Source.objects.get(code="partner").operators.add(OperatorFactory())
    row = lead(source="partner")
    hand_out()
    assert fresh(row).responsible is None


def test_closed_leads_and_duplicates_are_nobodys_work(frozen) -> None:
    on_line()
    row = lead()
    lead(phone=row.phone)
    closed = lead_in("junk")
    assert hand_out() == 1
    assert fresh(closed).responsible is None


def test_with_nobody_on_line_the_managers_hear_of_it_once(frozen) -> None:
    head = ManagerFactory()
    lead()
    assert [hand_out(), hand_out()] == [0, 0]
    assert [notice.kind for notice in Notice.objects.filter(recipient=head)] == ["nobody_on_line"]
    user = on_line()
    hand_out()
    set_shift(user.pk, "off")
    frozen.move(hours=1)
    lead()
    hand_out()
    assert Notice.objects.filter(recipient=head).count() == 2  # somebody has been there meanwhile


def test_an_empty_pool_worries_nobody(frozen) -> None:
    ManagerFactory()
    assert hand_out() == 0
    assert Notice.objects.count() == 0


def test_it_can_be_switched_off(frozen) -> None:
    DistributionPolicy.objects.update(active=False)
    on_line()
    lead()
    assert (hand_out(), pass_on()) == (0, 0)


def test_a_repeat_goes_to_its_leads_operator(frozen) -> None:
    user, other = on_line(), on_line()
    row = lead(by=user)
    repeat = lead(phone=row.phone)
    hand_out()
    assert repeat.responsible == user
    assert has(other) == 0
    assert Notice.objects.get(recipient=user, kind="repeat").lead == row


# --- what is left alone goes on
def test_a_lead_left_alone_goes_on_to_another(frozen) -> None:
    first = on_line()
    row = lead()
    hand_out()
    second = on_line()
    frozen.move(minutes=14)
    assert pass_on() == 0
    frozen.move(minutes=1)
    jobs.pass_on()
    row = fresh(row)
    assert (row.responsible, row.passed_by) == (second, None)
    assert [task.assignee for task in row.tasks.all()] == [second]
    assert Notice.objects.filter(recipient=first, kind="taken_away", lead=row).count() == 1


def test_it_does_not_come_back_to_whoever_passed_it_by_while_there_is_another(frozen) -> None:
    first, second = on_line(), on_line()
    row = lead()
    hand_out()
    assert fresh(row).responsible == first
    for _ in range(3):
        lead(by=second)
    frozen.move(minutes=20)
    jobs.pass_on()
    assert fresh(row).responsible == second  # though the first has fewer


def test_it_stays_when_there_is_nobody_else(frozen) -> None:
    user = on_line()
    row = lead()
    hand_out()
    frozen.move(hours=2)
    assert pass_on() == 0
    assert fresh(row).responsible == user


def test_the_night_does_not_count(frozen) -> None:
    frozen.set(frozen.START.replace(hour=16, minute=55))  # 19:55 in Moscow
    on_line(), on_line()
    row = lead(phone="+79161234567")
    hand_out()
    frozen.set(frozen.START.replace(day=25, hour=6, minute=5))  # ten minutes of calling hours later
    assert pass_on() == 0
    frozen.move(minutes=10)
    assert pass_on() == 1
    assert fresh(row).handed_at is None


@pytest.mark.parametrize("work", ["touch", "move", "hold"])
def test_what_somebody_works_on_stays_theirs(frozen, work: str) -> None:
    on_line(), on_line()
    row = lead()
    hand_out()
    user = fresh(row).responsible
    assert user is not None
    frozen.move(minutes=16)
    if work == "touch":
        touch(row, "no_answer", by=user)
    elif work == "move":
        move(row, "dialing", by=user)
    else:
        take_hold(row.pk, by=user, at=frozen.now)
    assert pass_on() == 0
    assert fresh(row).responsible == user


def test_a_lead_that_was_taken_or_assigned_by_hand_stays(frozen) -> None:
    user = on_line()
    on_line()
    lead(by=user)
    frozen.move(hours=3)
    assert pass_on() == 0


def test_without_minutes_in_the_policy_nothing_goes_on(frozen) -> None:
    DistributionPolicy.objects.update(return_after_minutes=None)
    on_line(), on_line()
    lead()
    hand_out()
    frozen.move(days=1)
    assert pass_on() == 0


def test_a_policy_that_is_changed_counts_from_the_next_look_on(frozen) -> None:
    on_line(), on_line()
    lead()
    hand_out()
    frozen.move(minutes=6)
    assert pass_on() == 0
    DistributionPolicy.objects.update(return_after_minutes=5)
    assert pass_on() == 1


# --- the doors
def test_a_lead_from_the_api_reaches_an_operator_by_the_job(client, frozen) -> None:
    user = on_line()
    key = ApiKeyFactory(kind="intake")
    answer = client.post("/api/v1/leads/", {"phone": "8 916 123-45-67"}, "application/json", headers=header(key))
    assert (answer.status_code, answer.json()["responsible"]) == (201, None)
    jobs.hand_out()
    assert fresh(Lead.objects.get(pk=answer.json()["id"])).responsible == user


@override_settings(REDIS_URL="")
def test_intake_and_going_on_line_wake_the_job(frozen, monkeypatch, django_capture_on_commit_callbacks) -> None:
    sent: list[str] = []
    monkeypatch.setattr("crm.nudges.send", sent.append)
    with django_capture_on_commit_callbacks(execute=True):
        lead()
        lead(by=OperatorFactory())  # theirs at once: nobody has to be woken
        on_line()
    assert sent == ["leads.jobs.hand_out"] * 2


def test_each_lead_takes_as_many_queries_as_the_other(frozen) -> None:
    on_line(), on_line()
    lead()
    with at_most(20):
        hand_out()
    for _ in range(5):
        lead()
    with at_most(20 + 4 * 9):
        assert hand_out() == 5


def test_a_lead_waits_not_long_after_midnight_of_the_month(frozen) -> None:
    frozen.set(frozen.START.replace(day=30, hour=20, minute=59))
    on_line()
    row = lead()
    frozen.move(minutes=2)
    hand_out()
    assert fresh(row).handed_at == frozen.now
    assert frozen.now - row.created_at == timedelta(minutes=2)
