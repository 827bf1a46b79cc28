"""The life of a meeting on a standing clock: booked, moved, confirmed, held or not, and the tasks at every turn."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from history.models import Event
from leads.models import Lead, Office
from leads.pipeline import Move, Status
from leads.queue import Reason, queue
from tasks.models import Task
from tasks.reminders import remind
from team.models import Notice, User
from tests.conftest import Frozen
from tests.factories import ManagerFactory, OfficeFactory, OperatorFactory, lead, move, touch
from tests.pages import signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]

MOSCOW, UFA = ZoneInfo("Europe/Moscow"), ZoneInfo("Asia/Yekaterinburg")


def at(moment: str, zone: ZoneInfo = MOSCOW) -> datetime:
    """«25 15:00» of November (December before the 24th) on the clocks of `zone`."""
    day, _blank, hour = moment.partition(" ")
    month = 11 if int(day) >= 24 else 12
    return datetime.fromisoformat(f"2026-{month}-{int(day):02d}T{hour}").replace(tzinfo=zone).astimezone(UTC)


def booked(when: str, *, zone: ZoneInfo = MOSCOW, by: User | None = None) -> Lead:
    city = "Уфа" if zone is UFA else "Москва"
    return move(lead(name="Пётр", city=city, by=by), "meeting", meeting_at=at(when, zone), by=by)


def waiting(row: Lead, *kinds: str) -> list[tuple[str, datetime]]:
    tasks = Task.objects.open().filter(lead=row, **({"kind__in": kinds} if kinds else {})).order_by("due_at", "kind")
    return list(tasks.values_list("kind", "due_at"))


@pytest.mark.parametrize(
    ("when", "zone", "confirmations"),
    [
        ("24 12:40", MOSCOW, ["24 12:00"]),  # both moments are past: now, once
        ("24 18:00", MOSCOW, ["24 12:00", "24 16:00"]),
        ("25 09:30", MOSCOW, ["24 17:00", "25 09:00"]),  # nobody is called at half past seven
        ("25 15:00", MOSCOW, ["24 17:00", "25 13:00"]),
        ("25 15:00", UFA, ["24 17:00", "25 13:00"]),  # on the client's clock
        ("1 11:00", MOSCOW, ["30 17:00", "1 09:00"]),
    ],
)
def test_a_booked_meeting_sets_its_tasks(frozen: Frozen, when: str, zone: ZoneInfo, confirmations: list[str]) -> None:
    row = booked(when, zone=zone)
    assert waiting(row, "send_address") == [("send_address", frozen.now)]
    expected = [frozen.now if moment == "24 12:00" else at(moment, zone) for moment in confirmations]
    assert [due for _kind, due in waiting(row, "confirm_meeting")] == expected
    assert len(waiting(row)) == 1 + len(expected)


def test_a_moved_meeting_takes_its_tasks_along_and_history_keeps_the_old_time(frozen: Frozen) -> None:
    row = booked("25 15:00")
    frozen.move(hours=1)
    row = move(row, "meeting", meeting_at=at("1 11:00"))
    assert [due for _kind, due in waiting(row, "confirm_meeting")] == [at("30 17:00"), at("1 09:00")]
    last = Event.objects.filter(lead_id=row.pk, kind="status").latest("pk")
    assert last.data["old_meeting_at"] == at("25 15:00").isoformat()
    assert last.data["meeting_at"] == at("1 11:00").isoformat()
    cancelled = Task.objects.filter(lead=row, kind="confirm_meeting", state="cancelled")
    assert cancelled.count() == 2


def test_a_moved_meeting_keeps_its_office_unless_another_is_named(frozen: Frozen) -> None:
    second, third = OfficeFactory(), OfficeFactory()
    row = move(lead(), "meeting")
    assert row.office == Office.objects.get(code="main")  # the first, where there was none
    row = move(row, "meeting", office=second.code)
    assert move(row, "meeting").office == second
    assert move(move(row, "visit"), "meeting").office == second
    Office.objects.filter(pk=second.pk).update(active=False)
    assert move(row, "meeting").office.code == "main"  # nobody is sent to an office that has closed
    assert move(row, "meeting", office=third.code).office == third
    page = signed_in(ManagerFactory()).get(f"/leads/{row.pk}/status/?to=meeting").content.decode()
    assert f'value="{third.code}" selected' in page


def test_a_held_meeting_is_a_visit_with_a_task_for_the_next_working_day(frozen: Frozen) -> None:
    row = booked("27 15:00")  # a Friday
    frozen.set(at("27 16:00"))
    row = move(row, "visit")
    assert waiting(row) == [("update_need", at("30 09:00"))]


@pytest.mark.parametrize(
    ("outcome", "channel", "direction"),
    [("answered", "call", "outgoing"), ("answered", "call", "incoming"), ("replied", "whatsapp", "incoming"),
     ("replied", "telegram", "outgoing")],
)  # fmt: skip
def test_who_was_reached_has_confirmed(frozen: Frozen, outcome: str, channel: str, direction: str) -> None:
    row = booked("25 15:00")
    frozen.set(at("24 17:10"))
    touch(row, outcome, channel, direction=direction)
    assert waiting(row, "confirm_meeting") == [("confirm_meeting", at("25 13:00"))]
    frozen.set(at("25 13:00"))
    touch(row, outcome, channel, direction=direction)
    assert waiting(row, "confirm_meeting") == []
    assert Task.objects.filter(lead=row, kind="confirm_meeting", state="done").count() == 2


def test_one_word_confirms_what_was_left_of_the_day_before(frozen: Frozen) -> None:
    row = booked("25 15:00")
    frozen.set(at("25 13:05"))
    touch(row, "answered")
    assert waiting(row, "confirm_meeting") == []


def test_a_conversation_before_the_time_confirms_nothing(frozen: Frozen) -> None:
    row = booked("25 15:00")
    touch(row, "answered")
    assert len(waiting(row, "confirm_meeting")) == 2


@pytest.mark.parametrize(("outcome", "channel"), [("sent", "whatsapp"), ("no_answer", "whatsapp")])
def test_a_message_that_was_only_sent_confirms_nothing(frozen: Frozen, outcome: str, channel: str) -> None:
    row = booked("25 15:00")
    frozen.set(at("24 17:10"))
    touch(row, outcome, channel)
    assert waiting(row, "confirm_meeting")[0] == ("confirm_meeting", at("24 17:00"))


def test_a_call_in_vain_is_made_again_a_little_later_while_there_is_time(frozen: Frozen) -> None:
    operator = OperatorFactory()
    row = booked("25 15:00", by=operator)
    touch(row, "sent", "whatsapp", by=operator, sends_address=True)
    frozen.set(at("25 13:00"))
    remind()
    touch(row, "no_answer", by=operator)
    assert {due for _kind, due in waiting(row, "confirm_meeting")} == {at("25 13:30")}
    assert queue(operator, at=frozen.now) == []
    frozen.set(at("25 13:30"))
    assert [(offer.lead, offer.reason) for offer in queue(operator, at=frozen.now)] == [(row, Reason.MEETING)]
    remind()
    assert Notice.objects.filter(lead_id=row.pk, kind="meeting_due").count() >= 2  # told again
    frozen.set(at("25 14:40"))
    touch(row, "no_answer", by=operator)
    assert {due for _kind, due in waiting(row, "confirm_meeting")} == {at("25 13:30")}  # too late to wait


def test_the_address_is_sent_by_a_message_made_for_it(frozen: Frozen) -> None:
    row = booked("25 15:00")
    touch(row, "answered")
    touch(row, "sent", "whatsapp")
    assert len(waiting(row, "send_address")) == 1
    touch(row, "sent", "whatsapp", sends_address=True)
    assert waiting(row, "send_address") == []


def test_who_did_not_come_is_called_and_asked_nothing_more_about_that_meeting(frozen: Frozen) -> None:
    row = booked("25 15:00")
    frozen.set(at("25 15:30"))
    touch(row, "no_show", "office")
    assert (row.status, row.meeting_at) == ("meeting", at("25 15:00"))
    assert waiting(row) == [("contact_client", frozen.now)]


def test_who_did_not_come_may_go_back_to_being_called(frozen: Frozen) -> None:
    row = booked("25 15:00")
    frozen.set(at("25 15:30"))
    touch(row, "no_show", "office", then=Move(Status.DIALING))
    assert (row.status, row.meeting_at, row.no_show_at) == ("dialing", None, frozen.now)
    assert waiting(row) == [("contact_client", frozen.now), ("write_messenger", frozen.now)]


def test_on_the_card_it_is_one_press_once_the_time_has_come(frozen: Frozen) -> None:
    operator = OperatorFactory()
    row, other = booked("25 15:00", by=operator), booked("25 15:00", by=operator)
    client = signed_in(operator)
    assert "Клиент пришёл?" not in text_of(client.get(f"/leads/{row.pk}/"))
    frozen.set(at("25 15:00"))
    page = text_of(client.get(f"/leads/{row.pk}/"))
    assert "Клиент пришёл? Пришёл: визит Не пришёл: позвонить Не пришёл: в прозвон" in page
    stays = client.post(f"/leads/{row.pk}/no-show/", {"then": ""}, follow=True)
    assert "Касание 1 записано. Дальше: Связаться с клиентом" in text_of(stays)
    client.post(f"/leads/{other.pk}/no-show/", {"then": "dialing"})
    assert list(Lead.objects.order_by("pk").values_list("status", flat=True)) == ["meeting", "dialing"]
    again = client.post(f"/leads/{other.pk}/no-show/")
    assert again.status_code == 409
    assert "«Не пришёл» — для лида, у которого назначена встреча" in text_of(again)


def test_a_second_no_show_counts_the_lead_once_where_the_first_was(frozen: Frozen) -> None:
    """Numbers of the report count leads, each open as the list of exactly those leads; history has both times."""
    row = booked("25 15:00")
    frozen.set(at("25 16:00"))
    touch(row, "no_show", "office")
    first = row.no_show_at
    row = move(row, "meeting", meeting_at=at("2 15:00"))
    frozen.set(at("2 16:00"))
    touch(row, "no_show", "office")
    client = signed_in(ManagerFactory(language="ru"))
    assert row.no_show_at == first
    assert row.touches.filter(outcome="no_show").count() == 2
    for basis in ("created", "event"):
        for start, end, count in (("2026-11-01", "2026-11-30", 1), ("2026-12-01", "2026-12-31", 0)):
            page = client.get(f"/leads/?counted=no_shows&basis={basis}&from={start}&to={end}").content.decode()
            assert (f"/leads/{row.pk}/" in page) == bool(count)


def test_a_postponed_decision_wakes_at_the_clients_hour(frozen: Frozen) -> None:
    operator = OperatorFactory()
    row = move(lead(city="Уфа", by=operator), "postponed", callback_at=at("26 07:00", UFA), by=operator)
    assert waiting(row) == [("contact_client", at("26 09:00", UFA))]
    frozen.set(at("26 08:59", UFA))
    assert queue(operator, at=frozen.now) == []
    frozen.set(at("26 09:00", UFA))
    assert [(offer.lead, offer.reason) for offer in queue(operator, at=frozen.now)] == [(row, Reason.POSTPONED)]
