"""POST leads/{id}/transition/: the moves, and the order in which they are refused."""

from datetime import timedelta
from typing import Any

import pytest

from crm import clock
from deals.models import Deal
from history.models import Event
from leads.models import Lead
from tests import factories
from tests.rest import Rest, rest

LATER = (clock.now() + timedelta(days=30)).isoformat()

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


@pytest.fixture
def manager() -> Rest:
    return rest(factories.ManagerFactory())


def soon(**delta: int) -> str:
    return (clock.now() + timedelta(**(delta or {"days": 1}))).isoformat()


def move(client: Rest, lead: Lead, to: Any, **body: Any) -> Any:
    return client.post(f"leads/{lead.pk}/transition/", {"to": to, **body})


def test_a_move_answers_with_the_lead(manager: Rest) -> None:
    lead = factories.lead()
    answer = move(manager, lead, "meeting", meeting_at=soon())
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["status"], shown["version"]) == ("meeting", 2)
    assert shown["milestones"]["meeting"] is not None
    assert shown["office"] == "main"
    assert "visit" in shown["allowed"]


def test_a_contract_opens_the_deal_and_prepayment_updates_it(manager: Rest) -> None:
    lawyer = factories.LawyerFactory()
    lead = factories.lead_in("visit")
    answer = move(manager, lead, "contract", amount="150000", contract_number="12-Б", contract_date="2026-11-20")
    assert answer.status_code == 200
    deal = Deal.objects.get()
    assert answer.json()["deal"] == {"id": deal.pk, "stage": "documents"}
    assert deal.responsible == lawyer
    answer = move(manager, lead, "contract_prepaid", prepayment="30000.50")
    assert answer.status_code == 200
    deal = Deal.objects.get()
    assert (str(deal.amount), str(deal.prepayment)) == ("150000.00", "30000.50")
    assert answer.json()["milestones"]["contract_prepaid"] is not None


def test_what_the_table_does_not_have_is_409_with_what_is_possible(manager: Rest) -> None:
    lead = factories.lead()
    answer = move(manager, lead, "contract", amount="1")
    assert answer.status_code == 409
    refused = answer.json()
    assert refused["code"] == "transition_not_allowed"
    assert refused["allowed"] == ["dialing", "meeting", "postponed", "visit", "junk"]
    assert refused["detail"]


def test_no_answer_is_earned_first(manager: Rest) -> None:
    lead = factories.lead()
    factories.touch(lead)
    answer = move(manager, lead, "junk", junk_reason="no_answer")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_answer_not_earned")
    assert "allowed" in answer.json()
    earned = factories.lead_nobody_reached()
    assert move(manager, earned, "junk", junk_reason="no_answer").status_code == 200


def test_a_stale_version_is_409_and_a_right_one_passes(manager: Rest) -> None:
    lead = factories.lead()
    assert move(manager, lead, "dialing", version=1).status_code == 200
    answer = move(manager, lead, "visit", version=1)
    assert (answer.status_code, answer.json()["code"]) == (409, "stale")
    assert "meeting" in answer.json()["allowed"]
    assert Event.objects.filter(kind="status").count() == 1


def test_the_table_is_asked_before_the_data_and_before_the_person() -> None:
    manager, operator = factories.ManagerFactory(), factories.OperatorFactory()
    lead = factories.lead(by=operator)
    assert move(rest(manager), lead, "contract", amount="abc").status_code == 409
    assert move(rest(manager), lead, "contract", amount={}, version=99).json()["code"] == "stale"
    junk = factories.lead_in("junk", by=operator)
    assert move(rest(operator), junk, "meeting", meeting_at="abc").status_code == 409
    assert move(rest(operator), junk, "dialing", comment=5).status_code == 403
    assert move(rest(operator), junk, "dialing", comment="клиент передумал").status_code == 403
    assert move(rest(manager), junk, "dialing").status_code == 400
    assert move(rest(manager), junk, "dialing", comment="клиент передумал").status_code == 200


def test_a_duplicate_does_not_move(manager: Rest) -> None:
    original = factories.lead(phone="+79161234567")
    duplicate = factories.lead(phone="+79161234567")
    answer = move(manager, duplicate, "dialing", comment="x")
    assert answer.status_code == 409
    assert (answer.json()["code"], answer.json()["allowed"]) == ("transition_not_allowed", [])
    assert original.pk


def test_a_duplicate_is_marked_by_naming_the_original() -> None:
    operator, other = factories.OperatorFactory(), factories.OperatorFactory()
    original, lead = factories.lead(by=other), factories.lead(by=operator)
    answer = move(rest(operator), lead, "junk", junk_reason="duplicate", duplicate_of=original.pk)
    assert answer.status_code == 200
    assert answer.json()["duplicate_of"] == original.pk
    assert answer.json()["responsible"]["id"] == other.pk


