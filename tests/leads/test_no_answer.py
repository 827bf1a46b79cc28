"""«Недозвон» through the verbs: nobody passes the policy by, and what was said stays true."""

from datetime import timedelta

import pytest

from crm.errors import Refused
from leads.actions import change_status
from leads.applications import read_application
from leads.intake import register_lead
from leads.models import Lead
from leads.pipeline import Move, Status
from leads.touches import NewTouch, log_touch
from tests.factories import AdminFactory, ManagerFactory, Policy, lead, lead_in, lead_nobody_reached, move, touch

pytestmark = pytest.mark.django_db

NO_ANSWER = Move(Status.JUNK, junk_reason="no_answer")


def test_it_is_earned_by_six_touches_on_three_days(frozen) -> None:
    row = lead_nobody_reached()
    assert change_status(row.pk, NO_ANSWER, by=None).junk_reason == "no_answer"


@pytest.mark.parametrize("who", [AdminFactory, ManagerFactory, lambda: None])
def test_nobody_passes_it_by(who, frozen) -> None:
    row = lead_in("dialing")
    with pytest.raises(Refused) as refusal:
        change_status(row.pk, NO_ANSWER, by=who())
    assert refusal.value.code == "no_answer_not_earned"
    assert refusal.value.detail == "Сделано 0 из 6 касаний за 0 из 3 дней"
    assert refusal.value.allowed == ["meeting", "postponed", "visit"]
    assert Lead.objects.get(pk=row.pk).status == "dialing"


def test_the_policy_in_force_is_the_one_that_counts(frozen) -> None:
    row = lead_nobody_reached()
    Policy.touches(touches=7)
    with pytest.raises(Refused, match="6 из 7 касаний"):
        change_status(row.pk, NO_ANSWER, by=None)
    Policy.touches(touches=5)
    assert change_status(row.pk, NO_ANSWER, by=None).status == "junk"


def test_an_answered_touch_in_between_forbids_it(frozen) -> None:
    row = lead_nobody_reached()
    touch(row, "answered")
    with pytest.raises(Refused, match="С клиентом связались"):
        change_status(row.pk, NO_ANSWER, by=None)


def test_after_reopening_the_count_starts_anew(frozen) -> None:
    row = lead_nobody_reached()
    change_status(row.pk, NO_ANSWER, by=None)
    frozen.move(minutes=1)
    move(row, "dialing", by=ManagerFactory())
    with pytest.raises(Refused, match="Сделано 0 из 6"):
        change_status(row.pk, NO_ANSWER, by=None)


def test_a_repeat_application_starts_the_count_anew(frozen) -> None:
    row = lead_nobody_reached()
    change_status(row.pk, NO_ANSWER, by=None)
    frozen.move(minutes=1)
    lead(phone=row.phone)
    assert Lead.objects.get(pk=row.pk).status == "dialing"
    with pytest.raises(Refused, match="Сделано 0 из 6"):
        change_status(row.pk, NO_ANSWER, by=None)


def test_days_follow_the_city_of_the_lead(frozen) -> None:
    # 15:30 and 17:30 in Moscow are two days in Vladivostok, where it is seven hours later.
    Policy.touches(touches=2, days=2)
    admin = AdminFactory()
    for city, earned in (("Владивосток", True), ("Калининград", False)):
        row = lead(by=admin, city=city, arrived_at=frozen.now - timedelta(days=2))
        for hour in (-20.5, -18.5):  # the day before at 15:30 and 17:30
            touch(row, by=admin, at=frozen.now + timedelta(hours=hour))
        if earned:
            assert change_status(row.pk, NO_ANSWER, by=None).status == "junk"
        else:
            with pytest.raises(Refused, match="за 1 из 2 дней"):
                change_status(row.pk, NO_ANSWER, by=None)


def test_a_conversation_before_the_closing_is_refused_afterwards(frozen) -> None:
    row = lead_nobody_reached()
    change_status(row.pk, NO_ANSWER, by=None)
    for at in (frozen.now, frozen.now - timedelta(hours=3)):
        with pytest.raises(Refused) as refusal:
            log_touch(row.pk, NewTouch("call", "answered", at=at), by=AdminFactory())
        assert refusal.value.code == "no_answer_stands"
    touch(row, "no_answer")  # one more attempt makes nothing untrue
    frozen.move(minutes=5)
    touch(row, "answered", direction="incoming")  # they called back later
    assert Lead.objects.get(pk=row.pk).junk_reason == "no_answer"


def test_a_batch_of_new_applications_cannot_bring_it_in(frozen) -> None:
    body = {"phone": "+79165550000", "source": "site", "status": "junk", "junk_reason": "no_answer"}
    assert register_lead(read_application(body)).lead.status == "new"
