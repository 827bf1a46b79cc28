"""PATCH leads/{id}/: which fields, how strict, and never what the server decides."""

from typing import Any

import pytest

from history.models import Event
from leads.models import Lead
from tests import factories
from tests.rest import Rest, rest

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


@pytest.fixture
def manager() -> Rest:
    return rest(factories.ManagerFactory())


def test_fields_are_changed_and_history_keeps_both(manager: Rest) -> None:
    lead = factories.lead(name="Ольга")
    body = {
        "name": " Ольга Семёнова ",
        "email": "olga@example.org",
        "comment": "две строки\nи вторая",
        "debt_amount": 870000.5,
        "city": "Уфа",
        "utm": {"utm_source": "ya", "n": [1, None, True]},
        "source": "vk",
    }
    answer = manager.patch(f"leads/{lead.pk}/", body)
    assert answer.status_code == 200, answer.content
    shown = answer.json()
    assert shown["name"] == "Ольга Семёнова"
    assert shown["debt_amount"] == "870000.50"
    assert shown["utm"] == body["utm"]
    assert shown["source"]["code"] == "vk_ads"
    assert shown["version"] == 2
    changes = Event.objects.get(kind="edited").data["changes"]
    assert changes["name"] == ["Ольга", "Ольга Семёнова"]
    assert changes["source"] == ["site", "vk_ads"]


def test_sums_and_utm_can_be_emptied(manager: Rest) -> None:
    lead = factories.lead(debt_amount="5", utm={"a": "b"}, name="Ольга")
    answer = manager.patch(f"leads/{lead.pk}/", {"debt_amount": None, "utm": None, "name": ""})
    assert (answer.json()["debt_amount"], answer.json()["utm"], answer.json()["name"]) == (None, None, "")


def test_a_phone_given_later_brings_the_card(manager: Rest) -> None:
    lead = factories.lead(phone="8916")
    answer = manager.patch(f"leads/{lead.pk}/", {"phone": "8 916 123-45-67"})
    assert answer.status_code == 200
    assert (answer.json()["phone"], answer.json()["phone_valid"]) == ("+79161234567", True)
    again = manager.patch(f"leads/{lead.pk}/", {"phone": "8 916 123-45-68"})
    assert (again.status_code, list(again.json())) == (400, ["phone"])


def test_a_phone_that_is_known_makes_a_duplicate(manager: Rest) -> None:
    original = factories.lead(phone="+79161234567")
    lead = factories.lead(phone="8916")
    answer = manager.patch(f"leads/{lead.pk}/", {"phone": 89161234567})
    assert (answer.json()["junk_reason"], answer.json()["duplicate_of"]) == ("duplicate", original.pk)


def test_a_version_makes_it_conditional(manager: Rest) -> None:
    lead = factories.lead()
    assert manager.patch(f"leads/{lead.pk}/", {"name": "A", "version": 1}).status_code == 200
    answer = manager.patch(f"leads/{lead.pk}/", {"name": "B", "version": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "stale")
    assert "allowed" in answer.json()
    assert manager.patch(f"leads/{lead.pk}/", {"name": "B"}).status_code == 200


BAD: list[tuple[str, Any]] = [
    ("name", "x" * 201),
    ("name", "a\x00b"),
    ("name", "a\x07b"),
    ("name", "a\u202eb"),
    ("name", "a\nb"),
    ("name", "a" + "\u0301" * 1000),
    ("name", None),
    ("name", 5),
    ("name", True),
    ("name", []),
    ("name", {}),
    ("email", "not an address"),
    ("email", "x" * 250 + "@example.org"),
    ("comment", "x" * 10_001),
    ("comment", {}),
    ("city", ["Уфа"]),
    ("debt_amount", "much"),
    ("debt_amount", -1),
    ("debt_amount", True),
    ("debt_amount", []),
    ("debt_amount", "1e30"),
    ("debt_amount", "Infinity"),
    ("debt_amount", "0.001"),
    ("utm", "text"),
    ("utm", []),
    ("utm", {"a": "x\x00"}),
    ("utm", {"a\x00": "x"}),
    ("utm", {"a": {"b": ["x\x00"]}}),
    ("utm", {"a": 10**30}),
    ("utm", {"a": "x" * 20_000}),
    ("source", ""),
    ("source", None),
    ("source", "no such source"),
    ("source", {"code": "site"}),
    ("phone", "not a phone"),
    ("phone", ""),
    ("phone", None),
    ("phone", []),
    ("version", "first"),
    ("version", 10**30),
    ("version", None),
    ("version", 1.5),
]


@pytest.mark.parametrize(("field", "value"), BAD)
def test_H10_H14_what_is_wrong_is_400_by_field_and_nothing_is_changed(manager: Rest, field: str, value: Any) -> None:
    lead = factories.lead(phone="8916")
    body = {"city": "Уфа"} | {field: value}
    answer = manager.patch(f"leads/{lead.pk}/", body)
    assert answer.status_code == 400, answer.content
    assert list(answer.json()) == [field]
    assert all(isinstance(said, str) and said for said in answer.json()[field])
    now = Lead.objects.get(pk=lead.pk)
    assert (now.version, now.city) == (1, "")
    assert manager.get("leads/").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b'{"utm": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"utm": ' + b'{"a":' * 21 + b"1" + b"}" * 21 + b"}",
        b'{"name": "A", "name": "B"}',
        b'{"debt_amount": NaN}',
        b'{"debt_amount": 1e400}',
        b'{"debt_amount": ' + b"5" * 5000 + b"}",
        b'{"utm": {"a": -Infinity}}',
        b"[]",
        b"null",
        b'"text"',
        b"{",
        b'{"name": "\xff"}',
        '{"name": "A"}'.encode("utf-16"),
    ],
    ids=range(13),
)
def test_H01_H08_H09_H10_what_is_no_clean_json_object_is_400(manager: Rest, body: bytes) -> None:
    lead = factories.lead()
    answer = manager.send("PATCH", f"leads/{lead.pk}/", body)
    assert answer.status_code == 400
    assert set(answer.json()) == {"code", "detail"}


