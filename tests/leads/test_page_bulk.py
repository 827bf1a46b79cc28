"""Selected rows of the list: the bar, what each action asks for, refusals lead by lead, and «Отменить»."""

import re

import pytest
from django.http import HttpResponse

from leads import bulk
from leads.models import BulkAction, Lead
from tasks.models import Task
from team.actions import set_shift
from tests.conftest import Frozen
from tests.factories import LawyerFactory, ManagerFactory, OperatorFactory, lead, lead_in, move
from tests.leads.test_page_undo import forms
from tests.pages import HOSTILE, at_most, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]
BULK = "/leads/bulk/"


def send(user, kind: str, rows: list[Lead], **typed) -> HttpResponse:
    return signed_in(user).post(BULK, {"do": kind, "lead": [row.pk for row in rows], **typed}, follow=True)


def test_a_hand_over_is_told_and_taken_back_by_one_press() -> None:
    manager, was = ManagerFactory(), OperatorFactory()
    orlov = OperatorFactory(name="Денис Орлов")
    rows = [lead(by=was) for _row in range(3)]
    page = send(manager, "assign", rows, responsible=orlov.pk, query="source=site")
    assert page.redirect_chain == [("/leads/?view=list&source=site", 302)]
    assert "Передано 3 лида Орлову" in text_of(page)
    assert set(Lead.objects.values_list("responsible", flat=True)) == {orlov.pk}
    ((undo, back),) = forms(page)
    assert back == "/leads/?view=list&amp;source=site"
    assert "Отменено" in text_of(signed_in(manager).post(undo, follow=True))
    assert set(Lead.objects.values_list("responsible", flat=True)) == {was.pk}


def test_those_that_refuse_are_listed_with_the_sentence_and_the_rest_is_done() -> None:
    manager, fresh, signed = ManagerFactory(), lead(name=HOSTILE), lead_in("contract", name="Ирина")
    page = send(manager, "status", [fresh, signed], to="visit")
    words = text_of(page)
    assert "1 лид переведён в «Визит»" in words
    assert "1 лид не изменён" in words
    assert f"№ {signed.pk} Ирина" in words
    assert "Из статуса «Договор» лид не переводят в «Визит»" in words
    assert len(forms(page)) == 1
    listed = text_of(send(manager, "status", [lead(name=HOSTILE)], to="junk", junk_reason="no_answer"))
    assert "Ничего не изменено" in listed
    assert "0 из 6 касаний" in listed
    assert "Массовые действия" in text_of(signed_in(manager).get(BULK))


def test_the_whole_filter_is_meant_as_it_stands_and_a_bad_one_means_nothing() -> None:
    manager = ManagerFactory()
    for city in ("Уфа", "Уфа", "Самара"):
        lead(city=city)
    client = signed_in(manager)
    asked = client.get(BULK, {"do": "status", "select": "all", "query": "city=Уфа"})
    assert "Выбрано: 2 лида" in text_of(asked)
    client.post(BULK, {"do": "status", "select": "all", "query": "city=Уфа", "to": "visit"})
    assert set(Lead.objects.filter(status="visit").values_list("city", flat=True)) == {"Уфа"}
    refused = client.post(BULK, {"do": "status", "select": "all", "query": "source=nowhere", "to": "dialing"})
    assert refused.status_code == 422
    assert Lead.objects.filter(status="dialing").count() == 0


def test_what_is_wrong_stays_in_the_form_with_the_selection() -> None:
    manager, row = ManagerFactory(), lead()
    for kind, typed, said in (
        ("assign", {}, "Выберите сотрудника"),
        ("status", {"to": "contract"}, "Выберите корректный вариант"),
        ("status", {"to": "meeting"}, "Укажите дату и время встречи"),
        ("status", {"to": "postponed", "callback_at": "2020-01-01T10:00"}, "Это время прошло"),
        ("status", {"to": "junk", "junk_reason": "duplicate"}, "Выберите причину"),
        ("task", {"text": "Позвонить", "due_at": "2020-01-01T10:00"}, "Это время прошло"),
        ("share", {}, "На линии никого нет"),
    ):
        page = send(manager, kind, [row], **typed)
        assert page.status_code == (409 if kind == "share" else 422), kind
        assert said in text_of(page), (kind, text_of(page))
        assert f'name="lead" value="{row.pk}"' in page.content.decode()
    for nothing in ({"do": "status"}, {"do": "melt", "lead": row.pk}):
        assert signed_in(manager).post(BULK, nothing).status_code == 422
    assert signed_in(manager).get(BULK, {"do": "task"}).status_code == 422
    assert not BulkAction.objects.exists()


def test_a_form_sent_twice_acts_once() -> None:
    manager, row = ManagerFactory(), lead()
    page = signed_in(manager).get(BULK, {"do": "task", "lead": row.pk}, headers={"HX-Request": "true"})
    assert "<html" not in page.content.decode()
    token = re.search(r'name="token" value="([^"]+)"', page.content.decode())[1]
    for _press in range(2):
        send(manager, "task", [row], token=token, text="Позвонить", due_at="2030-01-01T10:00")
    assert Task.objects.filter(text="Позвонить").count() == 1


