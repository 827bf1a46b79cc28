"""The checklist on a deal's card, the reminder of what is missing, fields in their place, and the banner of a term."""

from datetime import date
from urllib.parse import quote

import pytest

from contacts.actions import set_do_not_call
from contacts.models import MessageTemplate
from deals.actions import edit_deal, move_stage
from deals.documents import checklist
from deals.models import Deal, DealDocument, DocumentKind
from history.models import Event
from tests.factories import LawyerFactory, ManagerFactory, deal
from tests.leads.test_page_message import links_of, written
from tests.pages import HOSTILE, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues", "frozen")]


@pytest.fixture
def one() -> Deal:
    LawyerFactory()
    return deal()


def kind(name: str) -> DocumentKind:
    return DocumentKind.objects.get(name__startswith=name)


def test_a_press_says_that_a_document_is_there(one: Deal) -> None:
    client = signed_in(one.responsible)
    snils = kind("СНИЛС")
    page = client.post(f"/deals/{one.pk}/documents/", {"to": f"{snils.pk}:received"}, follow=True)
    assert "1 из 14 собрано" in text_of(page)
    assert "СНИЛС: получен" in text_of(client.get(f"/deals/{one.pk}/?history=documents"))
    assert f'value="{snils.pk}:needed" role="checkbox" aria-checked="true"' in page.content.decode()


@pytest.mark.parametrize("to", ["", "x", "0:received", "1:lost", "9" * 30 + ":received", "\x00:needed"])
def test_what_is_no_document_is_said(one: Deal, to: str) -> None:
    client = signed_in(one.responsible)
    address = f"/deals/{one.pk}/documents/"
    assert client.post(address, {"to": to}).status_code == 422
    page = client.post(address, {"to": to}, headers={"HX-Request": "true"}, follow=True)
    assert "Такого документа или состояния нет" in text_of(page)  # beside the list as it is now
    assert not DealDocument.objects.exists()


def test_a_document_has_a_state_and_a_note(one: Deal) -> None:
    client = signed_in(one.responsible)
    address = f"/deals/{one.pk}/documents/{kind('Выписка из ЕГРН').pk}/"
    assert "Выписка из ЕГРН" in text_of(client.get(address))
    assert client.post(address, {"state": "lost"}).status_code == 422
    for _again in range(2):
        page = client.post(address, {"state": "requested", "words": f"заказана {HOSTILE}"}, follow=True)
    assert "ждём от клиента · заказана" in text_of(page)
    assert "<script>alert" not in page.content.decode()
    assert Event.objects.filter(deal=one, kind=Event.Kind.DOCUMENT).count() == 2
    assert client.get(f"/deals/{one.pk}/documents/99999/").status_code == 404


@pytest.mark.parametrize("page", ["documents/", "documents/1/", "remind/"])
def test_documents_are_a_matter_of_the_deals_lawyer(one: Deal, page: str) -> None:
    assert signed_in(LawyerFactory()).post(f"/deals/{one.pk}/{page}").status_code == 404
    assert signed_in(ManagerFactory()).post(f"/deals/{one.pk}/{page}").status_code in (404, 422)


def test_the_reminder_lists_what_is_missing_and_only_yes_records_it(one: Deal) -> None:
    client = signed_in(one.responsible)
    client.post(f"/deals/{one.pk}/documents/", {"to": f"{kind('СНИЛС').pk}:received"})
    address = f"/deals/{one.pk}/remind/"
    page = client.get(address).content.decode()
    text = written(page)
    assert "\n— Паспорт, все страницы\n— ИНН\n" in text.replace("\r\n", "\n")
    assert "СНИЛС" not in text
    missing = [item.kind.pk for item in checklist(one).missing]
    form = {"messenger": "whatsapp", "text": "Ждём паспорт", "kinds": missing}
    opened = client.post(address, {**form, "do": "open"})
    assert any(link.endswith(f"text={quote('Ждём паспорт')}") for link in links_of(opened.content.decode()))
    assert checklist(one).waited_for == 0
    client.post(address, {**form, "do": "sent", "kinds": [*missing, "x", "9" * 40]})
    assert checklist(one).waited_for == len(missing) == 13
    assert Event.objects.get(deal=one, new="reminded").comment == "Ждём паспорт"
    assert client.post(address, {**form, "text": " ", "do": "sent"}).status_code == 422


def test_the_catalogues_text_is_sent_and_without_one_the_shipped(one: Deal) -> None:
    client = signed_in(one.responsible)
    MessageTemplate.objects.filter(task_kind="collect_documents").update(text="Принесите:\n{documents}")
    assert written(client.get(f"/deals/{one.pk}/remind/").content.decode()).startswith("Принесите:")
    MessageTemplate.objects.filter(task_kind="collect_documents").delete()
    assert "не хватает документов" in written(client.get(f"/deals/{one.pk}/remind/").content.decode())