@pytest.mark.parametrize("body", [rb'{"utm": {"a": "\ud800"}}', rb'{"utm": {"\u0000": 1}}', rb'{"name": "\ud800"}'])
def test_H02_H03_nul_and_lone_surrogates_are_400_by_field(manager: Rest, body: bytes) -> None:
    lead = factories.lead()
    answer = manager.send("PATCH", f"leads/{lead.pk}/", body)
    assert answer.status_code == 400
    assert set(answer.json()) <= {"utm", "name"}


def test_H07_a_byte_order_mark_is_accepted(manager: Rest) -> None:
    lead = factories.lead()
    assert manager.send("PATCH", f"leads/{lead.pk}/", b'\xef\xbb\xbf{"name": "A"}').json()["name"] == "A"


def test_H01_a_utm_of_twenty_levels_is_kept(manager: Rest) -> None:
    lead = factories.lead()
    answer = manager.send("PATCH", f"leads/{lead.pk}/", b'{"utm": ' + b'{"a":' * 20 + b"1" + b"}" * 20 + b"}")
    assert answer.status_code == 200


def test_H14_both_ways_to_write_a_letter_are_one(manager: Rest) -> None:
    lead = factories.lead()
    assert manager.patch(f"leads/{lead.pk}/", {"name": "и\u0306ода 🙂"}).json()["name"] == "йода 🙂"


def test_H20_what_the_server_decides_is_never_applied(manager: Rest) -> None:
    operator, other = factories.OperatorFactory(), factories.lead()
    lead = factories.lead(by=operator)
    before = Lead.objects.filter(pk=lead.pk).values().get()
    body = {
        "id": 777, "status": "contract", "created_at": "2001-01-01T00:00:00Z", "duplicate_of": other.pk,
        "responsible": 1, "owner": 1, "role": "admin", "is_staff": True, "contact": other.contact_id,
        "milestones": {"contract": "2001-01-01T00:00:00Z"}, "reached_contract_at": "2001-01-01T00:00:00Z",
        "junk_reason": "refused", "external_id": "x", "touches_count": 99, "meeting_at": "2036-01-01T00:00:00Z",
    }  # fmt: skip
    answer = manager.patch(f"leads/{lead.pk}/", body)
    assert answer.status_code == 200
    assert Lead.objects.filter(pk=lead.pk).values().get() == before


def test_who_may_not_see_it_gets_404_and_who_may_not_edit_403() -> None:
    signed = factories.lead_in("contract", by=factories.OperatorFactory())
    assert rest(factories.OperatorFactory()).patch(f"leads/{signed.pk}/", {"name": 5}).status_code == 404
    lawyer = factories.LawyerFactory()
    deal = signed.deal
    deal.responsible = lawyer
    deal.save()
    assert rest(lawyer).patch(f"leads/{signed.pk}/", {"name": "A"}).status_code == 403
    assert rest(factories.ManagerFactory()).patch(f"leads/{10**17}/", {}).status_code == 404
    assert rest(factories.ManagerFactory()).patch(f"leads/{10**30}/", {}).status_code == 404
