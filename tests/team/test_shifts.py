"""Shifts that end by themselves: with the firm's day, after the longest shift, for whoever leaves the firm."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from sources.models import Source
from team import jobs
from team.actions import set_shift, shift_state
from team.holds import take_hold
from team.models import Hold, ShiftPeriod, ShiftPolicy
from team.shifts import end_shifts
from tests.factories import AdminFactory, OperatorFactory, lead
from tests.pages import at_most, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]
MOSCOW = ZoneInfo("Europe/Moscow")


def at(clock, text: str) -> None:
    clock.set(datetime.fromisoformat(text).replace(tzinfo=MOSCOW))


@pytest.mark.parametrize("state", ["on", "break"])
def test_the_day_ends_for_whoever_forgot(frozen, state: str) -> None:
    user = OperatorFactory()
    at(frozen, "2026-11-24 10:00")
    set_shift(user.pk, state)
    at(frozen, "2026-11-24 20:59")
    assert end_shifts() == 0
    at(frozen, "2026-11-24 21:00")
    assert end_shifts() == 1
    assert shift_state(user.pk) == "off"
    assert ShiftPeriod.objects.get().ended_at == frozen.now
    assert end_shifts() == 0


def test_a_late_run_ends_it_too(frozen) -> None:
    user = OperatorFactory()
    at(frozen, "2026-11-24 10:00")
    set_shift(user.pk, "on")
    at(frozen, "2026-11-26 03:00")
    jobs.end_shifts()
    assert shift_state(user.pk) == "off"


def test_who_comes_after_the_end_of_the_day_stays_until_the_next_one_or_the_longest_shift(frozen) -> None:
    user = OperatorFactory()
    at(frozen, "2026-11-24 22:00")
    set_shift(user.pk, "on")
    at(frozen, "2026-11-25 09:59")
    assert end_shifts() == 0
    at(frozen, "2026-11-25 10:00")  # twelve hours
    assert end_shifts() == 1


def test_breaks_belong_to_the_shift(frozen) -> None:
    ShiftPolicy.objects.update(ends_at=None, longest_hours=8)
    user = OperatorFactory()
    at(frozen, "2026-11-24 09:00")
    set_shift(user.pk, "on")
    at(frozen, "2026-11-24 13:00")
    set_shift(user.pk, "break")
    at(frozen, "2026-11-24 14:00")
    set_shift(user.pk, "on")
    at(frozen, "2026-11-24 16:59")
    assert end_shifts() == 0
    at(frozen, "2026-11-24 17:00")
    assert end_shifts() == 1


def test_an_hour_off_line_begins_a_new_shift(frozen) -> None:
    ShiftPolicy.objects.update(ends_at=None, longest_hours=8)
    user = OperatorFactory()
    at(frozen, "2026-11-24 09:00")
    set_shift(user.pk, "on")
    at(frozen, "2026-11-24 13:00")
    set_shift(user.pk, "off")
    at(frozen, "2026-11-24 14:00")
    set_shift(user.pk, "on")
    at(frozen, "2026-11-24 21:59")
    assert end_shifts() == 0


def test_the_end_of_a_shift_frees_the_client_whom_somebody_held(frozen) -> None:
    user = OperatorFactory()
    at(frozen, "2026-11-24 20:50")
    set_shift(user.pk, "on")
    take_hold(lead().pk, by=user, at=frozen.now)
    at(frozen, "2026-11-24 21:00")
    end_shifts()
    assert not Hold.objects.exists()


def test_the_policy_and_the_limit_are_edited_in_the_admin(frozen) -> None:
    client, user = signed_in(AdminFactory()), OperatorFactory()
    policy = {"ends_at": "19:30", "longest_hours": "10"}
    assert client.post("/admin/team/shiftpolicy/1/change/", policy).status_code == 302
    assert str(ShiftPolicy.current().ends_at) == "19:30:00"
    distribution = {"active": "on", "limit": "30", "return_after_minutes": ""}
    assert client.post("/admin/leads/distributionpolicy/1/change/", distribution).status_code == 302
    person = {"username": user.username, "name": user.name, "email": "", "role": "operator", "is_active": "on"}
    assert client.post(f"/admin/team/user/{user.pk}/change/", person | {"lead_limit": "7"}).status_code == 302
    user.refresh_from_db()
    assert user.lead_limit == 7


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("/admin/team/shiftpolicy/1/change/", {"ends_at": "", "longest_hours": "0"}),
        ("/admin/leads/distributionpolicy/1/change/", {"active": "on", "limit": "5", "return_after_minutes": "0"}),
    ],
)
def test_policies_under_which_nobody_could_work_are_refused(frozen, address: str, form: dict[str, str]) -> None:
    answer = signed_in(AdminFactory()).post(address, form)
    assert answer.status_code == 200
    assert "больше либо равно 1" in answer.content.decode()


def test_old_shifts_cost_nothing(frozen) -> None:
    user = OperatorFactory()
    at(frozen, "2026-11-24 09:00")
    with at_most(4):
        assert end_shifts() == 0
    set_shift(user.pk, "on")
    for _ in range(5):
        frozen.move(minutes=5)
        set_shift(user.pk, "break")
        frozen.move(minutes=5)
        set_shift(user.pk, "on")
    with at_most(5):
        assert end_shifts() == 0


@pytest.mark.parametrize("change", [{"role": "manager"}, {"is_active": ""}])
def test_who_leaves_or_changes_the_role_goes_off_line(frozen, change: dict[str, str]) -> None:
    client, user = signed_in(AdminFactory()), OperatorFactory()
    set_shift(user.pk, "on")
    person = {"username": user.username, "name": user.name, "role": "operator", "is_active": "on"} | change
    person = {name: value for name, value in person.items() if value}
    assert client.post(f"/admin/team/user/{user.pk}/change/", person).status_code == 302
    assert shift_state(user.pk) == "off"


def test_the_operators_of_a_source_are_chosen_in_the_admin(frozen) -> None:
    client, user, head = signed_in(AdminFactory()), OperatorFactory(), AdminFactory()
    source = Source.objects.get(code="partner")
    form = {"name": source.name, "channel": source.channel, "position": source.position, "bitrix24_id": ""}
    lines = {"aliases-TOTAL_FORMS": "0", "aliases-INITIAL_FORMS": "0"}
    address = f"/admin/sources/source/{source.pk}/change/"
    assert client.post(address, form | lines | {"operators": [user.pk]}).status_code == 302
    assert list(source.operators.all()) == [user]
    refused = client.post(address, form | lines | {"operators": [head.pk]})
    assert refused.status_code == 200
    assert "Лиды раздают только операторам." in refused.content.decode()
    assert list(source.operators.all()) == [user]
