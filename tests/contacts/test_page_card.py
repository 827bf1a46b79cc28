"""The card of a number: everything about it that one may see, its fields, and not calling."""

import pytest
from django.test import Client

from contacts.actions import edit_contact
from contacts.models import Contact
from tests.factories import LawyerFactory, ManagerFactory, OperatorFactory, lead, lead_in, move, touch
from tests.pages import HOSTILE, at_most, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]

PHONE = "+79370006027"
PAGES = ["", "edit/", "do-not-call/"]


@pytest.fixture
def operator() -> object:
    return OperatorFactory(name="Марина Ковалёва")


@pytest.fixture
def card(operator: object) -> Contact:
    return lead(by=operator, phone=PHONE, name="Андрей Мельников", city="Самара").contact


def fields(card: Contact, **changes: str) -> dict[str, str]:
    form = {"name": card.name, "email": card.email, "city": card.city, "comment": "", "version": str(card.version)}
    return {**form, **changes}


def test_all_leads_of_the_number_are_there(card: Contact, operator: object) -> None:
    original = card.leads.get()
    repeat = lead(phone=PHONE, source="quiz")
    touch(original, "answered", by=operator, comment="Просил утром")
    page = text_of(signed_in(operator).get(f"/contacts/{card.pk}/"))
    for words in (
        f"Лид № {original.pk}",
        f"Лид № {repeat.pk}",
        "Брак: Дубль",
        f"исходный лид № {original.pk}",
        "Просил утром",
        f"лид № {original.pk}",
        "Сделок пока нет",
        "+7 937 000-60-27",
    ):
        assert words in page


def test_an_operator_sees_of_the_deal_its_number_and_stage(card: Contact, operator: object) -> None:
    row = card.leads.get()
    move(move(row, "visit", by=operator), "contract", by=operator)
    page = signed_in(operator).get(f"/contacts/{card.pk}/")
    assert f"{row.deal.number} Сбор документов" in text_of(page)
    assert f"/deals/{row.deal.pk}/" not in page.content.decode()
    assert "150 000" not in text_of(page)
    assert "150 000 ₽" in text_of(signed_in(ManagerFactory()).get(f"/contacts/{card.pk}/"))


@pytest.mark.parametrize("page", PAGES)
def test_it_is_hidden_from_whom_it_does_not_concern(client: Client, card: Contact, page: str) -> None:
    assert client.get(f"/contacts/{card.pk}/{page}").status_code == 302
    for stranger in (OperatorFactory(), LawyerFactory()):
        assert signed_in(stranger).get(f"/contacts/{card.pk}/{page}").status_code == 404
    assert signed_in(ManagerFactory()).get(f"/contacts/{card.pk}/{page}").status_code == 200
    assert signed_in(ManagerFactory()).get(f"/contacts/{10**25}/{page}").status_code == 404


def test_a_lawyer_reads_their_client_and_changes_nothing() -> None:
    lawyer = LawyerFactory()
    row = move(lead_in("visit"), "contract", lawyer=lawyer.pk)
    client = signed_in(lawyer)
    page = client.get(f"/contacts/{row.contact_id}/")
    assert page.status_code == 200
    assert "Изменить" not in text_of(page)
    assert "/leads/new/" not in page.content.decode()
    for name in ("edit", "do-not-call"):
        assert client.get(f"/contacts/{row.contact_id}/{name}/").status_code == 403
        assert client.post(f"/contacts/{row.contact_id}/{name}/", {"reason": "x"}).status_code == 403


def test_a_new_lead_takes_the_number_along(card: Contact, operator: object) -> None:
    client = signed_in(operator)
    assert 'href="/leads/new/?phone=%2B79370006027"' in client.get(f"/contacts/{card.pk}/").content.decode()
    assert PHONE in client.get("/leads/new/?phone=%2B79370006027").content.decode()


