"""«Мой день»: the client on top with the reason, the six results as plain forms, what is said before and after."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client

from contacts.models import Contact
from leads.models import CallScript, DayPlan, Lead
from leads.remarks import log_conversation
from leads.touches import NewTouch
from tasks.models import Kind, Task
from team.actions import set_shift
from team.models import Hold, User
from tests.conftest import Frozen
from tests.factories import ManagerFactory, OperatorFactory, lead, lead_in, lead_nobody_reached, touch
from tests.page_forms import read
from tests.pages import HOSTILE, at_most, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues", "frozen")]


@pytest.fixture
def operator() -> User:
    person = OperatorFactory(name="Марина Ковалёва")
    set_shift(person.pk, "on")
    return person


@pytest.fixture
def pages(operator: User) -> Client:
    return signed_in(operator)


def opened(pages: Client, where: str = "/day/") -> str:
    response = pages.get(where, follow=True)
    assert response.status_code == 200
    return text_of(response)


def send(pages: Client, row: Lead, **typed: str) -> str:
    """The form of the results as it stands on the page, with these values; the text of the answer."""
    page = pages.get(f"/day/?lead={row.pk}", follow=True).content.decode()
    form = next(form for form in read("/day/", page)[0] if form.action.endswith("/result/"))
    kept = {name: form.values[name] for name in ("csrfmiddlewaretoken", "token")}
    response = pages.post(form.action, {**kept, **typed}, follow=True)
    assert response.redirect_chain
    return text_of(response)


def open_calls(row: Lead) -> list[datetime]:
    calls = Task.objects.open().filter(lead=row, kind=Kind.CONTACT_CLIENT)
    return list(calls.order_by("due_at").values_list("due_at", flat=True))


def test_the_first_page_of_an_operator_is_their_day(pages: Client) -> None:
    assert pages.get("/").url == "/day/"


def test_the_next_client_is_on_top_with_the_reason(pages: Client, operator: User, frozen: Frozen) -> None:
    row = lead(name="Сергей Лапшин", city="Уфа", debt_amount="870000", comment="Пять кредитов")
    frozen.move(minutes=2)
    said = opened(pages)
    for words in (
        "Новый лид. Ждёт звонка: 2 минуты.",
        "Лид закреплён за вами до 12:17",
        "Сергей Лапшин",
        "Долг 870 000 ₽",
        "Уфа · у клиента 14:02",
        "Касание 1 из 6",
        "Пять кредитов",
        "Очередь 1",
    ):
        assert words in said
    assert Hold.objects.get().user == operator
    assert f'href="tel:{row.phone}"' in pages.get("/day/").content.decode()


def test_a_promised_call_says_what_was_promised(pages: Client, operator: User, frozen: Frozen) -> None:
    row = lead(by=operator)
    promised = frozen.now + timedelta(minutes=40)
    log_conversation(row.pk, NewTouch("call", "answered"), by=operator, call_back_at=promised)
    Task.objects.filter(kind=Kind.WRITE_MESSENGER).delete()
    assert "Очередь пуста. Следующая задача в 12:40" in opened(pages)
    frozen.move(minutes=42)
    assert "Клиент просил перезвонить в 12:40 — прошло 2 минуты" in opened(pages)


@pytest.mark.parametrize(("state", "words"), [("break", "Вернуться на линию"), ("off", "Выйти на линию")])
def test_who_is_not_on_line_sees_the_queue_and_is_asked_back(
    pages: Client, operator: User, state: str, words: str
) -> None:
    lead(name="Наталья Крюкова")
    set_shift(operator.pk, state)
    said = opened(pages)
    assert words in said
    assert "Наталья Крюкова" in said
    assert not Hold.objects.exists()
    pages.post("/shift/", {"state": "on", "next": "/day/"})
    assert "Лид закреплён за вами" in opened(pages)


def test_a_client_taken_by_a_colleague_is_told_and_the_next_one_comes(pages: Client, frozen: Frozen) -> None:
    first, second = lead(), lead(name="Павел Дорохов")
    rival = OperatorFactory(name="Денис Орлов")
    set_shift(rival.pk, "on")
    signed_in(rival).get("/day/")
    assert Hold.objects.get().lead == first
    said = opened(pages, f"/day/?lead={first.pk}")
    assert "Лид взял Денис Орлов. Показываем следующий." in said
    assert Hold.objects.get(user__name="Марина Ковалёва").lead == second


def test_no_answer_says_what_follows_and_keeps_its_word(pages: Client, frozen: Frozen) -> None:
    row = lead(name="Павел Дорохов")
    assert "Не ответил дальше сегодня, 14:00" in opened(pages)
    said = send(pages, row, result="no_answer", comment="Гудки")
    assert "Павел Дорохов: не ответил. Касание 1 записано. Следующее — сегодня, 14:00." in said
    assert open_calls(row) == [frozen.now + timedelta(hours=2)]
    assert row.touches.get().comment == "Гудки"
    row.refresh_from_db()
    assert row.status == "dialing"


def test_a_busy_line_is_tried_again_twice_a_day_and_then_by_the_ladder(pages: Client, frozen: Frozen) -> None:
    row = lead()
    for repeat in range(2):
        said = opened(pages, f"/day/?lead={row.pk}")
        again = frozen.now + timedelta(minutes=20)
        assert f"Занято, сбросил повтор сегодня, {again + timedelta(hours=3):%H:%M}" in said
        send(pages, row, result="busy")
        assert open_calls(row)[0] == again, repeat
        frozen.move(minutes=21)
    assert "Занято, сбросил повтор сегодня, 14:00" in opened(pages, f"/day/?lead={row.pk}")
    send(pages, row, result="busy")
    assert open_calls(row) == [Frozen.START + timedelta(hours=2)]


def test_a_call_back_is_promised_at_the_chosen_time_of_the_client(pages: Client, frozen: Frozen) -> None:
    row = lead(city="Уфа")
    said = opened(pages)
    for chip in ("через 30 мин", "через 2 часа", "сегодня в 18:00", "завтра в 10:00", "чт в 12:00", "другое время…"):
        assert chip in said
    assert "Когда перезвонить, по времени клиента (Уфа)" in said
    page = pages.get("/day/").content.decode()
    evening = re.search(r'name="call_back" value="([^"]+)"><span>сегодня в 18:00', page)
    assert evening
    send(pages, row, result="callback", call_back=evening[1])
    assert open_calls(row) == [datetime.fromisoformat("2026-11-24T18:00+05:00")]
    row.refresh_from_db()
    assert row.status == "dialing"


def test_another_time_is_typed_on_the_clients_clock(pages: Client) -> None:
    row = lead(city="Уфа")
    send(pages, row, result="callback", call_back="other", call_back_at="2026-11-25T11:15")
    assert open_calls(row) == [datetime.fromisoformat("2026-11-25T11:15+05:00")]


def test_a_meeting_and_a_postponed_decision_are_moves(pages: Client, operator: User) -> None:
    booked, postponed = lead(), lead()
    send(pages, booked, result="meeting", meeting="other", meeting_at="2026-11-26T15:00")
    send(pages, postponed, result="postponed", postponed="2026-12-01T08:00:00+00:00")
    booked.refresh_from_db()
    postponed.refresh_from_db()
    assert (booked.status, booked.responsible) == ("meeting", operator)
    assert (postponed.status, open_calls(postponed)) == ("postponed", [postponed.callback_at])
    assert booked.touches.get().outcome == "answered"


@pytest.mark.parametrize(
    ("reason", "outcome"), [("wrong_number", "wrong_number"), ("refused", "answered"), ("small_debt", "answered")]
)
def test_a_rejected_lead_needs_its_reason(pages: Client, reason: str, outcome: str) -> None:
    row = lead()
    send(pages, row, result="junk", junk_reason=reason)
    row.refresh_from_db()
    assert (row.status, row.junk_reason, row.touches.get().outcome) == ("junk", reason, outcome)


def test_could_not_reach_is_closed_until_the_call_that_earns_it(pages: Client, frozen: Frozen) -> None:
    row = lead(name="Виктор Сёмин")
    assert re.search(r'value="no_answer"[^>]* disabled', pages.get("/day/", follow=True).content.decode())
    answer = pages.post(f"/day/{row.pk}/result/", {"result": "junk", "junk_reason": "no_answer"})
    assert answer.status_code == 409
    assert "Сделано 0 из 6 касаний" in text_of(answer) or "Сделано 1 из 6 касаний" in text_of(answer)
    assert not row.touches.exists()


def test_when_all_touches_are_made_could_not_reach_is_offered(pages: Client, operator: User, frozen: Frozen) -> None:
    row = lead_nobody_reached()
    frozen.set(row.last_touch_at + timedelta(hours=1))
    Lead.objects.filter(pk=row.pk).update(responsible=operator)
    said = opened(pages, f"/day/?lead={row.pk}")
    if "Закрыть как «Недозвон»" in said:
        send(pages, row, result="no_answer", give_up="1")
        row.refresh_from_db()
        assert (row.status, row.junk_reason) == ("junk", "no_answer")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({}, "Выберите, чем закончился звонок"),
        ({"result": "callback"}, "Укажите, когда перезвонить"),
        ({"result": "callback", "call_back": "2020-01-01T10:00:00+00:00"}, "Это время прошло"),
        ({"result": "callback", "call_back": "other", "call_back_at": "2026-11-25T23:30"}, "У клиента будет ночь"),
        ({"result": "meeting"}, "дату и время встречи"),
        ({"result": "junk"}, "Выберите причину"),
        ({"result": "dance"}, "Выберите"),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_stays(pages: Client, typed: dict[str, str], words: str) -> None:
    row = lead()
    opened(pages)
    answer = pages.post(f"/day/{row.pk}/result/", {**typed, "comment": "Просил набрать <b>"})
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert 'value="Просил набрать &lt;b&gt;"' in answer.content.decode()
    assert not row.touches.exists()
    assert Hold.objects.get().lead == row


def test_a_form_sent_twice_is_one_call(pages: Client) -> None:
    row = lead()
    page = pages.get("/day/", follow=True).content.decode()
    form = next(form for form in read("/day/", page)[0] if form.action.endswith("/result/"))
    body = {"token": form.values["token"], "result": "no_answer"}
    assert pages.post(form.action, body).url == pages.post(form.action, body).url == "/day/"
    assert row.touches.count() == 1


def test_skipping_asks_why(pages: Client) -> None:
    row, other = lead(), lead(name="Ирина Белоусова")
    opened(pages)
    answer = pages.post(f"/day/{row.pk}/skip/", {"reason": "other"})
    assert answer.status_code == 422
    assert "Напишите, почему пропускаете клиента" in text_of(answer)
    said = text_of(pages.post(f"/day/{row.pk}/skip/", {"reason": "busy"}, follow=True))
    assert "Пропущено" in said
    assert Hold.objects.get().lead == other
    assert row.events.get(kind="skipped").comment == "Сейчас неудобно"


def test_what_is_no_call_is_finished_from_here(pages: Client, operator: User, frozen: Frozen) -> None:
    row = lead_in("meeting", by=operator)
    assert "Отправить адрес" in opened(pages)
    task = Task.objects.open().get(lead=row, kind=Kind.SEND_ADDRESS)
    said = text_of(pages.post(f"/day/tasks/{task.pk}/done/", follow=True))
    assert "Готово: Отправить адрес" in said
    task.refresh_from_db()
    assert task.state == Task.State.DONE
    assert pages.post(f"/day/tasks/{Task.objects.latest('pk').pk + 9}/done/").status_code == 404


def test_the_hold_is_renewed_while_it_lasts(pages: Client, frozen: Frozen) -> None:
    row = lead()
    opened(pages)
    frozen.move(minutes=10)
    assert pages.post(f"/day/{row.pk}/hold/").json()["time"] == "12:25"
    frozen.move(minutes=16)
    lost = pages.post(f"/day/{row.pk}/hold/")
    assert (lost.status_code, lost.json()) == (409, {"detail": "Лид больше не закреплён за вами."})


def test_a_lead_handed_over_meanwhile_is_told_and_the_next_comes(pages: Client) -> None:
    row = lead()
    opened(pages)
    Lead.objects.filter(pk=row.pk).update(responsible=OperatorFactory(name="Денис Орлов"))
    answer = pages.post(f"/day/{row.pk}/result/", {"result": "no_answer"}, follow=True)
    assert "Лид передан: Денис Орлов" in text_of(answer)
    assert not Hold.objects.exists()


def test_signing_out_frees_the_client(pages: Client) -> None:
    lead()
    opened(pages)
    pages.post("/logout/")
    assert not Hold.objects.exists()


def test_the_four_numbers_of_the_day(pages: Client, operator: User, frozen: Frozen) -> None:
    first, second = lead(), lead()
    frozen.move(minutes=3)
    touch(first, by=operator)
    frozen.move(minutes=2)
    touch(second, "answered", by=operator)
    said = opened(pages)
    assert "Звонков сегодня 2 Дозвон 50 % 1 из 2 Записей 0 план 6 Первый звонок 4 мин" in said


def test_the_page_takes_seventeen_queries_however_long_the_queue(pages: Client, operator: User, frozen: Frozen) -> None:
    for _ in range(8):
        touch(lead(by=operator), by=operator)
        lead()
    opened(pages)
    with at_most(17):
        pages.get("/day/")


def test_who_asked_not_to_be_called_has_no_call_button(pages: Client, operator: User) -> None:
    row = lead(by=operator, name=HOSTILE)
    Contact.objects.update(do_not_call_at=Frozen.START)
    page = pages.get(f"/day/?lead={row.pk}", follow=True)
    assert "Клиент просил не звонить" in text_of(page)
    assert "tel:" not in page.content.decode()
    assert "<script>alert" not in page.content.decode()


def test_others_have_no_such_page_and_strangers_clients_are_not_there(pages: Client) -> None:
    assert signed_in(ManagerFactory()).get("/day/").status_code == 403
    row = lead(by=OperatorFactory())
    assert pages.get(f"/day/?lead={row.pk}").status_code == 404
    for action in ("result", "skip"):
        assert pages.post(f"/day/{row.pk}/{action}/", {"result": "busy", "reason": "busy"}).status_code == 404
    assert pages.get("/day/?lead=99999999999999999999").status_code == 200


def test_the_script_of_the_status_and_the_plan_are_edited_in_the_admin(pages: Client, operator: User) -> None:
    row = lead(by=operator)
    said = opened(pages)
    assert "Сценарий Здравствуйте, меня зовут… Вы оставляли заявку" in said
    wrong = text_of(pages.post(f"/day/{row.pk}/result/", {}))
    assert "Сценарий Здравствуйте" in wrong
    assert "Сценарий Здравствуйте" in text_of(pages.get(f"/leads/{row.pk}/"))
    CallScript.objects.filter(status="new").update(step_1="Добрый день", step_2="", step_3="До встречи")
    DayPlan.objects.update(meetings=0)
    said = text_of(pages.get("/day/"))
    assert "Сценарий Добрый день До встречи" in said
    assert "план" not in said.split("Первый звонок")[0].split("Записей")[1]
    CallScript.objects.all().delete()
    assert "Сценарий" not in text_of(pages.get("/day/"))


def test_the_ladder_of_my_day_is_that_of_the_card(pages: Client, operator: User, frozen: Frozen) -> None:
    row = lead(by=operator, city="Уфа")
    said = opened(pages)
    assert "Касание 1 из 6" in said
    assert "Сейчас сегодня, 14:00 По графику сегодня, 16:00 По графику завтра, 10:00" in said
    touch(row, by=operator)
    frozen.move(hours=2)
    ladder = "Касание 2 из 6"
    page, card = opened(pages), text_of(pages.get(f"/leads/{row.pk}/"))
    steps = "Не ответил сегодня, 14:00 Сейчас сегодня, 16:00 По графику завтра, 10:00"
    assert ladder in page
    assert steps in page
    assert steps in card
