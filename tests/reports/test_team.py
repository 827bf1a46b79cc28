"""The team's numbers: what operators have, what they did, how soon clients were called, and the lists behind."""

from datetime import date, timedelta

import pytest

from crm import clock
from leads.attention import Attention, wanting
from leads.counting import Period
from leads.day import read_numbers
from leads.first_call import escalate_uncalled
from leads.models import DayPlan, Lead, TouchPolicy
from reports.hour_chart import chart
from reports.team import Hour, Team, read_team
from tasks.models import CallingHours
from team.actions import set_shift
from tests.factories import ManagerFactory, OperatorFactory, lead, lead_in, move, touch
from tests.pages import signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]
TODAY = Period(date(2026, 11, 24), date(2026, 11, 24))


def today() -> Team:
    return read_team(TODAY)


def test_a_row_says_what_an_operator_has_and_did(frozen) -> None:
    operator, idle = OperatorFactory(name="Анна"), OperatorFactory(name="Борис")
    set_shift(operator.pk, "on")
    first, second = lead(by=operator), lead(by=operator)
    frozen.move(minutes=4)
    touch(first, "no_answer", by=operator)
    frozen.move(minutes=6)
    touch(second, "answered", by=operator)
    move(second, "meeting", by=operator)
    rows = {row.user.pk: row for row in today().rows}
    row = rows[operator.pk]
    assert (row.state, row.in_work, row.calls, row.reached, row.meetings) == ("on", 2, 2, 1, 1)
    assert row.first_call == timedelta(minutes=7)  # the median of 4 and 10
    assert (rows[idle.pk].state, rows[idle.pk].in_work, rows[idle.pk].first_call) == ("off", 0, None)


def test_the_night_does_not_count_as_waiting(frozen) -> None:
    frozen.set(frozen.START.replace(hour=18, minute=30))  # 21:30 in Moscow
    row = lead(phone="+79161234567")
    frozen.set(frozen.START.replace(day=25, hour=6, minute=5))  # 9:05
    touch(row, "no_answer", by=OperatorFactory())
    team = today()
    assert team.first_call == timedelta(minutes=5)
    assert (team.called_in_time, team.called) == (1, 1)
    assert [(hour.hour, hour.leads) for hour in team.hours] == [(21, 1)]


def test_an_operators_own_day_and_the_managers_page_say_the_same(frozen) -> None:
    """The night is no waiting on either, and a meeting that was moved is one meeting."""
    frozen.set(frozen.START.replace(hour=3))  # 6:00 in Moscow
    operator = OperatorFactory()
    row = lead(phone="+79161234567")
    frozen.move(hours=3, minutes=4)  # 9:04
    touch(row, "answered", by=operator)
    move(row, "meeting", by=operator)
    move(row, "meeting", by=operator, meeting_at=frozen.now + timedelta(days=3))
    own = read_numbers(operator, hours=CallingHours.current().as_hours(), at=frozen.now)
    shown = today().rows[0]
    assert (own.first_call, own.meetings, own.calls) == (timedelta(minutes=4), 1, 1)
    assert (shown.first_call, shown.meetings, shown.calls) == (own.first_call, own.meetings, own.calls)


def test_what_is_overdue_is_counted_by_lead(frozen) -> None:
    operator = OperatorFactory()
    row = lead(by=operator)
    touch(row, "no_answer", by=operator)
    frozen.move(hours=3)  # the call of +2 h and the message of now are both late: one lead
    team = today()
    assert team.overdue == 1
    assert team.rows[0].overdue == 1
    assert team.oldest_due is not None


def wanted(what: Attention) -> set[int]:
    return set(wanting(Lead.objects.all(), what, at=clock.now()).values_list("pk", flat=True))


def test_new_leads_are_told_of_when_their_time_is_over(frozen) -> None:
    row = lead()
    assert wanted(Attention.NOT_CALLED) == set()
    frozen.move(minutes=16)
    escalate_uncalled()
    assert wanted(Attention.NOT_CALLED) == {row.pk}
    touch(row, "no_answer", by=OperatorFactory())
    assert wanted(Attention.NOT_CALLED) == set()


