"""Recording on the card: calls, messages, comments, tasks, taking and handing over, and what is refused."""

import re
from datetime import UTC, datetime

import pytest

from leads.models import Lead, Touch
from tasks.models import Task
from tests.conftest import Frozen
from tests.factories import LawyerFactory, ManagerFactory, OperatorFactory, lead, lead_in
from tests.pages import signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


def post(user, row: Lead, page: str, **sent: str):
    return signed_in(user).post(f"/leads/{row.pk}/{page}/", sent, follow=True)


def test_an_unanswered_call_moves_a_new_lead_to_calling_and_takes_it() -> None:
    operator, row = OperatorFactory(), lead()
    page = post(operator, row, "touches", pane="call", outcome="no_answer", comment="Гудки")
    row.refresh_from_db()
    assert (row.status, row.responsible, row.touches_count) == ("dialing", operator, 1)
    assert "Касание 1 записано. Дальше:" in text_of(page)


def test_an_incoming_call_and_its_recording_are_kept() -> None:
    row = lead()
    recording = "https://records.example.org/1.mp3"
    post(
        OperatorFactory(),
        row,
        "touches",
        pane="call",
        outcome="answered",
        direction="incoming",
        recording_url=recording,
    )
    made = Touch.objects.get()
    assert (made.channel, made.direction, made.outcome, made.recording_url) == (
        "call",
        "incoming",
        "answered",
        recording,
    )


def test_a_message_names_its_messenger() -> None:
    row = lead()
    page = post(
        OperatorFactory(), row, "touches", pane="message", channel="telegram", outcome="sent", comment="Здравствуйте"
    )
    assert Touch.objects.get().channel == "telegram"
    assert "Telegram: Сообщение отправлено касание 1" in text_of(page)


def test_a_promised_call_takes_the_place_of_the_automatic_one(frozen: Frozen) -> None:
    operator, row = OperatorFactory(), lead(city="Уфа")
    post(operator, row, "touches", pane="call", outcome="answered", then="callback", call_back_at="2026-11-25T12:40")
    calls = Task.objects.open().filter(lead=row, kind="contact_client")
    assert [(task.promised, task.due_at, task.assignee) for task in calls] == [
        (True, datetime(2026, 11, 25, 7, 40, tzinfo=UTC), operator)
    ]


def test_a_call_can_end_with_a_meeting_or_a_postponed_decision(frozen: Frozen) -> None:
    booked, waiting = lead(), lead()
    operator = OperatorFactory()
    post(operator, booked, "touches", outcome="answered", then="meeting", meeting_at="2026-11-25T15:00", office="main")
    post(operator, waiting, "touches", outcome="answered", then="postponed", postponed_at="2026-12-01T11:00")
    booked.refresh_from_db()
    waiting.refresh_from_db()
    assert (booked.status, booked.office.code) == ("meeting", "main")
    assert (waiting.status, waiting.callback_at) == ("postponed", datetime(2026, 12, 1, 8, 0, tzinfo=UTC))


def test_who_did_not_come_is_recorded_at_the_office() -> None:
    row = lead_in("meeting")
    page = signed_in(ManagerFactory()).get(f"/leads/{row.pk}/")
    assert "Не пришёл" in text_of(page)
    post(ManagerFactory(), row, "touches", pane="call", outcome="no_show")
    assert Touch.objects.get().channel == "office"
    row.refresh_from_db()
    assert row.status == "meeting"


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "Выберите, чем закончился звонок"),
        ({"outcome": "nonsense"}, "Выберите, чем закончился звонок"),
        ({"result": "nonsense"}, "Выберите, чем закончился звонок"),
        ({"result": "callback"}, "Укажите, когда перезвонить"),
        ({"result": "meeting"}, "Укажите дату и время встречи"),
        ({"result": "callback", "call_back_at": "2020-01-01T10:00"}, "Это время прошло."),
        ({"result": "meeting", "meeting_at": "2020-01-01T10:00"}, "Это время прошло."),
        ({"result": "answered", "recording_url": "javascript:alert(1)"}, "Ссылка на запись"),
        ({"result": "junk"}, "Выберите причину"),
        ({"result": "no_show"}, "Выберите, чем закончился звонок"),
    ],
)
def test_a_wrong_touch_shows_the_card_with_what_was_typed(sent: dict[str, str], said: str) -> None:
    row = lead()
    page = post(OperatorFactory(), row, "touches", pane="call", comment="Просил подумать", **sent)
    assert page.status_code == 422
    assert said in text_of(page)
    assert "Просил подумать" in page.content.decode()
    assert not Touch.objects.exists()


def test_a_touch_sent_twice_is_one_touch() -> None:
    row = lead()
    client = signed_in(OperatorFactory())
    page = client.get(f"/leads/{row.pk}/").content.decode()
    sent = {"outcome": "no_answer", "token": re.search(r'name="token" value="([^"]+)"', page)[1]}
    for _press in range(2):
        assert client.post(f"/leads/{row.pk}/touches/", sent).status_code == 302
    assert Touch.objects.count() == 1


@pytest.mark.parametrize("page", ["touches", "comments", "tasks"])
def test_a_duplicate_takes_no_records(page: str) -> None:
    repeat = lead(phone=lead().phone)
    sent = {"outcome": "answered", "text": "Позвонить", "due_at": "2030-11-25T15:00"}
    answer = post(ManagerFactory(), repeat, page, **sent)
    assert answer.status_code == 409
    assert "Это дубль" in text_of(answer)
    assert not Touch.objects.exists()


