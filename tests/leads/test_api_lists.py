"""GET leads/: filters, search, order, paging."""

from datetime import timedelta
from typing import Any

import pytest

from crm import clock
from leads.models import Lead
from tests import factories
from tests.rest import Rest, queries_of, rest

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


@pytest.fixture
def manager() -> Rest:
    return rest(factories.ManagerFactory())


def found(client: Rest, **parameters: Any) -> list[int]:
    answer = client.get("leads/", **parameters)
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


def test_the_newest_come_first_and_next_is_null_on_the_last_page(manager: Rest) -> None:
    ids = [factories.lead().pk for _ in range(3)]
    answer = manager.get("leads/").json()
    assert [row["id"] for row in answer["results"]] == ids[::-1]
    assert answer["next"] is None


def test_next_leads_through_all_rows_once_even_when_times_are_equal(manager: Rest) -> None:
    moment = clock.now()
    ids = {factories.lead().pk for _ in range(7)}
    Lead.objects.update(created_at=moment)
    seen: list[int] = []
    answer = manager.get("leads/", limit=3, status="new").json()
    while True:
        seen += [row["id"] for row in answer["results"]]
        if answer["next"] is None:
            break
        assert len(answer["results"]) == 3
        answer = manager.follow(answer["next"]).json()
    assert seen == sorted(ids, reverse=True)


def test_a_page_has_fifty_rows_unless_asked_otherwise(manager: Rest) -> None:
    for _ in range(51):
        factories.lead()
    assert len(found(manager)) == 50
    assert len(found(manager, limit=200)) == 51


@pytest.mark.parametrize("ordering", ["created_at", "-created_at", "status_changed_at", "-status_changed_at"])
def test_the_order_can_be_chosen(manager: Rest, ordering: str) -> None:
    first, second = factories.lead(), factories.lead()
    factories.move(first, "dialing")
    expected = [first.pk, second.pk] if ordering in {"created_at", "-status_changed_at"} else [second.pk, first.pk]
    assert found(manager, ordering=ordering) == expected
    answer = manager.get("leads/", ordering=ordering, limit=1).json()
    assert [row["id"] for row in manager.follow(answer["next"]).json()["results"]] == expected[1:]


def test_filters_by_status_reason_source_and_responsible(manager: Rest) -> None:
    operator = factories.OperatorFactory()
    new = factories.lead(source="vk")
    junk = factories.lead_in("junk", source="quiz", by=operator)
    assert found(manager, status="new") == [new.pk]
    assert found(manager, status=["new", "junk"]) == [junk.pk, new.pk]
    assert found(manager, junk_reason="refused") == [junk.pk]
    assert found(manager, source="vk_ads") == [new.pk] == found(manager, source="VK")
    assert found(manager, responsible=operator.pk) == [junk.pk]
    assert found(manager, responsible="none") == [new.pk]
    assert found(rest(operator), responsible="me") == [junk.pk]


def test_the_phone_may_be_spelled_in_any_way(manager: Rest) -> None:
    lead = factories.lead(phone="+79161234567")
    factories.lead()
    for spelling in ("8 (916) 123-45-67", "+79161234567", "79161234567", "9161234567"):
        assert found(manager, phone=spelling) == [lead.pk]
    assert found(manager, phone="+79160000000") == []


def test_created_after_is_inclusive_and_created_before_exclusive(manager: Rest) -> None:
    lead = factories.lead()
    moment = lead.created_at.isoformat()
    assert found(manager, created_after=moment) == [lead.pk]
    assert found(manager, created_before=moment) == []
    assert found(manager, created_before=(lead.created_at + timedelta(seconds=1)).isoformat()) == [lead.pk]
    assert found(manager, created_after=(lead.created_at + timedelta(days=2)).date().isoformat()) == []


def test_a_plus_that_the_address_swallowed_is_understood(manager: Rest) -> None:
    lead = factories.lead()
    assert found(manager, created_after="2020-01-01T00:00:00 03:00") == [lead.pk]


@pytest.mark.parametrize(
    "query",
    ["семёнова", "СЕМЕНОВА", "ольга семе", "olga@example", "уфа ольга", "123-45", "8 916 123-45-67", "+7916", "45-67"],
)
def test_a_search_finds_every_word_in_texts_or_phone(manager: Rest, query: str) -> None:
    lead = factories.lead(phone="+79161234567", name="Ольга Семёнова", email="olga@example.org", city="Уфа")
    factories.lead(phone="+79990000000", name="Пётр")
    assert found(manager, search=query) == [lead.pk]


@pytest.mark.parametrize("form", ["{id}", "№ {id}", "№{id}", "#{id}"])
def test_a_search_finds_a_lead_by_its_number(manager: Rest, form: str) -> None:
    lead = factories.lead(phone="+79990000000")
    assert lead.pk in found(manager, search=form.format(id=lead.pk))