def test_leads_of_nobody_and_without_a_task(frozen) -> None:
    free, bare = lead(), lead(by=OperatorFactory())
    bare.tasks.all().delete()
    lead_in("junk")
    assert wanted(Attention.UNASSIGNED) == {free.pk}
    assert wanted(Attention.NO_TASK) == {bare.pk}


def test_a_meeting_of_today_is_wanting_until_it_is_confirmed(frozen) -> None:
    row = move(lead(), "meeting", meeting_at=frozen.now + timedelta(hours=5))
    move(lead(), "meeting", meeting_at=frozen.now + timedelta(days=3))
    assert wanted(Attention.UNCONFIRMED) == {row.pk}
    row.tasks.filter(kind="confirm_meeting").update(state="done", closed_at=frozen.now)
    assert wanted(Attention.UNCONFIRMED) == set()


def test_a_postponed_lead_is_wanting_when_its_time_has_come(frozen) -> None:
    row = move(lead(), "postponed", callback_at=frozen.now + timedelta(hours=1))
    assert wanted(Attention.POSTPONED) == set()
    frozen.move(hours=2)
    assert wanted(Attention.POSTPONED) == {row.pk}


def test_leads_that_have_earned_no_answer(frozen) -> None:
    TouchPolicy.objects.update(touches=2, days=1, gap_minutes=60)
    row, other = lead_in("dialing"), lead_in("dialing")
    for hours in (0, 2):
        frozen.move(hours=hours)
        touch(row, "no_answer")
        touch(other, "no_answer")
    frozen.move(minutes=5)
    touch(other, "answered")
    assert wanted(Attention.NO_ANSWER) == {row.pk}


def test_every_number_opens_a_list_of_as_many(frozen) -> None:
    operator = OperatorFactory()
    lead(), lead(by=operator), move(lead(), "postponed", callback_at=frozen.now + timedelta(hours=1))
    frozen.move(hours=2)
    escalate_uncalled()
    client = signed_in(ManagerFactory())
    team = today()
    for line in team.attention:
        page = client.get(f"/leads/?attention={line.what}")
        assert page.status_code == 200
        assert page.context["count"] == line.count, line.what
    for row in team.rows:
        assert client.get(f"/leads/?responsible={row.user.pk}").context["count"] == row.in_work
        assert client.get(f"/leads/?responsible={row.user.pk}&task=overdue").context["count"] == row.overdue
    assert client.get("/leads/?task=overdue").context["count"] == team.overdue


def test_the_page_says_it_in_a_fixed_number_of_queries(frozen, django_assert_max_num_queries) -> None:
    client = signed_in(ManagerFactory())
    client.get("/reports/team/")
    for _ in range(3):
        row = lead(by=OperatorFactory())
        frozen.move(minutes=1)
        touch(row, "no_answer", by=row.responsible)
    with django_assert_max_num_queries(32):
        page = client.get("/reports/team/")
    assert page.status_code == 200
    text = page.content.decode()
    assert "Команда" in text
    assert "Время до первого звонка" in text
    assert "1:00" in text


@pytest.mark.parametrize("period", ["today", "yesterday", "week", "month", "год"])
def test_every_period_opens(frozen, period: str) -> None:
    client = signed_in(ManagerFactory())
    assert client.get("/reports/team/", {"period": period}).status_code == 200


def test_operators_and_lawyers_have_no_team_page() -> None:
    client = signed_in(OperatorFactory())
    assert client.get("/reports/team/").status_code == 403


def test_the_chart_ends_above_its_highest_bar() -> None:
    drawn = chart([Hour(9, timedelta(minutes=3), 1), Hour(10, timedelta(minutes=9), 2)], timedelta(minutes=5))
    assert [mark for mark, _y in drawn.marks] == [0, 5, 10]
    assert [bar.is_late for bar in drawn.bars] == [False, True]
    assert drawn.bars[1].height == pytest.approx(117)
    assert drawn.goal_y == pytest.approx(85)


def test_meetings_stand_beside_the_plan_of_those_who_came_on_line(frozen) -> None:
    for _ in range(2):
        person = OperatorFactory()
        set_shift(person.pk, "on")
    OperatorFactory()  # did not come
    DayPlan.objects.update_or_create(pk=1, defaults={"meetings": 5})
    lead_in("meeting", source="site")
    assert "1 из 10 по плану, 10 %" in text_of(signed_in(ManagerFactory()).get("/reports/team/"))