def test_the_fields_are_edited(card: Contact, operator: object) -> None:
    form = fields(card, name="Андрей Павлович Мельников", email="a@example.org", comment="Есть супруга")
    page = text_of(signed_in(operator).post(f"/contacts/{card.pk}/edit/", form, follow=True))
    for words in ("Сохранено", "Андрей Павлович Мельников", "a@example.org", "Есть супруга"):
        assert words in page


def test_the_number_is_not_among_them(card: Contact, operator: object) -> None:
    signed_in(operator).post(f"/contacts/{card.pk}/edit/", fields(card, phone="+79160001122", do_not_call_reason="x"))
    kept = Contact.objects.get(pk=card.pk)
    assert (kept.phone, kept.do_not_call) == (PHONE, False)


def test_a_conflict_keeps_what_was_typed(card: Contact, operator: object) -> None:
    edit_contact(card.pk, {"city": "Уфа"}, by=None)
    response = signed_in(operator).post(f"/contacts/{card.pk}/edit/", fields(card, comment="Моя правка"))
    assert response.status_code == 409
    assert "Моя правка" in response.content.decode()
    assert "Уфа" in text_of(response)
    kept = Contact.objects.get(pk=card.pk)
    assert (kept.city, kept.comment) == ("Уфа", "")
    assert signed_in(operator).post(f"/contacts/{card.pk}/edit/", fields(kept, comment="Моя правка")).status_code == 302


@pytest.mark.parametrize(
    "wrong", [{"email": "нет"}, {"name": "a" * 201}, {"comment": "a" * 10_001}, {"city": "a" * 101}]
)
def test_wrong_fields_are_told(card: Contact, operator: object, wrong: dict[str, str]) -> None:
    assert signed_in(operator).post(f"/contacts/{card.pk}/edit/", fields(card, **wrong)).status_code == 422


def test_an_empty_form_is_no_get(card: Contact, operator: object) -> None:
    assert signed_in(operator).post(f"/contacts/{card.pk}/do-not-call/").status_code == 422


def test_not_calling_takes_the_buttons_away_and_can_be_lifted(card: Contact, operator: object) -> None:
    client = signed_in(operator)
    address = f"/contacts/{card.pk}/do-not-call/"
    response = client.post(address, {"reason": "Попросил удалить номер"}, follow=True)
    assert "Клиент просил не звонить" in text_of(response)
    assert "Попросил удалить номер" in text_of(response)
    assert "tel:" not in response.content.decode()
    assert "wa.me" not in response.content.decode()
    response = client.post(address, {"lift": "1"}, follow=True)
    assert "tel:" in response.content.decode()


def test_a_card_takes_a_fixed_number_of_queries(card: Contact, operator: object) -> None:
    client = signed_in(operator)
    for _ in range(2):
        with at_most(16):
            client.get(f"/contacts/{card.pk}/")
        for _ in range(4):
            lead(phone=PHONE)
            touch(card.leads.order_by("pk")[0], by=operator)


def test_texts_are_shown_as_text(operator: object) -> None:
    card = lead(by=operator, name=HOSTILE, comment=HOSTILE, city=HOSTILE).contact
    touch(card.leads.get(), by=operator, comment=HOSTILE)
    for page in PAGES:
        assert "<script>alert" not in signed_in(operator).get(f"/contacts/{card.pk}/{page}").content.decode()


def test_who_works_leads_writes_with_a_template_and_comes_back() -> None:
    row = lead()
    page = signed_in(ManagerFactory()).get(f"/contacts/{row.contact_id}/").content.decode()
    assert f'href="/leads/{row.pk}/message/?next=%2Fcontacts%2F{row.contact_id}%2F"' in page
    assert "wa.me" not in page


def test_who_asks_not_to_be_called_loses_the_tasks_to_call() -> None:
    operator = OperatorFactory()
    row = lead(by=operator)
    assert row.tasks.open().filter(kind="contact_client").exists()
    page = f"/contacts/{row.contact_id}/do-not-call/"
    assert signed_in(operator).post(page, {"reason": "Просил не звонить"}).status_code == 302
    assert not row.tasks.open().exists()
