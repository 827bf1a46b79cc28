"""«Недозвон» at its borders, at every door there is: the card, the API, the admin's bulk action and the verb itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from crm.errors import Refused
from leads.actions import change_status
from leads.models import Lead
from leads.pipeline import Move, Status
from tests.factories import AdminFactory, ApiKeyFactory, ManagerFactory, Policy, header, lead, move, touch
from tests.pages import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]

JUNK = {"to": "junk", "junk_reason": "no_answer"}


def by_verb(row: Lead) -> None:
    with suppress(Refused):
        change_status(row.pk, Move(Status.JUNK, junk_reason="no_answer"), by=ManagerFactory())


def by_card(row: Lead) -> None:
    answer = signed_in(ManagerFactory()).post(f"/leads/{row.pk}/junk/", {"junk_reason": "no_answer"})
    assert answer.status_code in (302, 409, 422)


def by_api(row: Lead) -> None:
    key = ApiKeyFactory(user=ManagerFactory())
    answer = APIClient().post(f"/api/v1/leads/{row.pk}/transition/", JUNK, "json", headers=header(key))
    assert answer.status_code in (200, 409)
    if answer.status_code == 409:
        assert answer.json()["code"] == "no_answer_not_earned"


def by_admin(row: Lead) -> None:
    sent = {**JUNK, "action": "move", "apply": "1", "_selected_action": [row.pk, lead().pk]}
    assert signed_in(AdminFactory()).post(reverse("admin:leads_lead_changelist"), sent).status_code in (200, 302)


DOORS = [by_verb, by_card, by_api, by_admin]

# How many touches on how many days are asked for, and the touches made, as hours before now; whether that is enough.
BORDERS = {
    "one too few": (3, 1, [3, 2], False),
    "exactly as many": (3, 1, [3, 2, 1], True),
    "one more": (3, 1, [4, 3, 2, 1], True),
    "inside the gap": (3, 1, [3, 2, 1.01], False),  # 59.4 minutes after the one before
    "on the gap": (3, 1, [2.5, 1.5, 0.5], True),
    "a day too few": (2, 2, [3, 2], False),  # it is noon: both are of today
    "on two days": (2, 2, [13, 2], True),  # 23:00 yesterday
    "midnight": (2, 2, [12, 11], False),  # 0:00 and 1:00 today
}


def prepared(border: str, frozen, **body) -> tuple[Lead, bool]:
    touches, days, before, enough = BORDERS[border]
    Policy.touches(touches=touches, days=days)
    admin = AdminFactory()
    row = lead(by=admin, arrived_at=frozen.now - timedelta(days=4), **body)
    for hours in before:
        touch(row, by=admin, at=frozen.now - timedelta(hours=hours))
    return row, enough


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
@pytest.mark.parametrize("border", BORDERS)
def test_the_borders_are_the_same_at_every_door(border: str, door: Callable[[Lead], None], frozen) -> None:
    row, enough = prepared(border, frozen)
    door(row)
    row.refresh_from_db()
    assert (row.status == "junk", row.junk_reason) == ((True, "no_answer") if enough else (False, ""))


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_answered_in_between_and_reopened_at_every_door(door: Callable[[Lead], None], frozen) -> None:
    row, _enough = prepared("exactly as many", frozen)
    touch(row, "answered", by=AdminFactory(), at=frozen.now - timedelta(hours=1, minutes=30))
    door(row)
    assert Lead.objects.get(pk=row.pk).status == "dialing"
    row, _enough = prepared("exactly as many", frozen)
    by_verb(row)
    frozen.move(minutes=1)
    move(row, "dialing", by=ManagerFactory())
    door(row)
    assert Lead.objects.get(pk=row.pk).status == "dialing"


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_days_are_the_clients_at_every_door(door: Callable[[Lead], None], frozen) -> None:
    # 16:30 and 17:30 of yesterday in Moscow: two days in Vladivostok, one in Kaliningrad.
    Policy.touches(touches=2, days=2)
    admin = AdminFactory()
    for city, status in (("Владивосток", "junk"), ("Калининград", "dialing")):
        row = lead(by=admin, city=city, arrived_at=frozen.now - timedelta(days=2))
        for hours in (19.5, 18.5):
            touch(row, by=admin, at=frozen.now - timedelta(hours=hours))
        door(row)
        assert Lead.objects.get(pk=row.pk).status == status


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_the_admin_edits_the_policy_for_every_door(door: Callable[[Lead], None], frozen) -> None:
    row, _enough = prepared("exactly as many", frozen)
    page = reverse("admin:leads_touchpolicy_change", args=[1])
    client = signed_in(AdminFactory())
    sent = {"touches": 4, "days": 1, "gap_minutes": 60, "day_parts": 0, "messages": 0}
    assert client.post(page, sent).status_code == 302
    door(row)
    assert Lead.objects.get(pk=row.pk).status == "dialing"
    client.post(page, {**sent, "touches": 3})
    door(row)
    closed = Lead.objects.get(pk=row.pk)
    assert closed.junk_reason == "no_answer"
    client.post(page, {**sent, "touches": 9})
    assert Lead.objects.get(pk=row.pk).junk_reason == "no_answer", "what was earned stays so"
