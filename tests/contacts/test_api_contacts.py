"""GET contacts/: the directory by number and by name, as far as the caller sees it."""

from typing import Any

import pytest

from tests import factories
from tests.rest import Rest, queries_of, rest

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


@pytest.fixture
def manager() -> Rest:
    return rest(factories.ManagerFactory())


def names(client: Rest, **parameters: Any) -> list[str]:
    answer = client.get("contacts/", **parameters)
    assert answer.status_code == 200
    return [row["name"] for row in answer.json()["results"]]


def test_a_card_has_its_fields(manager: Rest) -> None:
    lead = factories.lead(phone="+79161234567", name="Ольга")
    row = manager.get("contacts/").json()["results"][0]
    assert set(row) == {
        "id", "phone", "name", "email", "city", "comment", "do_not_call", "do_not_call_reason", "created_at", "version",
    }  # fmt: skip
    assert row == manager.get(f"contacts/{lead.contact_id}/").json()
    assert (row["phone"], row["name"], row["do_not_call"]) == ("+79161234567", "Ольга", False)


def test_cards_are_found_by_a_number_in_any_spelling_and_by_name(manager: Rest) -> None:
    factories.lead(phone="+79161234567", name="Ольга Семёнова")
    factories.lead(name="Пётр")
    assert names(manager, phone="8 (916) 123-45-67") == ["Ольга Семёнова"]
    assert names(manager, search="семенова") == ["Ольга Семёнова"]
    assert names(manager, search="семёнова ольга") == ["Ольга Семёнова"]
    assert names(manager, search="") == ["Пётр", "Ольга Семёнова"]
    assert names(manager, ordering="created_at") == ["Ольга Семёнова", "Пётр"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("phone", "abc"), ("phone", "1\x00"), ("search", "\x00"), ("search", "a " * 11), ("ordering", "name")],
)
def test_H04_a_bad_value_is_400(manager: Rest, name: str, value: str) -> None:
    answer = manager.get("contacts/", **{name: value})
    assert (answer.status_code, list(answer.json())) == (400, [name])


def test_a_role_sees_the_cards_of_its_leads_or_deals() -> None:
    operator, lawyer = factories.OperatorFactory(), factories.LawyerFactory()
    factories.lead(by=operator, name="моя")
    factories.lead(name="ничья")
    theirs = factories.lead(by=factories.OperatorFactory(), name="чужая", phone="+79161234567")
    factories.lead_in("contract", by=factories.OperatorFactory(), name="с договором")
    assert names(rest(operator)) == ["ничья", "моя"]
    assert names(rest(operator), phone="+79161234567") == []
    assert rest(operator).get(f"contacts/{theirs.contact_id}/").status_code == 404
    assert names(rest(lawyer)) == ["с договором"]


def test_cards_are_for_reading(manager: Rest) -> None:
    lead = factories.lead()
    for path in ("contacts/", f"contacts/{lead.contact_id}/"):
        assert manager.post(path).status_code == 405
        assert manager.patch(path, {}).status_code == 405


def test_many_cards_take_as_many_queries_as_few(manager: Rest, django_assert_num_queries: Any) -> None:
    factories.lead()
    manager.get("contacts/")
    few = queries_of(lambda: manager.get("contacts/"))
    for _ in range(10):
        factories.lead()
    with django_assert_num_queries(few):
        assert len(names(manager)) == 11