def test_nobody_is_reminded_who_asked_for_peace_or_lacks_nothing(one: Deal) -> None:
    client = signed_in(one.responsible)
    for item in checklist(one).missing:
        client.post(f"/deals/{one.pk}/documents/", {"to": f"{item.kind.pk}:received"})
    assert "Все документы собраны" in text_of(client.get(f"/deals/{one.pk}/remind/"))
    assert "Напомнить клиенту" not in text_of(client.get(f"/deals/{one.pk}/"))
    client.post(f"/deals/{one.pk}/documents/", {"to": f"{kind('ИНН').pk}:needed"})
    set_do_not_call(one.contact_id, "Звоните жене", by=None)
    page = client.get(f"/deals/{one.pk}/remind/")
    assert "Клиент просил не звонить" in text_of(page)
    assert links_of(page.content.decode()) == []
    assert "Напомнить клиенту" not in text_of(client.get(f"/deals/{one.pk}/"))


def test_a_move_offers_what_its_stage_goes_with(one: Deal) -> None:
    client = signed_in(one.responsible)
    edit_deal(one.pk, {"court": "АС Самарской области"}, by=None)
    one.refresh_from_db()
    address = f"/deals/{one.pk}/stage/"
    assert 'value="АС Самарской области"' in client.get(f"{address}?stage=filed").content.decode()
    form = {"stage": "filed", "version": one.version, "filed_on": "вчера", "case_number": "А55-1/2026"}
    assert client.post(address, form).status_code == 422
    page = text_of(client.post(address, {**form, "filed_on": "2026-11-20"}, follow=True))
    assert "Номер дела: — → А55-1/2026" in page
    one.refresh_from_db()
    assert (one.stage.code, one.filed_on, one.court) == ("filed", date(2026, 11, 20), "АС Самарской области")


def test_who_was_faster_is_named_and_what_was_typed_stays(one: Deal) -> None:
    move_stage(one.pk, "hearing_1", by=ManagerFactory(name="Денис Орлов"))
    form = {"stage": "filed", "version": one.version, "case_number": "А55-1/2026"}
    page = signed_in(one.responsible).post(f"/deals/{one.pk}/stage/", form)
    assert page.status_code == 409
    assert "Денис Орлов: сделка в «Суд 1 состоялся» с 12:00" in text_of(page)
    assert 'value="А55-1/2026"' in page.content.decode()
    assert "Всё равно сменить" in text_of(page)


def test_a_field_is_changed_in_its_place(one: Deal) -> None:
    client = signed_in(one.responsible)
    address, script = f"/deals/{one.pk}/edit/?field=court_manager", {"HX-Request": "true"}
    assert 'name="court_manager"' in client.get(address, headers=script).content.decode()
    form = {"court_manager": "Сидоров П. П.", "version": one.version}
    answer = client.post(address, form, headers=script)
    assert "Сидоров П. П." in answer.content.decode()
    assert f'"version": {one.version + 1}' in answer["HX-Trigger"]
    late = client.post(address, {**form, "court_manager": "Другой"}, headers=script)
    assert late.status_code == 409
    assert 'value="Другой"' in late.content.decode()
    assert "Всё равно сохранить" in text_of(late)
    assert "Сидоров П. П." in text_of(client.get(f"{address}&show", headers=script))
    assert 'name="court"' in client.get(f"/deals/{one.pk}/edit/?block=court").content.decode()


def test_a_form_that_is_sent_twice_is_done_once(one: Deal) -> None:
    client = signed_in(one.responsible)
    form = {"stage": "filed", "version": one.version, "token": "a" * 20}
    assert [client.post(f"/deals/{one.pk}/stage/", form).status_code for _twice in range(2)] == [302, 302]


def test_the_nearest_term_stands_above_the_card(one: Deal) -> None:
    edit_deal(one.pk, {"filing_due": date(2026, 11, 30)}, by=None)
    page = text_of(signed_in(one.responsible).get(f"/deals/{one.pk}/"))
    assert "До планового срока подачи в суд — 6 дней (30 ноября). Не хватает 14 документов. К документам" in page


def test_payments_are_summed_up(one: Deal) -> None:
    edit_deal(one.pk, {"prepayment": 30_000, "paid_later": 7_500}, by=None)
    page = text_of(signed_in(one.responsible).get(f"/deals/{one.pk}/"))
    assert "Оплачено 37 500 ₽ 25 %" in page


def test_history_is_told_in_portions(one: Deal) -> None:
    client = signed_in(one.responsible)
    for number in range(32):
        edit_deal(one.pk, {"belongings": f"авто {number}"}, by=None)
    page = client.get(f"/deals/{one.pk}/")
    assert "Показать раньше" in text_of(page)
    older = page.context["older_url"].split("#")[0]
    assert len(client.get(f"/deals/{one.pk}/{older}").context["entries"]) <= 30
    assert client.get(f"/deals/{one.pk}/?before=%00").status_code == 200