def test_a_comment_is_added_to_the_history() -> None:
    row, manager = lead(), ManagerFactory(name="Денис Орлов")
    page = text_of(post(manager, row, "comments", text="Есть автомобиль 2014 года"))
    assert "Комментарий записан" in page
    assert re.search(r"Комментарий \d\d:\d\d · Орлов Есть автомобиль 2014 года", page)
    empty = post(manager, row, "comments", text=" ")
    assert empty.status_code == 422
    assert "Напишите комментарий" in text_of(empty)


def test_a_task_is_due_on_the_clients_clock(frozen: Frozen) -> None:
    row = lead(city="Уфа")
    page = post(OperatorFactory(), row, "tasks", text="Уточнить долг", due_at="2026-11-25T15:00")
    assert Task.objects.get(kind="manual").due_at == datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
    assert "Задача поставлена" in text_of(page)
    past = post(OperatorFactory(), row, "tasks", text="Уточнить доход", due_at="2020-01-01T10:00")
    assert past.status_code in (404, 422)


def test_a_wrong_task_keeps_what_was_typed() -> None:
    page = post(ManagerFactory(), lead(), "tasks", text="Уточнить доход", due_at="2020-01-01T10:00")
    assert page.status_code == 422
    assert "Это время прошло." in text_of(page)
    assert "Уточнить доход" in page.content.decode()


def test_an_unassigned_lead_is_taken_and_who_was_faster_is_named() -> None:
    row, first, second = lead(), OperatorFactory(name="Денис Орлов"), OperatorFactory()
    post(first, row, "take")
    row.refresh_from_db()
    assert row.responsible == first
    late = post(second, row, "take")
    assert late.status_code == 409
    assert "Лид взял Денис Орлов" in text_of(late)


def test_the_head_hands_a_lead_over() -> None:
    row, operator = lead(), OperatorFactory(name="Марина Ковалёва")
    page = post(ManagerFactory(), row, "assign", responsible=str(operator.pk))
    row.refresh_from_db()
    assert row.responsible == operator
    assert "Ответственный: Марина Ковалёва" in text_of(page)
    for wrong in ("", "0", "nobody", str(LawyerFactory().pk)):
        assert post(ManagerFactory(), row, "assign", responsible=wrong).status_code == 422


def test_who_may_not_gets_403_and_who_may_not_see_404() -> None:
    row = lead(by=OperatorFactory())
    for page in ("touches", "comments", "tasks", "take"):
        assert post(LawyerFactory(), row, page).status_code == 403
    assert post(OperatorFactory(), row, "assign").status_code == 403
    for page in ("touches", "comments", "tasks"):
        assert post(OperatorFactory(), row, page, outcome="answered", text="x").status_code == 404


def test_records_are_posted() -> None:
    client, row = signed_in(ManagerFactory()), lead()
    for page in ("touches", "comments", "tasks"):
        assert client.get(f"/leads/{row.pk}/{page}/").status_code == 405


@pytest.mark.parametrize(
    ("result", "more", "status", "outcome"),
    [
        ("meeting", {"meeting_at": "2026-11-25T15:00"}, "meeting", "answered"),
        ("callback", {"call_back_at": "2026-11-25T15:00"}, "dialing", "answered"),
        ("no_answer", {}, "dialing", "no_answer"),
        ("busy", {}, "dialing", "busy"),
        ("postponed", {"postponed_at": "2026-12-01T15:00"}, "postponed", "answered"),
        ("junk", {"junk_reason": "wrong_number"}, "junk", "wrong_number"),
        ("answered", {}, "dialing", "answered"),
    ],
)
def test_each_result_of_my_day_does_the_same_on_the_card(
    result: str, more: dict[str, str], status: str, outcome: str, frozen: Frozen
) -> None:
    row, operator = lead(), OperatorFactory()
    post(operator, row, "touches", pane="call", result=result, **more)
    row.refresh_from_db()
    assert (row.status, Touch.objects.get().outcome) == (status, outcome)
    soon = Task.objects.open().filter(lead=row, kind="contact_client", due_at=datetime(2026, 11, 24, 9, 20, tzinfo=UTC))
    assert soon.exists() == (result == "busy")


def test_a_meeting_is_booked_and_moved_from_its_own_tab(frozen: Frozen) -> None:
    row, operator = lead(), OperatorFactory()
    client = signed_in(operator)
    for moment, when in (("2026-11-25T15:00", 12), ("2026-11-26T11:00", 8)):
        row.refresh_from_db()
        sent = {"to": "meeting", "meeting_at": moment, "office": "main", "version": row.version}
        client.post(f"/leads/{row.pk}/status/", sent)
        row.refresh_from_db()
        assert (row.status, row.meeting_at.hour) == ("meeting", when)


def test_a_touch_sent_without_a_pane_is_shown_again_as_well() -> None:
    page = post(OperatorFactory(), lead(), "touches", outcome="nonsense", comment="Просил подумать")
    assert page.status_code == 422
    assert "Что дальше" in text_of(page)
    assert "Просил подумать" in page.content.decode()
