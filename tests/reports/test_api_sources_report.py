"""GET reports/sources/: the numbers as JSON and as files, for managers and administrators."""

from typing import Any

import pytest

from tests import factories
from tests.rest import Rest, rest

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]

COLUMNS = {"leads", "appointments", "visits", "contracts", "contracts_prepaid", "no_shows", "duplicates"}


@pytest.fixture
def manager() -> Rest:
    return rest(factories.ManagerFactory())


def counts(client: Rest, **parameters: Any) -> dict[str, Any]:
    answer = client.get("reports/sources/", **parameters)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_a_row_for_each_source_and_the_totals(manager: Rest) -> None:
    factories.lead_in("contract_prepaid", source="vk")
    factories.lead_in("meeting", source="vk")
    first = factories.lead(source="quiz")
    factories.lead(phone=first.phone, source="vk")
    report = counts(manager)
    assert [row["source"] for row in report["rows"]] == [
        {"code": "vk_ads", "name": "VK Реклама"},
        {"code": "quiz", "name": "Квиз"},
    ]
    assert all(set(row) == COLUMNS | {"source"} for row in report["rows"])
    assert set(report["totals"]) == COLUMNS
    assert report["totals"] == {
        "leads": 4,
        "appointments": 1,
        "visits": 1,
        "contracts": 1,
        "contracts_prepaid": 1,
        "no_shows": 0,
        "duplicates": 1,
    }
    assert counts(manager, duplicates="exclude")["totals"]["leads"] == 3
    assert len(counts(manager, empty="1")["rows"]) == 8
    assert [row["source"]["code"] for row in counts(manager, source="quiz")["rows"]] == ["quiz"]
    assert counts(manager, **{"from": "2020-01-01", "to": "2020-01-31"})["totals"]["leads"] == 0
    assert counts(manager, basis="event")["basis"] == "event"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("from", "yesterday"), ("from", "2026-02-30"), ("to", "9999-12-31"), ("to", "\x00"), ("basis", "x"),
        ("source", "nonsense %s"), ("responsible", "you"), ("responsible", "9" * 30), ("duplicates", "maybe"),
        ("empty", "yes"), ("export", "pdf"),
    ],
)  # fmt: skip
def test_H04_a_bad_value_is_400_by_parameter(manager: Rest, name: str, value: str) -> None:
    answer = manager.get("reports/sources/", **{name: value})
    assert (answer.status_code, list(answer.json())) == (400, [name])


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_a_file_is_asked_for_by_its_parameter_whatever_is_accepted(manager: Rest, kind: str) -> None:
    factories.lead()
    for accept in ("*/*", "application/json", "text/csv"):
        answer = manager.client.get("/api/v1/reports/sources/", {"export": kind}, headers={"Accept": accept})
        assert answer.status_code == 200
        assert answer["Content-Disposition"].endswith(f'.{kind}"')
        assert answer.content[:2] == (b"PK" if kind == "xlsx" else b"\xef\xbb")


def test_it_is_for_managers_and_administrators() -> None:
    assert rest(factories.AdminFactory()).get("reports/sources/").status_code == 200
    for person in (factories.OperatorFactory(), factories.LawyerFactory()):
        answer = rest(person).get("reports/sources/", export="csv")
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
