"""The one door in: who owns a new lead, what is believed, and what a repeated call answers."""

from datetime import timedelta

import pytest

from contacts.models import Contact
from crm.errors import Forbidden
from history.models import Event
from leads.applications import body_digest, read_application
from leads.intake import register_lead
from leads.models import IdempotencyKey, Lead
from outbox.models import Mark
from sources.models import Source
from tests.factories import AdminFactory, ApiKeyFactory, LawyerFactory, ManagerFactory, OperatorFactory, lead, phone
from tests.promises import broken

pytestmark = pytest.mark.django_db


def post(body: dict, *, key=None, idempotency_key: str = "", by=None):
    return register_lead(
        read_application(body), by=by, key=key, idempotency_key=idempotency_key, digest=body_digest(body)
    )


def test_a_new_lead_has_its_card_its_task_its_history_and_its_marks(catalogues: None, frozen) -> None:
    row = lead(phone="8 (916) 555-12-34", name="Мария Серова", source="yandex")
    assert (row.status, row.phone, row.contact.name) == ("new", "+79165551234", "Мария Серова")
    assert row.source.code == "yandex_direct"
    task = row.tasks.get()
    assert (task.kind, task.due_at, task.automatic, task.assignee) == ("contact_client", frozen.now, True, None)
    assert row.events.get().kind == Event.Kind.CREATED
    assert set(Mark.objects.values_list("kind", flat=True)) == {"lead", "contact", "task"}


def test_an_intake_of_a_fresh_lead_takes_few_queries(catalogues: None, django_assert_max_num_queries) -> None:
    key = ApiKeyFactory(kind="intake")
    body = {"phone": phone(), "source": "site", "external_id": "a-1"}
    with django_assert_max_num_queries(16):
        post(body, key=key, idempotency_key="once")


def test_an_operators_own_lead_and_nobody_elses(catalogues: None) -> None:
    operator = OperatorFactory()
    row = lead(by=operator)
    assert (row.responsible, row.created_by) == (operator, operator)
    assert row.tasks.get().assignee == operator
    assert lead(by=ManagerFactory()).responsible is None
    assert lead(key=ApiKeyFactory(kind="intake")).responsible is None


def test_an_operators_repeat_goes_to_whoever_has_the_original() -> None:
    first, second = OperatorFactory(), OperatorFactory()
    original = lead(by=first)
    assert lead(phone=original.phone, by=second).responsible == first


def test_a_lawyer_enters_none() -> None:
    with pytest.raises(Forbidden):
        lead(by=LawyerFactory())


# --- what it cannot understand ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("given", ["radio_2019", "", None, 7])
def test_an_unknown_source_is_kept_raw(given: object, catalogues: None) -> None:
    row = lead(source=given)
    assert row.source.code == "unknown"
    assert row.source_raw == (given if given == "radio_2019" else "")
    if given == 7:
        assert row.raw["source"] == 7


def test_without_a_catalogue_no_lead_is_lost() -> None:
    assert lead(source="site").source.code == "unknown"
    assert Source.objects.get().name == "Не определён"


def test_an_e_mail_alone_makes_a_lead_without_a_card(catalogues: None) -> None:
    rows = [lead(phone="", email="a@example.org") for _ in range(2)]
    assert [(row.contact, row.phone_valid, row.status) for row in rows] == [(None, False, "new")] * 2
    assert not Contact.objects.exists()


def test_an_impossible_phone_is_nobodys_duplicate(catalogues: None) -> None:
    rows = [lead(phone="123-45") for _ in range(2)]
    assert [(row.contact, row.phone_raw, row.status) for row in rows] == [(None, "123-45", "new")] * 2
    assert rows[0].phone_refusal


def test_a_nameless_card_takes_the_name_of_a_later_application() -> None:
    number = phone()
    lead(phone=number)
    lead(phone=number, name="Олег Климов")
    lead(phone=number, name="Кто-то другой")
    card = Contact.objects.get()
    assert (card.name, card.search_text) == ("Олег Климов", "олег климов")


