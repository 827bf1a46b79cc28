"""POST leads/: what the contract promises to landing pages and telephony."""

from datetime import timedelta

import pytest

from crm import clock
from leads.models import Lead
from tests import factories
from tests.rest import intake, rest

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]

SHAPE = {
    "id", "version", "created_at", "status", "status_changed_at", "junk_reason", "duplicate_of", "contact", "phone",
    "phone_raw", "phone_valid", "phone_extension", "other_phones", "name", "email", "comment", "debt_amount", "city",
    "utm", "source", "source_raw", "external_id", "responsible", "meeting_at", "office", "callback_at", "milestones",
    "touches_count", "allowed", "deal",
}  # fmt: skip


def test_an_application_is_answered_with_its_lead() -> None:
    answer = intake().post(
        "leads/",
        {
            "phone": "8 (916) 123-45-67",
            "source": "yandex",
            "name": "Ольга",
            "email": "olga@example.org",
            "comment": "банкротство",
            "debt_amount": "870000",
            "city": "Уфа",
            "utm": {"utm_source": "ya"},
            "external_id": "form-1",
        },
    )
    assert answer.status_code == 201
    lead = answer.json()
    assert set(lead) == SHAPE
    assert lead["phone"] == "+79161234567"
    assert lead["phone_raw"] == "8 (916) 123-45-67"
    assert lead["phone_valid"] is True
    assert lead["contact"]["phone"] == "+79161234567"
    assert lead["status"] == "new"
    assert lead["source"] == {"code": "yandex_direct", "name": "Яндекс.Директ"}
    assert lead["source_raw"] == ""
    assert lead["debt_amount"] == "870000.00"
    assert lead["utm"] == {"utm_source": "ya"}
    assert lead["responsible"] is None
    assert lead["duplicate_of"] is None
    assert lead["deal"] is None
    assert lead["milestones"] == {"meeting": None, "visit": None, "contract": None, "contract_prepaid": None}
    assert lead["created_at"].endswith("+03:00")


def test_a_second_application_on_a_number_is_a_duplicate() -> None:
    first = intake().post("leads/", {"phone": "+79161234567", "source": "site", "name": "Ольга"}).json()
    answer = intake().post("leads/", {"phone": "89161234567", "source": "quiz"})
    assert answer.status_code == 201
    lead = answer.json()
    assert (lead["status"], lead["junk_reason"], lead["duplicate_of"]) == ("junk", "duplicate", first["id"])
    assert lead["source"]["code"] == "quiz"
    assert lead["allowed"] == []


def test_an_intake_key_learns_nothing_of_the_client_that_it_did_not_bring() -> None:
    intake().post("leads/", {"phone": "+79161234567", "name": "Ольга Тайная"})
    answer = intake().post("leads/", {"phone": "+79161234567", "name": "Оля"})
    assert "Тайная" not in answer.content.decode()
    assert answer.json()["contact"]["name"] == "Оля"


def test_an_impossible_phone_makes_a_lead_without_a_card() -> None:
    answer = intake().post("leads/", {"phone": "8916123", "source": "site"})
    assert answer.status_code == 201
    lead = answer.json()
    assert (lead["contact"], lead["phone"], lead["phone_valid"]) == (None, None, False)
    assert lead["phone_raw"] == "8916123"


def test_an_unknown_source_is_kept_raw() -> None:
    lead = intake().post("leads/", {"phone": "+79161234567", "source": "billboard 5"}).json()
    assert lead["source"]["code"] == "unknown"
    assert lead["source_raw"] == "billboard 5"


def test_an_email_alone_is_enough() -> None:
    answer = intake().post("leads/", {"email": "olga@example.org", "phone": "  "})
    assert answer.status_code == 201
    assert answer.json()["contact"] is None


@pytest.mark.parametrize("body", [{}, {"name": "Ольга"}, {"phone": "", "email": ""}, {"phone": None}])
def test_neither_phone_nor_email_is_refused_by_field(body: dict[str, object]) -> None:
    answer = intake().post("leads/", body)
    assert answer.status_code == 400
    assert set(answer.json()) == {"phone", "email"}
    assert all(isinstance(said, list) for said in answer.json().values())
    assert Lead.objects.count() == 0


def test_the_same_idempotency_key_answers_with_the_first_lead_as_it_now_is() -> None:
    client = intake()
    first = client.post("leads/", {"phone": "+79161234567"}, **{"Idempotency-Key": "a-1"})
    factories.move(Lead.objects.get(), "dialing")
    again = client.post("leads/", {"phone": "+79167654321"}, **{"Idempotency-Key": "a-1"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["id"] == first.json()["id"]
    assert again.json()["status"] == "dialing"
    assert Lead.objects.count() == 1


def test_idempotency_keys_of_two_api_keys_do_not_meet() -> None:
    answers = [intake().post("leads/", {"phone": "+79161234567"}, **{"Idempotency-Key": "a-1"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]


def test_the_same_external_id_answers_with_the_first_lead() -> None:
    client = intake()
    first = client.post("leads/", {"phone": "+79161234567", "external_id": "x"})
    again = client.post("leads/", {"phone": "+79161234567", "external_id": "x"})
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    other = intake().post("leads/", {"phone": "+79161234567", "external_id": "x"})
    assert other.status_code == 201


def test_the_idempotency_key_is_looked_up_before_the_external_id() -> None:
    client = intake()
    first = client.post("leads/", {"phone": "+79161234567", "external_id": "x"}, **{"Idempotency-Key": "a"}).json()
    second = client.post("leads/", {"phone": "+79167654321", "external_id": "y"}, **{"Idempotency-Key": "b"}).json()
    again = client.post("leads/", {"phone": "+79167654321", "external_id": "x"}, **{"Idempotency-Key": "b"})
    assert again.json()["id"] == second["id"] != first["id"]


def test_a_lead_posted_by_an_operator_is_theirs_and_one_of_an_intake_key_is_nobodys() -> None:
    operator = factories.OperatorFactory()
    mine = rest(operator).post("leads/", {"phone": "+79161234567"}).json()
    assert mine["responsible"] == {"id": operator.pk, "name": operator.name}
    assert mine["allowed"] == ["dialing", "meeting", "postponed", "visit", "junk"]
    assert intake().post("leads/", {"phone": "+79167654321"}).json()["responsible"] is None


def test_the_past_is_believed_of_an_administrators_key_only() -> None:
    moment = (clock.now() - timedelta(days=400)).isoformat()
    by_admin = rest(factories.AdminFactory()).post("leads/", {"phone": "+79161234567", "arrived_at": moment}).json()
    assert by_admin["created_at"][:4] == str((clock.now() - timedelta(days=400)).year)
    for client in (rest(factories.ManagerFactory()), intake()):
        lead = client.post("leads/", {"phone": factories.phone(), "arrived_at": moment}).json()
        assert lead["created_at"][:4] == str(clock.now().year)
        assert Lead.objects.get(pk=lead["id"]).raw["arrived_at"]


def test_a_lawyer_enters_no_leads() -> None:
    answer = rest(factories.LawyerFactory()).post("leads/", {})
    assert answer.status_code == 403


def test_a_fresh_lead_takes_at_most_sixteen_queries(django_assert_max_num_queries: object) -> None:
    client = intake()
    with django_assert_max_num_queries(16):  # type: ignore[operator]
        assert client.post("leads/", {"phone": "+79161234567", "source": "site"}).status_code == 201
