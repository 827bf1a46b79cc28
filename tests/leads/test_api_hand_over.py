"""POST leads/{id}/take/ and assign/: who works a lead."""

import pytest

from leads.models import Lead
from tests import factories
from tests.rest import rest

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


def test_an_operator_takes_an_unassigned_lead() -> None:
    operator = factories.OperatorFactory()
    lead = factories.lead()
    answer = rest(operator).post(f"leads/{lead.pk}/take/")
    assert answer.status_code == 200
    assert (answer.json()["responsible"]["id"], answer.json()["version"]) == (operator.pk, 2)
    assert rest(operator).post(f"leads/{lead.pk}/take/").status_code == 200


def test_who_is_late_is_told_who_was_faster() -> None:
    first = factories.OperatorFactory(name="Денис Орлов")
    lead = factories.lead(by=first)
    answer = rest(factories.OperatorFactory()).post(f"leads/{lead.pk}/take/")
    assert (answer.status_code, answer.json()["code"], answer.json()["allowed"]) == (409, "taken", [])
    assert "Денис Орлов" in answer.json()["detail"]
    assert Lead.objects.get(pk=lead.pk).responsible == first


def test_a_lead_is_taken_by_operators_only() -> None:
    lead = factories.lead()
    for person in (factories.ManagerFactory(), factories.LawyerFactory()):
        assert rest(person).post(f"leads/{lead.pk}/take/").status_code == 403
    assert rest(factories.OperatorFactory()).post(f"leads/{10**15}/take/").status_code == 404


def test_a_manager_hands_a_lead_over() -> None:
    old, new = factories.OperatorFactory(), factories.OperatorFactory()
    lead = factories.lead(by=old)
    answer = rest(factories.ManagerFactory()).post(f"leads/{lead.pk}/assign/", {"responsible": new.pk})
    assert answer.status_code == 200
    assert answer.json()["responsible"] == {"id": new.pk, "name": new.name}
    assert rest(old).get(f"leads/{lead.pk}/").status_code == 404


@pytest.mark.parametrize("person", [None, "", "abc", True, [], 0, -1, 10**30, 10**15, 1.5])
def test_handing_over_to_nobody_is_400(person: object) -> None:
    lead = factories.lead()
    answer = rest(factories.ManagerFactory()).post(f"leads/{lead.pk}/assign/", {"responsible": person})
    assert (answer.status_code, list(answer.json())) == (400, ["responsible"])


def test_a_lead_is_not_handed_to_a_lawyer_or_somebody_who_left() -> None:
    lead, manager = factories.lead(), rest(factories.ManagerFactory())
    for person in (factories.LawyerFactory(), factories.OperatorFactory(is_active=False)):
        assert manager.post(f"leads/{lead.pk}/assign/", {"responsible": person.pk}).status_code == 400


def test_operators_hand_nothing_over() -> None:
    operator = factories.OperatorFactory()
    lead = factories.lead(by=operator)
    answer = rest(operator).post(f"leads/{lead.pk}/assign/", {})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_a_duplicate_goes_with_its_original() -> None:
    original = factories.lead(phone="+79161234567")
    duplicate = factories.lead(phone="+79161234567")
    operator = factories.OperatorFactory()
    manager = rest(factories.ManagerFactory())
    answer = manager.post(f"leads/{duplicate.pk}/assign/", {"responsible": operator.pk})
    assert (answer.status_code, answer.json()["code"]) == (409, "duplicate_is_frozen")
    assert manager.post(f"leads/{original.pk}/assign/", {"responsible": operator.pk}).status_code == 200
    assert manager.get(f"leads/{duplicate.pk}/").json()["responsible"]["id"] == operator.pk
