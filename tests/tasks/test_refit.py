"""A client turns out to live in another time zone: what is planned moves into their hours, what was promised stays."""

from datetime import UTC, datetime, timedelta

import pytest

from leads.editing import edit_lead, set_task
from leads.models import Lead
from tasks.models import Task
from tests.factories import OperatorFactory, lead, lead_in, move

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


def moscow(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}+03:00").astimezone(UTC)


def dues(row: Lead, kind: str = "contact_client") -> list[datetime]:
    return list(row.tasks.open().filter(kind=kind).values_list("due_at", flat=True))


@pytest.mark.parametrize(
    ("now", "city", "due"),
    [
        ("24 12:00", "Владивосток", "24 12:00"),  # 19:00 there
        ("24 13:30", "Владивосток", "25 02:00"),  # 20:30, so nine in their morning
        ("24 12:00", "Екатеринбург", "24 12:00"),
        ("24 14:00", "Петропавловск-Камчатский", "25 00:00"),
        ("24 09:00", "Калининград", "24 10:00"),
    ],
)
def test_what_is_due_at_night_comes_in_their_morning(now: str, city: str, due: str, frozen) -> None:
    frozen.set(moscow(now))
    row = lead()
    assert dues(row) == [frozen.now]
    edit_lead(row.pk, {"city": city}, by=None)
    assert dues(row) == [moscow(due)]


def test_marks_are_taken_off_so_that_it_is_told_anew(frozen) -> None:
    frozen.set(moscow("24 14:00"))
    row = lead()
    Task.objects.filter(lead=row).update(reminded_at=frozen.now, escalated_at=frozen.now)
    edit_lead(row.pk, {"city": "Владивосток"}, by=None)
    task = row.tasks.get()
    assert (task.reminded_at, task.escalated_at) == (None, None)


def test_what_a_person_set_and_what_fits_stays(frozen) -> None:
    frozen.set(moscow("24 14:00"))
    operator = OperatorFactory()
    row = lead_in("visit", by=operator)  # due tomorrow at nine in Moscow
    by_hand = set_task(row.pk, text="позвонить", due_at=moscow("24 19:00"), by=operator)
    edit_lead(row.pk, {"city": "Владивосток"}, by=operator)
    assert dues(row, "update_need") == [moscow("25 09:00")]
    assert Task.objects.get(pk=by_hand.pk).due_at == moscow("24 19:00")


def test_a_name_moves_nothing(frozen) -> None:
    row = lead()
    Task.objects.filter(lead=row).update(due_at=moscow("24 03:00"))
    edit_lead(row.pk, {"name": "Ольга"}, by=None)
    assert dues(row) == [moscow("24 03:00")]


def test_a_meeting_is_not_confirmed_after_it(frozen) -> None:
    frozen.set(moscow("24 10:00"))
    row = move(lead(), "meeting", meeting_at=moscow("25 11:00"))
    assert dues(row, "confirm_meeting") == [moscow("24 17:00"), moscow("25 09:00")]
    edit_lead(row.pk, {"city": "Калининград"}, by=None)  # nine in Moscow is eight there
    assert dues(row, "confirm_meeting") == [moscow("24 17:00"), moscow("25 10:00")]
    row = move(lead(), "meeting", meeting_at=moscow("25 11:00"))
    Task.objects.filter(lead=row, kind="confirm_meeting").update(due_at=moscow("25 09:30"))
    Lead.objects.filter(pk=row.pk).update(meeting_at=moscow("25 09:45"))
    edit_lead(row.pk, {"city": "Калининград"}, by=None)
    assert dues(row, "confirm_meeting") == []


def test_the_next_planning_uses_the_new_zone(frozen) -> None:
    row = lead()
    edit_lead(row.pk, {"city": "Владивосток"}, by=None)
    frozen.move(hours=4)
    row = move(Lead.objects.get(pk=row.pk), "dialing")
    assert dues(row) == [moscow("25 02:00")]
    assert Lead.objects.get(pk=row.pk).tasks.open().count() == 2


def test_a_number_given_later_brings_its_zone(frozen) -> None:
    frozen.set(moscow("24 09:30"))
    row = lead(phone="", email="a@example.ru")
    assert dues(row) == [frozen.now]
    edit_lead(row.pk, {"phone": "+74012123456"}, by=None)  # Kaliningrad
    assert dues(row) == [frozen.now + timedelta(minutes=30)]
