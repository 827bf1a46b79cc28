"""Leads without a responsible go to the operators on line, the fewest open leads first."""

from datetime import timedelta

import pytest
from django.test import override_settings
from kombu.exceptions import OperationalError

from history.models import Event
from leads import jobs
from leads.distribution import hand_out, pass_on
from leads.models import DistributionPolicy, Lead
from sources.models import Source
from team.actions import set_shift
from team.holds import take_hold
from team.models import Notice, User
from tests.factories import ApiKeyFactory, ManagerFactory, OperatorFactory, header, lead, lead_in, move
from tests.leads.line import fresh, has, on_line
from tests.pages import at_most

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


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


def test_they_keep_nobody_elses_leads_waiting(frozen, monkeypatch) -> None:
    monkeypatch.setattr("leads.distribution.AT_ONCE", 1)
    user = on_line()
    Source.objects.get(code="partner").operators.add(OperatorFactory())
    lead(source="partner")
    frozen.move(minutes=1)
    row = lead(source="site")
    jobs.hand_out()
    assert fresh(row).responsible == user


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": "manager"}])
def test_a_source_all_of_whose_operators_have_left_is_everybodys(frozen, change: dict[str, object]) -> None:
    user, gone = on_line(), OperatorFactory()
    Source.objects.get(code="partner").operators.add(gone)
    User.objects.filter(pk=gone.pk).update(**change)
    row = lead(source="partner")
    hand_out()
    assert fresh(row).responsible == user


def test_whom_somebody_holds_is_given_to_nobody_else(frozen) -> None:
    calling, other = on_line(), on_line(lead_limit=3)
    row = lead()
    take_hold(row.pk, by=calling, at=frozen.now)
    assert hand_out() == 0
    frozen.move(minutes=16)
    assert hand_out() == 1
    assert has(calling) + has(other) == 1


def test_a_job_goes_on_until_the_pool_is_empty(frozen, monkeypatch) -> None:
    monkeypatch.setattr("leads.distribution.AT_ONCE", 2)
    user = on_line()
    for _ in range(5):
        lead()
    jobs.hand_out()
    assert has(user) == 5


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


def test_a_dead_broker_costs_nothing(frozen, monkeypatch, django_capture_on_commit_callbacks) -> None:
    def dead(job: str) -> None:
        raise OperationalError(job)

    monkeypatch.setattr("crm.celery.app.send_task", dead)
    monkeypatch.setattr("crm.celery.Silence.until", 0.0)
    with django_capture_on_commit_callbacks(execute=True):
        user = on_line()
        row = lead()
    jobs.hand_out()  # as the clock does
    assert fresh(row).responsible == user


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
