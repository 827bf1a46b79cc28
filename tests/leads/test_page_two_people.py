"""Two people on one lead, without a browser: what the second one is told, and that nothing they wrote is lost."""

import pytest

from leads.actions import change_status
from leads.editing import assign
from leads.models import Lead, Touch
from leads.pipeline import Move, Status
from leads.queue import choose_client
from tasks.models import Task
from team.actions import set_shift
from team.models import Hold, User
from tests.conftest import Frozen
from tests.factories import ManagerFactory, OperatorFactory, lead, lead_in, move, touch
from tests.pages import signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


@pytest.fixture
def operator() -> User:
    person = OperatorFactory(name="Анна Орлова")
    set_shift(person.pk, "on")
    return person


def hand_over(row: Lead) -> User:
    colleague = OperatorFactory(name="Денис Орлов")
    assign(row.pk, colleague.pk, by=ManagerFactory())
    return colleague


def test_a_call_that_ends_after_the_hand_over_is_kept_and_the_next_client_comes(operator: User, frozen: Frozen) -> None:
    row, following = lead(by=operator), lead(by=operator, name="Павел Дорохов")
    choose_client(row.pk, by=operator)
    colleague = hand_over(row)
    client = signed_in(operator)
    sent = {"result": "meeting", "meeting": "2026-11-25T12:00:00+00:00", "comment": "Ипотека"}
    page = client.post(f"/day/{row.pk}/result/", sent, follow=True)
    assert Hold.objects.get().lead == following
    assert f"№ {following.pk} Павел Дорохов" in text_of(page)
    assert "Лид передан: Денис Орлов. Касание записано" in text_of(page)
    row.refresh_from_db()
    assert (row.status, row.responsible, row.touches_count) == ("dialing", colleague, 1)
    assert Touch.objects.get().comment == "Ипотека\nЗаписан на встречу: завтра, 15:00"
    assert set(Task.objects.open().filter(lead=row).values_list("assignee", flat=True)) == {colleague.pk}


def test_the_same_on_the_card_and_not_for_who_never_had_it(operator: User, frozen: Frozen) -> None:
    row = lead_in("dialing", by=operator)
    sent = {"pane": "call", "outcome": "answered", "comment": "Перезвонить после обеда", "token": "t" * 20}
    stranger = signed_in(OperatorFactory())
    refused = stranger.post(f"/leads/{row.pk}/touches/", sent)
    assert refused.status_code == 404
    assert "Написанное не сохранено" in text_of(refused)
    assert "Перезвонить после обеда" in refused.content.decode()
    hand_over(row)
    client = signed_in(operator)
    for _press in range(2):
        page = client.post(f"/leads/{row.pk}/touches/", sent, follow=True)
        assert "Лид передан: Денис Орлов" in text_of(page)
    assert row.touches.count() == 1
    unfinished = client.post(f"/leads/{row.pk}/touches/", {**sent, "outcome": ""})
    assert unfinished.status_code == 409
    assert "Перезвонить после обеда" in unfinished.content.decode()
    comment = client.post(f"/leads/{row.pk}/comments/", {"text": "Ждёт договор"})
    assert comment.status_code == 404
    assert "Ждёт договор" in comment.content.decode()
    frozen.move(minutes=31)
    assert client.post(f"/leads/{row.pk}/touches/", sent | {"token": "u" * 20}).status_code == 404


def test_of_two_calls_within_a_minute_both_stand_and_the_second_author_hears(frozen: Frozen) -> None:
    row = lead()
    touch(row, "no_answer", by=ManagerFactory(name="Ирина Громова"))
    frozen.move(seconds=50)
    manager = signed_in(ManagerFactory())
    page = manager.post(f"/leads/{row.pk}/touches/", {"pane": "call", "outcome": "answered"}, follow=True)
    assert "Ирина Громова только что тоже записал звонок этому клиенту: не ответил. Сохранены оба." in text_of(page)
    assert row.touches.count() == 2
    frozen.move(seconds=70)
    page = manager.post(f"/leads/{row.pk}/touches/", {"pane": "call", "outcome": "busy"}, follow=True)
    assert "только что тоже" not in text_of(page)


@pytest.mark.parametrize(("there", "anyway"), [(Status.POSTPONED, True), (Status.JUNK, False)])
def test_a_status_pressed_too_late_is_told_who_was_faster(there: Status, *, anyway: bool, frozen: Frozen) -> None:
    row = lead_in("dialing")
    seen = row.version
    move(row, there, by=ManagerFactory(name="Денис Орлов"))
    client = signed_in(ManagerFactory())
    page = client.post(f"/leads/{row.pk}/status/", {"to": "visit", "version": seen})
    assert page.status_code == 409
    assert f"Статус не изменён. Денис Орлов перевёл лид в «{there.label}» в 12:00" in text_of(page)
    assert "Показать изменения" in text_of(page)
    assert ("Всё равно сменить" in text_of(page)) == anyway
    now = Lead.objects.get(pk=row.pk)
    assert now.status == there
    if anyway:
        client.post(f"/leads/{row.pk}/status/", {"to": "visit", "version": now.version})
        assert Lead.objects.get(pk=row.pk).status == "visit"


def test_a_contract_pressed_too_late_is_told_so_too(frozen: Frozen) -> None:
    row = lead_in("visit")
    seen = row.version
    change_status(row.pk, Move(Status.JUNK, junk_reason="refused"), by=ManagerFactory(name="Денис Орлов"))
    sent = {"to": "contract", "amount": "100000", "contract_number": "7/11", "version": seen}
    page = signed_in(ManagerFactory()).post(f"/leads/{row.pk}/contract/", sent)
    assert page.status_code in (409, 422)
    assert "7/11" in page.content.decode()
