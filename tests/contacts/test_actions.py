"""The directory's verbs: one card per number, what may be edited, and who asked not to be called."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from contacts.actions import contact_for, contacts_for, draft, edit_contact, set_do_not_call
from contacts.models import Contact
from crm.errors import Forbidden, Refused
from history.models import Event
from outbox.models import Mark
from tests.factories import ContactFactory, LawyerFactory, ManagerFactory, OperatorFactory, deal, lead, phone


# --- the card of a number --------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_number_has_one_card_which_keeps_its_first_name(frozen) -> None:
    number = phone()
    first = contact_for(number, name="Ольга", email="olga@example.org", city="Уфа", at=frozen.now)
    again = contact_for(number, name="Пётр", email="petr@example.org", city="Омск", at=frozen.now)
    assert first.pk == again.pk
    assert (again.name, again.email, again.city, again.version) == ("Ольга", "olga@example.org", "Уфа", 1)


@pytest.mark.django_db
def test_a_card_without_a_name_takes_the_first_that_comes(frozen) -> None:
    number = phone()
    contact_for(number, at=frozen.now)
    named = contact_for(number, name="Ольга Ёлкина", at=frozen.now)
    assert (named.name, named.version, named.search_text) == ("Ольга Ёлкина", 2, "ольга елкина")
    assert Mark.objects.get(kind="contact", object_id=named.pk).pending


@pytest.mark.django_db
def test_a_batch_makes_the_same_cards_in_a_few_queries(frozen) -> None:
    known = ContactFactory(name="")
    drafts = [draft(number, name=name, at=frozen.now) for number, name in [(known.phone, ""), (known.phone, "Пётр")]]
    drafts += [draft(phone(), name="Анна", at=frozen.now) for _ in range(50)]
    drafts.append(draft(drafts[-1].phone, name="Вера", at=frozen.now))
    with CaptureQueriesContext(connection) as captured:
        cards = contacts_for(drafts)
    assert len(captured) <= 8
    assert (len(cards), Contact.objects.count()) == (51, 51)
    assert (cards[known.phone].name, cards[drafts[-1].phone].name) == ("Пётр", "Анна")


@pytest.mark.django_db(transaction=True)
def test_a_card_is_made_in_the_transaction_of_its_lead(frozen) -> None:
    with pytest.raises(AssertionError, match="inside its transaction"):
        contact_for(phone(), at=frozen.now)

    @transaction.atomic
    def intake_that_fails() -> None:
        contact_for(phone(), at=frozen.now)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        intake_that_fails()
    assert not Contact.objects.exists()


# --- editing ---------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_an_edit_is_told_and_the_number_is_no_part_of_it() -> None:
    operator = OperatorFactory()
    card = lead(by=operator, name="Ольга").contact
    changes = {"name": "Ольга Ёлкина", "city": "Уфа", "phone": phone(), "do_not_call_reason": "x", "version": 9}
    edited = edit_contact(card.pk, changes, by=operator, version=card.version)
    stored = Contact.objects.get(pk=card.pk)
    assert (stored.name, stored.city, stored.phone, stored.do_not_call_reason) == (
        "Ольга Ёлкина",
        "Уфа",
        card.phone,
        "",
    )
    assert stored.version == edited.version == card.version + 1
    assert stored.search_text == "ольга елкина уфа"
    told = Event.objects.get(contact=card, kind=Event.Kind.EDITED)
    assert (told.by, told.data["changes"]) == (operator, {"name": ["Ольга", "Ольга Ёлкина"], "city": ["", "Уфа"]})


@pytest.mark.django_db
def test_a_stale_edit_changes_nothing() -> None:
    manager = ManagerFactory()
    card = ContactFactory()
    edit_contact(card.pk, {"name": "Ольга"}, by=manager, version=1)
    with pytest.raises(Refused) as refusal:
        edit_contact(card.pk, {"name": "Пётр"}, by=manager, version=1)
    assert refusal.value.code == "stale"
    assert Contact.objects.get(pk=card.pk).name == "Ольга"


@pytest.mark.django_db
def test_who_may_edit_a_card(catalogues: None) -> None:
    lawyer = LawyerFactory()
    signed = deal()
    with pytest.raises(Forbidden):
        edit_contact(signed.contact_id, {"name": "Пётр"}, by=lawyer)
    card = lead(by=OperatorFactory()).contact
    for stranger in (OperatorFactory(), lawyer):
        with pytest.raises(Contact.DoesNotExist):
            edit_contact(card.pk, {"name": "Пётр"}, by=stranger)


# --- do not call -----------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_not_calling_has_a_date_and_a_reason_and_can_be_lifted(frozen) -> None:
    manager, card = ManagerFactory(), ContactFactory()
    card = set_do_not_call(card.pk, "просил не звонить", by=manager)
    assert (card.do_not_call, card.do_not_call_at, card.do_not_call_reason) == (True, frozen.now, "просил не звонить")
    card = set_do_not_call(card.pk, "", by=manager)
    assert (card.do_not_call, card.do_not_call_at, card.do_not_call_reason) == (False, None, "")
    told = [event.data["changes"]["do_not_call"] for event in card.events.order_by("pk")]
    assert told == [["", "просил не звонить"], ["просил не звонить", ""]]


@pytest.mark.django_db
def test_saying_the_same_again_is_no_change(frozen) -> None:
    manager, card = ManagerFactory(), ContactFactory()
    set_do_not_call(card.pk, "", by=manager)
    first = set_do_not_call(card.pk, "просил не звонить", by=manager)
    frozen.move(days=1)
    again = set_do_not_call(card.pk, "просил не звонить", by=manager)
    assert (again.version, again.do_not_call_at) == (first.version, first.do_not_call_at) == (2, frozen.START)
    assert card.events.count() == 1