# --- when it arrived -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("who", "days", "believed"),
    [
        (AdminFactory, -400, True),
        (AdminFactory, 0, True),
        (AdminFactory, 1, False),
        (AdminFactory, -365 * 200, False),
        (ManagerFactory, -1, False),
        (OperatorFactory, -1, False),
        (lambda: None, -1, False),
    ],
)
def test_only_an_administrator_is_believed_the_past(who, days: int, believed, frozen) -> None:
    given = frozen.now + timedelta(days=days)
    row = lead(by=who(), arrived_at=given.isoformat())
    assert row.created_at == (given if believed else frozen.now)
    assert row.opened_at == row.status_changed_at == row.created_at
    assert ("arrived_at" in row.raw) is not believed


# --- the same call again ---------------------------------------------------------------------------------------------
BODY = {"phone": "+79165550001", "source": "site"}


def test_an_idempotency_key_answers_with_the_first_lead() -> None:
    key = ApiKeyFactory()
    first = post(BODY, key=key, idempotency_key="k")
    again = post(BODY, key=key, idempotency_key="k")
    assert (first.created, again.created, again.lead) == (True, False, first.lead)
    assert not Event.objects.filter(kind=Event.Kind.RESENT).exists()
    assert Lead.objects.count() == 1


def test_an_external_id_answers_with_the_first_lead_as_it_now_is() -> None:
    key = ApiKeyFactory()
    first = post(BODY | {"external_id": "7"}, key=key).lead
    Lead.objects.filter(pk=first.pk).update(name="Исправлено")
    again = post(BODY | {"external_id": "7"}, key=key)
    assert (again.created, again.lead.pk, again.lead.name) == (False, first.pk, "Исправлено")


def test_the_idempotency_key_is_looked_up_first() -> None:
    key = ApiKeyFactory()
    first = post(BODY | {"external_id": "1"}, key=key, idempotency_key="k").lead
    second = post({"phone": phone(), "external_id": "2"}, key=key).lead
    assert post(BODY | {"external_id": "2"}, key=key, idempotency_key="k").lead == first
    assert post(BODY | {"external_id": "2"}, key=key, idempotency_key="new").lead == second


def test_a_key_that_came_with_a_known_external_id_is_known_from_then_on() -> None:
    key = ApiKeyFactory()
    first = post(BODY | {"external_id": "1"}, key=key).lead
    assert post(BODY | {"external_id": "1"}, key=key, idempotency_key="k").lead == first
    again = post({"phone": phone(), "external_id": "2"}, key=key, idempotency_key="k")
    assert (again.created, again.lead) == (False, first)


@pytest.mark.parametrize("by", ["idempotency key", "external id"])
def test_a_different_body_is_told_in_history_and_changes_nothing(by: str) -> None:
    key = ApiKeyFactory()
    idem = "k" if by == "idempotency key" else ""
    body = BODY | ({"external_id": "7"} if by == "external id" else {})
    first = post(body, key=key, idempotency_key=idem).lead
    again = post(body | {"name": "Другое имя", "phone": phone()}, key=key, idempotency_key=idem)
    assert (again.created, again.lead.pk, again.lead.name) == (False, first.pk, "")
    assert Event.objects.get(kind=Event.Kind.RESENT).data["said"]["name"] == "Другое имя"
    assert (Lead.objects.count(), Contact.objects.count()) == (1, 1)


def test_keys_of_different_senders_do_not_meet() -> None:
    one, other = ApiKeyFactory(), ApiKeyFactory()
    first = post(BODY | {"external_id": "7"}, key=one, idempotency_key="k")
    second = post(BODY | {"external_id": "7"}, key=other, idempotency_key="k")
    assert first.created
    assert second.created
    assert second.lead.duplicate_of == first.lead
    assert IdempotencyKey.objects.count() == 2
    assert broken() == {}


def test_without_a_key_an_external_id_means_nothing() -> None:
    assert lead(external_id="7").external_id == ""
