"""What a card says beside its fields: consent and its withdrawal, linked cards, and another number given by a head."""

import pytest

from contacts.consent import give_consent
from contacts.links import link_cards
from contacts.models import Contact, LinkedCard
from history.models import Event
from leads.models import Lead
from outbox.models import Mark
from tests.conftest import Frozen
from tests.factories import LawyerFactory, ManagerFactory, OperatorFactory, lead, lead_in, move
from tests.pages import HOSTILE, at_most, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues"), pytest.mark.shared]

PHONE, SPOUSE = "+79370006027", "+79370006031"


@pytest.fixture
def operator():
    return OperatorFactory(name="Марина Ковалёва")


@pytest.fixture
def card(operator) -> Contact:
    return lead(by=operator, phone=PHONE, name="Андрей Мельников").contact


def told(card: Contact) -> dict[str, list[str]]:
    """What the newest line of the card's history says was changed."""
    return Event.objects.filter(contact=card, kind=Event.Kind.EDITED).latest("pk").data["changes"]


def test_consent_is_given_changed_and_withdrawn(card: Contact, operator, frozen: Frozen) -> None:
    client, page = signed_in(operator), f"/contacts/{card.pk}/consent/"
    assert "Согласие на обработку нет Записать согласие…" in text_of(client.get(f"/contacts/{card.pk}/"))
    assert 'value="2026-11-24"' in client.get(page).content.decode()
    sent = {"on": "2026-11-20", "channel": "квиз", "version": "2026-11"}
    assert "20.11.2026, квиз текст 2026-11" in text_of(client.post(page, sent, follow=True))
    assert told(card)["consent_on"] == ["", "2026-11-20"]
    lines = Event.objects.count()
    client.post(page, sent)
    assert Event.objects.count() == lines
    assert "отозвано 24.11.2026" in text_of(client.post(page, {"withdraw": "1"}, follow=True))
    assert told(card) == {"consent_on": ["2026-11-20", ""], "consent_withdrawn_on": ["", "2026-11-24"]}
    assert client.post(page, {"withdraw": "1"}).status_code == 302
    client.post(page, {**sent, "on": "2026-11-24"})
    card.refresh_from_db()
    assert (str(card.consent_on), card.consent_withdrawn_on) == ("2026-11-24", None)
    assert Mark.objects.filter(kind="contact", object_id=card.pk).exists()


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"on": "2026-11-25", "channel": "квиз"}, "Этот день ещё не наступил"),
        ({"on": "2026-11-24", "channel": " \x00 "}, "обязательн"),
        ({"on": "завтра", "channel": "квиз"}, "дат"),
        ({}, "обязательн"),
    ],
)
def test_what_is_wrong_with_a_consent_is_told(card: Contact, operator, frozen: Frozen, sent: dict, said: str) -> None:
    page = signed_in(operator).post(f"/contacts/{card.pk}/consent/", sent)
    assert page.status_code == 422
    assert said in text_of(page).lower() or said in text_of(page)
    assert Contact.objects.get(pk=card.pk).consent_on is None


def test_there_is_nothing_to_withdraw_from_who_never_consented(card: Contact, operator) -> None:
    assert signed_in(operator).post(f"/contacts/{card.pk}/consent/", {"withdraw": "1"}).status_code == 409


def test_the_card_of_a_lead_says_that_there_is_no_consent(card: Contact, operator, frozen: Frozen) -> None:
    row, client = card.leads.get(), signed_in(operator)
    page = client.get(f"/leads/{row.pk}/")
    assert "Согласия на обработку персональных данных нет." in text_of(page)
    assert f"/contacts/{card.pk}/consent/" in page.content.decode()
    give_consent(card.pk, on=frozen.now.date(), channel="квиз", by=operator)
    assert "Согласия на обработку" not in text_of(client.get(f"/leads/{row.pk}/"))
    client.post(f"/contacts/{card.pk}/consent/", {"withdraw": "1"})
    assert "Клиент отозвал согласие" in text_of(client.get(f"/leads/{row.pk}/"))
    closed = lead_in("junk", by=operator)
    assert "Согласия на обработку" not in text_of(client.get(f"/leads/{closed.pk}/"))


def test_a_new_number_is_linked_with_a_card_of_its_own_and_read_from_both_sides(card: Contact, operator) -> None:
    client = signed_in(operator)
    sent = {"phone": "8 937 000 60 31", "kind": "spouse", "name": "Светлана Мельникова"}
    words = text_of(client.post(f"/contacts/{card.pk}/links/", sent, follow=True))
    assert "Светлана Мельникова супруг(а) +7 937 000-60-31 · лидов нет" in words
    other = Contact.objects.get(phone=SPOUSE)
    manager = signed_in(ManagerFactory())
    assert "Андрей Мельников супруг(а)" in text_of(manager.get(f"/contacts/{other.pk}/"))
    client.post(f"/contacts/{card.pk}/links/", {**sent, "kind": "relative"})
    link = LinkedCard.objects.get()
    assert (link.kind, link.first_id, link.second_id) == ("relative", *sorted([card.pk, other.pk]))
    assert told(other) == {f"linked_{card.pk}": ["spouse", "relative"]}
    third = lead(by=operator).contact
    for address, named in ((third.pk, link.pk), (card.pk, 0), (card.pk, "9" * 30), (card.pk, "x")):
        assert client.post(f"/contacts/{address}/links/", {"unlink": named}).status_code == 404
    unlinked = client.post(f"/contacts/{card.pk}/links/", {"unlink": link.pk}, follow=True)
    assert "больше не связаны" in text_of(unlinked)
    assert not LinkedCard.objects.exists()
    assert told(card) == {f"linked_{other.pk}": ["relative", ""]}


