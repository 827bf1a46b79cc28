"""Clients' cards in the admin: one per number, edited and marked by the verbs."""

import pytest

from contacts.models import Contact
from history.models import Event
from outbox.models import Mark
from tests.contacts.phone_table import CASES
from tests.factories import AdminFactory, lead
from tests.pages import signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]

LIST = "/admin/contacts/contact/"


@pytest.fixture
def admin():
    return signed_in(AdminFactory())


def test_a_card_is_added_by_its_number_and_marked(admin) -> None:
    sent = {"phone": "8 (937) 000-60-27", "name": "Пётр", "comment": "Свой", "do_not_call_reason": "x", "version": "9"}
    assert admin.post(f"{LIST}add/", sent).status_code == 302
    card = Contact.objects.get()
    assert (card.phone, card.name, card.comment, card.do_not_call) == ("+79370006027", "Пётр", "Свой", False)
    assert Mark.objects.filter(kind="contact", object_id=card.pk).exists()
    again = admin.post(f"{LIST}add/", {**sent, "phone": "+7 937 000 60 27"})
    assert "У этого номера уже есть карточка: +7 937 000-60-27" in text_of(again)
    assert Contact.objects.count() == 1


def test_what_is_no_phone_makes_no_card(admin) -> None:
    for case in {case.id: case for case in CASES if case.main is None}.values():
        answer = admin.post(f"{LIST}add/", {"phone": case.raw})
        assert "phone" in answer.context["adminform"].errors, case
    assert not Contact.objects.exists()


def test_a_card_is_edited_and_its_number_is_not(admin) -> None:
    card = lead().contact
    page = f"{LIST}{card.pk}/change/"
    sent = {"name": "Новое", "city": "Самара", "phone": "+79991112233", "seen": str(card.version), "created_at": "1"}
    assert admin.post(page, sent).status_code == 302
    after = Contact.objects.get()
    assert (after.name, after.city, after.phone, after.created_at) == ("Новое", "Самара", card.phone, card.created_at)
    assert Event.objects.filter(kind=Event.Kind.EDITED, contact=card).exists()
    stale = admin.post(page, {**sent, "name": "Ещё"})
    assert stale.status_code == 200
    assert "Карточк" in text_of(stale)
    assert Contact.objects.get().name == "Новое"


def test_who_asked_not_to_be_called_is_marked_with_the_reason_and_loses_the_tasks(admin) -> None:
    row = lead()
    sent = {"action": "do_not_call", "_selected_action": row.contact_id}
    assert admin.post(LIST, {**sent, "apply": "1", "reason": ""}).context["form"].errors
    admin.post(LIST, {**sent, "apply": "1", "reason": "Просил не звонить"})
    card = Contact.objects.get()
    assert (card.do_not_call, card.do_not_call_reason) == (True, "Просил не звонить")
    assert not row.tasks.filter(state="open").exists()
    admin.post(LIST, {"action": "call_again", "_selected_action": row.contact_id})
    assert not Contact.objects.get().do_not_call
