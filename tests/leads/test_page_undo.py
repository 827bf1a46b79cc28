"""«Отменить» in the message after an action and in the history of the card."""

import re

import pytest
from django.test import Client

from leads.editing import take
from leads.models import Lead, Touch
from leads.undo import last_action, token_of
from tests.conftest import Frozen
from tests.factories import LawyerFactory, ManagerFactory, OperatorFactory, lead, move
from tests.pages import signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]
FORM = re.compile(r'action="(/undo/[^"]+)" data-undo>.*?(?:name="next" value="([^"]*)")?><button', re.DOTALL)


def forms(page) -> list[tuple[str, str]]:
    return FORM.findall(page.content.decode())


def call(client: Client, row: Lead):
    return client.post(f"/leads/{row.pk}/touches/", {"pane": "call", "outcome": "no_answer"}, follow=True)


def test_a_touch_is_taken_back_from_its_message_and_twice_changes_nothing(frozen: Frozen) -> None:
    operator, row = OperatorFactory(), lead()
    client = signed_in(operator)
    page = call(client, row)
    (address, _next), (from_history, _here) = forms(page)
    assert address.split(":")[0] == from_history.split(":")[0]  # the rest says when it was written
    for _press in range(2):
        page = client.post(address, HTTP_REFERER=f"http://testserver/leads/{row.pk}/", follow=True)
        assert page.redirect_chain == [(f"http://testserver/leads/{row.pk}/", 302)]
        assert "Отменено" in text_of(page)
        assert forms(page) == []
    assert Lead.objects.get(pk=row.pk).status == "new"
    assert Touch.with_undone.get().undone_at
    words = text_of(page)
    assert "Отменено: Звонок: Не ответил" in words
    assert "Не ответил отменено" in words


def test_a_move_and_a_hand_over_offer_it_and_a_contract_does_not(frozen: Frozen) -> None:
    manager, operator = ManagerFactory(), OperatorFactory(name="Анна Орлова")
    row, client = lead(by=operator), signed_in(manager)
    for page, sent in (("status", {"to": "visit"}), ("assign", {"responsible": OperatorFactory().pk})):
        shown = client.post(f"/leads/{row.pk}/{page}/", sent, follow=True)
        assert len(forms(shown)) == 2
        client.post(forms(shown)[0][0])
    row.refresh_from_db()
    assert (row.status, row.responsible) == ("new", operator)
    move(row, "visit")
    shown = client.post(
        f"/leads/{row.pk}/contract/", {"to": "contract", "kind": "contract", "amount": "100000"}, follow=True
    )
    assert Lead.objects.get(pk=row.pk).status == "contract"
    assert forms(shown) == []


def test_a_lead_taken_and_a_task_ticked_off_can_be_taken_back(frozen: Frozen) -> None:
    operator, row = OperatorFactory(name="Анна Орлова"), lead()
    client, task = signed_in(operator), row.tasks.open().get()
    page = client.post(f"/leads/{row.pk}/take/", follow=True)
    assert "Лид ваш" in text_of(page)
    page = client.post(forms(page)[0][0], {"next": f"/leads/{row.pk}/"}, follow=True)
    assert Lead.objects.get(pk=row.pk).responsible is None
    assert "Отменено: Ответственный: — → Анна Орлова" in text_of(page)
    take(row.pk, by=operator)

    done = {"HTTP_REFERER": f"http://testserver/leads/{row.pk}/"}
    page = client.post(f"/tasks/{task.pk}/complete/", follow=True, **done)
    assert "Готово: Связаться с клиентом" in text_of(page)
    ((undo, _next),) = forms(page)
    again = client.post(f"/tasks/{task.pk}/complete/", follow=True, **done)
    assert len(forms(again)) == 1
    page = client.post(undo, {"next": f"/leads/{row.pk}/"}, follow=True)
    assert "Отменено: Готово: Связаться с клиентом" in text_of(page)
    assert row.tasks.open().get() == task

    client.post(f"/tasks/{task.pk}/complete/", follow=True, **done)
    move(row, "visit", by=operator)
    page = client.post(f"/tasks/{task.pk}/complete/", follow=True, **done)
    assert len(forms(page)) == 1  # at the move in the history: this press has done nothing to be taken back


def test_what_a_colleague_has_changed_is_told_and_stays(frozen: Frozen) -> None:
    operator, manager, row = OperatorFactory(), ManagerFactory(name="Денис Орлов"), lead()
    client = signed_in(operator)
    address = forms(call(client, row))[0][0]
    frozen.move(minutes=1)
    move(row, "visit", by=manager)
    page = client.post(address, {"next": f"/leads/{row.pk}/"}, follow=True)
    assert "Отменить уже нельзя: лид изменил Орлов" in text_of(page)
    assert forms(page) == []
    assert Lead.objects.get(pk=row.pk).status == "visit"


def test_only_ones_own_signed_name_of_an_action_is_taken(frozen: Frozen) -> None:
    operator, row = OperatorFactory(), lead()
    call(signed_in(operator), row)
    token = token_of(last_action(row.pk, operator).action)
    for user in (ManagerFactory(), LawyerFactory()):
        page = signed_in(user).post(f"/undo/{token}/", {"next": "/profile/"}, follow=True)
        assert "Отменить уже нельзя" in text_of(page)
    client = signed_in(operator)
    for wrong in ("x", token[:-1], token + "A", "0" * 300):
        assert client.post(f"/undo/{wrong}/").status_code == 404
    assert client.get(f"/undo/{token}/").status_code == 405
    assert Client().post(f"/undo/{token}/").status_code == 302
    assert Touch.objects.count() == 1