@pytest.mark.parametrize(
    ("to", "body", "fields"),
    [
        (None, {}, {"to"}),
        ("nonsense", {}, {"to"}),
        ([], {}, {"to"}),
        ("meeting", {}, {"meeting_at"}),
        ("meeting", {"meeting_at": "2020-01-01T10:00:00+03:00"}, {"meeting_at"}),
        ("meeting", {"meeting_at": "2036-01-01T10:00:00"}, {"meeting_at"}),
        ("meeting", {"meeting_at": "9999-12-31T23:59:59Z"}, {"meeting_at"}),
        ("meeting", {"meeting_at": 5, "office": 7, "comment": []}, {"meeting_at", "office", "comment"}),
        ("meeting", {"meeting_at": LATER, "office": "mars"}, {"office"}),
        ("postponed", {}, {"callback_at"}),
        ("postponed", {"callback_at": "tomorrow"}, {"callback_at"}),
        ("junk", {}, {"junk_reason"}),
        ("junk", {"junk_reason": "boring"}, {"junk_reason"}),
        ("junk", {"junk_reason": "duplicate"}, {"duplicate_of"}),
        ("junk", {"junk_reason": "duplicate", "duplicate_of": 10**30}, {"duplicate_of"}),
        ("junk", {"junk_reason": "duplicate", "duplicate_of": 10**15}, {"duplicate_of"}),
        ("junk", {"junk_reason": "duplicate", "duplicate_of": True}, {"duplicate_of"}),
        ("contract", {}, {"amount"}),
        ("contract", {"amount": "0"}, {"amount"}),
        ("contract", {"amount": "-5"}, {"amount"}),
        ("contract", {"amount": True}, {"amount"}),
        ("contract", {"amount": "1e30"}, {"amount"}),
        ("contract", {"amount": "NaN"}, {"amount"}),
        ("contract", {"amount": "5.001"}, {"amount"}),
        ("contract", {"amount": "5", "contract_date": "32.13.2026"}, {"contract_date"}),
        ("contract", {"amount": "5", "contract_number": "x" * 51}, {"contract_number"}),
        ("contract", {"amount": "5", "contract_number": "a\x00"}, {"contract_number"}),
        ("contract_prepaid", {}, {"amount", "prepayment"}),
        ("contract_prepaid", {"amount": "5", "prepayment": "6"}, {"prepayment"}),
        ("contract_prepaid", {"amount": "5", "prepayment": "0"}, {"prepayment"}),
        ("meeting", {"meeting_at": LATER, "version": "x"}, {"version"}),
        ("meeting", {"meeting_at": LATER, "version": 10**30}, {"version"}),
        ("meeting", {"meeting_at": LATER, "comment": "\ud800"}, {"comment"}),
        ("meeting", {"meeting_at": LATER, "comment": "x" * 10_001}, {"comment"}),
    ],
)
def test_missing_and_bad_data_is_400_by_field(manager: Rest, to: Any, body: dict[str, Any], fields: set[str]) -> None:
    lead = factories.lead_in("meeting")  # from here almost everything is possible
    answer = move(manager, lead, to, **body)
    assert answer.status_code == 400, answer.content
    assert set(answer.json()) == fields
    assert Lead.objects.get(pk=lead.pk).status == "meeting"
    assert Deal.objects.count() == 0


def test_H20_a_transition_sets_nothing_else(manager: Rest) -> None:
    lead = factories.lead()
    other = factories.OperatorFactory()
    body = {"responsible": other.pk, "created_at": "2001-01-01T00:00:00Z", "contact": 1, "id": 5, "stay": 9}
    assert move(manager, lead, "visit", **body).status_code == 200
    now = Lead.objects.get(pk=lead.pk)
    assert (now.responsible_id, now.created_at, now.contact_id, now.stay) == (None, lead.created_at, lead.contact_id, 2)


def test_a_lead_that_is_not_to_be_seen_is_404_before_anything_else() -> None:
    theirs = factories.lead(by=factories.OperatorFactory())
    assert move(rest(factories.OperatorFactory()), theirs, "nonsense").status_code == 404
    assert rest(factories.LawyerFactory()).post("leads/1/transition/", {}).status_code == 404


def test_a_lawyer_moves_no_lead() -> None:
    lawyer = rest(factories.LawyerFactory())
    signed = factories.lead_in("contract")
    assert move(lawyer, signed, "contract_prepaid", prepayment="5").status_code == 403
    assert move(lawyer, signed, "visit").status_code == 409


def test_an_operator_who_moves_a_free_lead_takes_it() -> None:
    operator = factories.OperatorFactory()
    lead = factories.lead()
    answer = move(rest(operator), lead, "visit")
    assert answer.json()["responsible"]["id"] == operator.pk