def test_a_colleagues_client_is_linked_by_the_head_and_stays_unnamed(card: Contact, operator) -> None:
    theirs = lead(by=OperatorFactory(), phone=SPOUSE, name="Светлана Тайная").contact
    sent = {"phone": SPOUSE, "kind": "spouse", "name": "Перехвачена"}
    page = signed_in(operator).post(f"/contacts/{card.pk}/links/", sent)
    assert page.status_code == 422
    assert "Это номер клиента другого сотрудника" in text_of(page)
    assert "Тайная" not in text_of(page)
    assert not LinkedCard.objects.exists()
    link_cards(card.pk, SPOUSE, "spouse", by=ManagerFactory())
    words = text_of(signed_in(operator).get(f"/contacts/{card.pk}/"))
    assert "клиент другого сотрудника супруг(а)" in words
    assert "Тайная" not in words
    assert "60-31" not in words
    words = text_of(signed_in(ManagerFactory()).get(f"/contacts/{card.pk}/"))
    assert "Светлана Тайная" in words
    theirs.refresh_from_db()
    assert theirs.name == "Светлана Тайная"


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"phone": PHONE, "kind": "spouse"}, "Это номер самой карточки"),
        ({"phone": "12", "kind": "spouse"}, "Номер не распознан"),
        ({"phone": SPOUSE}, "Обязательное поле"),
        ({"phone": SPOUSE, "kind": "boss"}, "корректный вариант"),
        ({"phone": SPOUSE, "kind": "spouse", "name": "a" * 201}, "200"),
    ],
)
def test_what_is_wrong_with_a_link_is_told(card: Contact, operator, sent: dict, said: str) -> None:
    page = signed_in(operator).post(f"/contacts/{card.pk}/links/", sent)
    assert page.status_code == 422
    assert said in text_of(page), text_of(page)
    assert Contact.objects.count() == 1


def test_many_links_take_no_more_queries(card: Contact, operator) -> None:
    client = signed_in(operator)
    for number in range(10):
        link_cards(card.pk, f"+7937000{number:04}", "relative", name=HOSTILE, by=operator)
    with at_most(15):
        page = client.get(f"/contacts/{card.pk}/")
    assert "<script>alert" not in page.content.decode()


def test_a_head_changes_the_number_and_the_leads_go_along(operator, frozen: Frozen) -> None:
    frozen.move(hours=3)
    row = lead(by=operator, phone="8 495 123-45-67", name="Андрей")
    card, manager = row.contact, signed_in(ManagerFactory())
    page = f"/contacts/{card.pk}/number/"
    form = manager.get(page)
    assert "Старый номер освобождается" in text_of(form)
    assert "Изменить номер…" not in text_of(signed_in(operator).get(f"/contacts/{card.pk}/"))
    sent = {"phone": "8 (4232) 12-34-56", "version": str(card.version)}
    assert signed_in(operator).post(page, sent).status_code == 403
    Mark.objects.all().delete()
    assert "+7 423 212-34-56" in text_of(manager.post(page, sent, follow=True))
    moved = Lead.objects.get(pk=row.pk)
    assert (moved.phone, moved.client_zone) == ("+74232123456", "Asia/Vladivostok")
    assert told(card) == {"phone": ["+74951234567", "+74232123456"]}
    assert set(Mark.objects.values_list("kind", "object_id")) >= {("contact", card.pk), ("lead", row.pk)}
    due = moved.tasks.open().get(kind="contact_client").due_at
    assert due.astimezone(moved.zone).hour == 9  # ten in the evening there
    assert manager.post(page, {**sent, "phone": PHONE}).status_code == 409  # the version of before
    again = lead(phone="8 495 123-45-67")
    assert again.duplicate_of_id is None


def test_a_number_that_has_a_card_is_not_taken_over(card: Contact) -> None:
    lead(phone=SPOUSE, name="Светлана")
    manager = signed_in(ManagerFactory())
    page = manager.post(f"/contacts/{card.pk}/number/", {"phone": SPOUSE})
    assert page.status_code == 422
    assert "У номера +7 937 000-60-31 уже есть карточка: Светлана" in text_of(page)
    for wrong in ("", "12", "\x00"):
        assert manager.post(f"/contacts/{card.pk}/number/", {"phone": wrong}).status_code == 422
    assert manager.post(f"/contacts/{card.pk}/number/", {"phone": "8 937 000 60 27"}).status_code == 302
    assert Contact.objects.get(pk=card.pk).phone == PHONE


@pytest.mark.parametrize("page", ["consent/", "links/", "number/"])
def test_strangers_do_not_see_these_pages_and_lawyers_change_nothing(card: Contact, page: str) -> None:
    for stranger in (OperatorFactory(), LawyerFactory()):
        assert signed_in(stranger).get(f"/contacts/{card.pk}/{page}").status_code in (403, 404)
        assert signed_in(stranger).post(f"/contacts/{card.pk}/{page}", {"withdraw": "1"}).status_code in (403, 404)
    lawyer = LawyerFactory()
    row = move(lead_in("visit"), "contract", lawyer=lawyer.pk)
    assert signed_in(lawyer).get(f"/contacts/{row.contact_id}/{page}").status_code == 403
    assert signed_in(lawyer).post(f"/contacts/{row.contact_id}/{page}", {"unlink": "1"}).status_code == 403