def test_a_word_that_is_nowhere_finds_nothing(manager: Rest) -> None:
    factories.lead(name="Ольга Семёнова")
    assert found(manager, search="ольга петрова") == []


BAD: list[tuple[str, str]] = [
    ("status", "nonsense"),
    ("status", "new\x00"),
    ("junk_reason", "nonsense"),
    ("source", "no such source"),
    ("source", "a\x00b"),
    ("responsible", "abc"),
    ("responsible", "\x00"),
    ("responsible", "9" * 30),
    ("responsible", "-1"),
    ("phone", "not a phone"),
    ("phone", "1\x00"),
    ("created_after", "yesterday"),
    ("created_after", "2026-13-45"),
    ("created_after", "2026-01-01T00:00:00"),
    ("created_before", "0001-01-01T00:00:00+14:00"),
    ("created_before", "9999-12-31T23:59:59-14:00"),
    ("created_before", "2026-01-01\x00"),
    ("ordering", "nonsense"),
    ("ordering", "phone"),
    ("ordering", "--created_at"),
    ("ordering", "created_at,id"),
    ("ordering", "\x00"),
    ("limit", "0"),
    ("limit", "-1"),
    ("limit", "201"),
    ("limit", "abc"),
    ("limit", "1" + "0" * 30),
    ("limit", "٥"),
    ("cursor", "nonsense"),
    ("cursor", "\x00"),
    ("cursor", "W10"),
    ("cursor", "x" * 2000),
    ("search", "a\x00b"),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_H04_H09_a_bad_value_is_400_with_the_name_of_its_parameter(manager: Rest, name: str, value: str) -> None:
    answer = manager.get("leads/", **{name: value})
    assert answer.status_code == 400
    assert list(answer.json()) == [name]
    assert all(isinstance(said, str) for said in answer.json()[name])


@pytest.mark.parametrize("query", ["слово " * 3000, "a b c d e f g h i j k", "x" * 201])
def test_H05_a_search_is_bounded(manager: Rest, query: str) -> None:
    answer = manager.get("leads/", search=query)
    assert answer.status_code == 400
    assert list(answer.json()) == ["search"]


@pytest.mark.parametrize("place", [["-created_at", "x", 1], ["-created_at", "2026-01-01T00:00:00+00:00", "x"], [1], {}])
def test_H09_a_made_up_cursor_is_refused(manager: Rest, place: Any) -> None:
    import base64
    import json

    cursor = base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")
    answer = manager.get("leads/", cursor=cursor)
    assert (answer.status_code, list(answer.json())) == (400, ["cursor"])


@pytest.mark.parametrize("sql", ["' OR 1=1 --", "%", "_", "1; DROP TABLE leads_lead", '"', "\\", "%25' UNION SELECT 1"])
def test_H11_sql_in_a_search_is_text(manager: Rest, sql: str) -> None:
    factories.lead(name="Ольга", phone="+79161234567")
    assert found(manager, search=sql) == []
    assert manager.get("leads/", source=sql).status_code == 400
    assert manager.get("leads/", ordering=sql).status_code == 400
    assert Lead.objects.count() == 1


def test_unknown_parameters_and_empty_ones_are_ignored(manager: Rest) -> None:
    lead = factories.lead()
    assert found(manager, nonsense="1", format="xml", status="", search="", phone="", limit="", ordering="") == [
        lead.pk
    ]


def test_a_list_of_many_takes_as_many_queries_as_one_of_few(django_assert_num_queries: Any) -> None:
    lawyer = factories.LawyerFactory()
    manager = rest(factories.ManagerFactory())

    def grow(rows: int) -> None:
        for _ in range(rows):
            operator = factories.OperatorFactory()
            factories.lead(by=operator)
            factories.lead_in("contract", by=operator)

    grow(1)
    manager.get("leads/")

    few = queries_of(lambda: manager.get("leads/"))
    grow(10)
    with django_assert_num_queries(few):
        assert len(found(manager)) == 22
    assert lawyer.pk


def test_an_operator_sees_own_and_unassigned_leads_only() -> None:
    operator, other = factories.OperatorFactory(), factories.OperatorFactory()
    mine, free = factories.lead(by=operator), factories.lead()
    theirs = factories.lead(by=other)
    client = rest(operator)
    assert found(client) == [free.pk, mine.pk]
    assert client.get(f"leads/{theirs.pk}/").status_code == 404
    assert client.get(f"leads/{mine.pk}/").json()["allowed"]


def test_a_lawyer_sees_the_leads_of_own_deals_without_moves() -> None:
    lawyer = factories.LawyerFactory()
    signed = factories.lead_in("contract")
    factories.lead()
    client = rest(lawyer)
    assert found(client) == [signed.pk]
    lead = client.get(f"leads/{signed.pk}/").json()
    assert lead["allowed"] == []
    assert lead["deal"] == {"id": signed.deal.pk, "stage": "documents"}
