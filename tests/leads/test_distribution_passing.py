"""Leads that were handed out and left alone go on to another operator; what somebody works on stays theirs."""

import pytest
from django.utils import translation

from contacts.models import Contact
from history.models import Event
from leads import jobs
from leads.distribution import hand_out, pass_on
from leads.editing import assign
from leads.models import DistributionPolicy, Lead
from leads.timeline import timeline
from team.actions import set_shift
from team.holds import take_hold
from team.models import Notice, User
from tests.factories import ManagerFactory, lead, move, touch
from tests.leads.line import fresh, has, on_line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


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
    own, assigned = lead(by=user), lead()
    hand_out()
    other = on_line()
    assign(assigned.pk, other.pk, by=ManagerFactory())
    frozen.move(hours=3)
    assert pass_on() == 0
    assert (fresh(own).responsible, fresh(assigned).responsible) == (user, other)


def test_no_more_leads_are_taken_away_than_others_have_room_for(frozen) -> None:
    first = on_line()
    for _ in range(3):
        lead()
    hand_out()
    second = on_line(lead_limit=2)
    frozen.move(minutes=20)
    jobs.pass_on()
    assert (has(first), has(second)) == (1, 2)
    assert Notice.objects.filter(recipient=first, kind="taken_away").count() == 2


def test_who_asked_not_to_be_called_is_not_passed_around(frozen) -> None:
    user = on_line()
    row = lead()
    hand_out()
    on_line()
    Contact.objects.update(do_not_call_at=frozen.now)
    frozen.move(minutes=20)
    assert pass_on() == 0
    assert fresh(row).responsible == user


def test_leads_of_clients_who_sleep_keep_the_others_not_waiting(frozen, monkeypatch) -> None:
    monkeypatch.setattr("leads.distribution.AT_ONCE", 1)
    frozen.set(frozen.START.replace(hour=14))  # 17:00 in Moscow, midnight in Vladivostok
    on_line()
    lead(city="Владивосток"), lead(city="Москва")
    jobs.hand_out()
    second = on_line()
    frozen.move(minutes=20)
    jobs.pass_on()
    assert [row.city for row in Lead.objects.filter(responsible=second)] == ["Москва"]


def test_leads_left_alone_by_somebody_switched_off_go_on_and_worked_ones_wait_for_the_manager(frozen) -> None:
    gone = on_line()
    untouched, worked = lead(), lead()
    hand_out()
    touch(worked, "no_answer", by=gone)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    set_shift(gone.pk, "off")
    second = on_line()
    frozen.move(minutes=20)
    jobs.pass_on()
    assert (fresh(untouched).responsible, fresh(worked).responsible) == (second, gone)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "ru",
            (
                "Передан оператору на линии: {second}",
                "Вернулся в общую очередь: никто не звонил 15 минут ({first})",
                "Передан оператору на линии: {first}",
            ),
        ),
        (
            "en",
            (
                "Handed to an operator on line: {second}",
                "Back to the common queue: nobody has called for 15 minutes ({first})",
                "Handed to an operator on line: {first}",
            ),
        ),
    ],
)
def test_the_card_says_who_got_the_lead_and_why_it_went_on(frozen, language: str, said: tuple[str, ...]) -> None:
    first = on_line()
    row = lead()
    hand_out()
    second = on_line()
    frozen.move(minutes=15)
    jobs.pass_on()
    with translation.override(language):
        told = [entry.text for entry in timeline(fresh(row)) if entry.data.get("event") == Event.Kind.RESPONSIBLE]
    assert told == [line.format(first=first, second=second) for line in said]


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