def test_a_long_one_goes_on_in_the_background_and_its_page_says_how_far(monkeypatch: pytest.MonkeyPatch) -> None:
    manager, rows = ManagerFactory(), [lead() for _row in range(3)]
    for module in ("leads.bulk", "leads.views.bulk", "leads.views.undo"):
        monkeypatch.setattr(f"{module}.AT_ONCE", 2)
    page = send(manager, "status", rows, to="visit")
    detail = page.redirect_chain[-1][0]
    assert "0 из 3" in text_of(page)
    assert 'hx-trigger="every 2s"' in page.content.decode()
    bulk.carry_out()
    client = signed_in(manager)
    page = client.get(detail)
    assert "3 лида переведены в «Визит»" in text_of(page)
    assert "every 2s" not in page.content.decode()
    back = client.post(forms(page)[0][0], follow=True)
    bulk.carry_out()
    assert "Отменено: 3 лида" in text_of(client.get(back.redirect_chain[-1][0]))
    assert set(Lead.objects.values_list("status", flat=True)) == {"new"}
    assert forms(client.get(detail)) == []
    assert signed_in(ManagerFactory()).get(detail).status_code == 404


def test_operators_act_on_their_own_and_hand_nothing_over() -> None:
    operator, row = OperatorFactory(), lead()
    mine, theirs = lead(by=operator), lead(by=OperatorFactory())
    bar = signed_in(operator).get("/leads/").content.decode()
    assert 'value="status"' in bar
    assert 'value="assign"' not in bar
    words = text_of(send(operator, "status", [mine, row, theirs], to="visit"))
    assert "1 лид переведён" in words
    assert "Сначала возьмите его" in words
    assert "1 выбранный лид вам не виден" in words
    assert f"№ {theirs.pk}" not in words
    assert send(operator, "assign", [mine], responsible=operator.pk).status_code == 403
    lawyer = signed_in(LawyerFactory())
    assert (lawyer.get(BULK).status_code, lawyer.post(BULK).status_code) == (403, 403)
    assert "data-select-row" not in lawyer.get("/leads/").content.decode()


def test_the_team_page_shares_out_what_nobody_has() -> None:
    manager, operator = ManagerFactory(), OperatorFactory()
    rows = [lead(), lead()]
    client = signed_in(manager)
    sent = {"do": "share", "select": "all", "query": "attention=unassigned", "next": "/reports/team/?period=week"}
    assert "На линии никого нет" in text_of(client.post(BULK, sent))
    set_shift(operator.pk, "on")
    assert 'value="attention=unassigned"' in client.get("/reports/team/").content.decode()
    page = client.post(BULK, sent, follow=True)
    assert page.redirect_chain == [("/reports/team/?period=week", 302)]
    assert "Роздано 2 лида" in text_of(page)
    assert {Lead.objects.get(pk=row.pk).responsible_id for row in rows} == {operator.pk}
    client.post(forms(page)[0][0])
    assert {Lead.objects.get(pk=row.pk).responsible_id for row in rows} == {None}
    evil = client.post(BULK, {**sent, "next": "//evil.example/"})
    assert evil["Location"].startswith("/leads/")


def test_rows_are_selected_without_script_as_well() -> None:
    for _row in range(51):
        lead()
    client = signed_in(ManagerFactory())
    assert "checked" not in client.get("/leads/").content.decode().split('id="bulk"')[0].split('class="table')[1]
    page = client.get("/leads/?select=page").content.decode()
    assert len(re.findall(r"data-select-row[^>]*checked", page)) == 50
    assert "select=all" in page
    page = client.get("/leads/?select=all&page=2")
    assert "Выбрано: 51 лид" in text_of(page)
    assert "data-select-all" in page.content.decode()
    assert "select=" not in page.context["leads"].filters


def test_the_page_of_a_result_takes_few_queries(frozen: Frozen) -> None:
    manager, rows = ManagerFactory(), [lead_in("contract") for _row in range(5)]
    page = send(manager, "status", rows, to="visit")
    client = signed_in(manager)
    with at_most(8):
        client.get(page.redirect_chain[-1][0])


def test_a_lead_that_was_moved_meanwhile_is_not_taken_back() -> None:
    manager, rows = ManagerFactory(), [lead(), lead()]
    page = send(manager, "assign", rows, responsible=OperatorFactory(name="Анна Шевчук").pk)
    assert "Передано 2 лида: Анна Шевчук" in text_of(page)
    move(rows[0], "visit", by=ManagerFactory(name="Денис Орлов"))
    words = text_of(signed_in(manager).post(forms(page)[0][0], follow=True))
    assert "1 лид не отменён" in words or "лид изменил Орлов" in words
