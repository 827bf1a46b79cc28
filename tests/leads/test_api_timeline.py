"""GET leads/{id}/timeline/: statuses, touches, tasks and changes, newest first."""

from typing import Any

import pytest

from tests import factories
from tests.rest import Rest, queries_of, rest

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


@pytest.fixture
def manager() -> Rest:
    return rest(factories.ManagerFactory())


def test_a_leads_life_is_told_newest_first(manager: Rest) -> None:
    operator = factories.OperatorFactory()
    lead = factories.lead(by=operator)
    factories.touch(lead, by=operator, comment="гудки")
    manager.patch(f"leads/{lead.pk}/", {"name": "Ольга"})
    answer = manager.get(f"leads/{lead.pk}/timeline/")
    assert answer.status_code == 200
    rows = answer.json()["results"]
    assert all(set(row) == {"kind", "at", "by", "text", "data"} for row in rows)
    assert {row["kind"] for row in rows} == {"status", "touch", "task", "change"}
    assert [row["at"] for row in rows] == sorted((row["at"] for row in rows), reverse=True)
    touch = next(row for row in rows if row["kind"] == "touch")
    assert touch["by"] == {"id": operator.pk, "name": operator.name}
    assert touch["data"]["comment"] == "гудки"
    assert all(row["text"] for row in rows)


def test_pages_follow_each_other_without_loss(manager: Rest) -> None:
    lead = factories.lead()
    for number in range(12):
        manager.patch(f"leads/{lead.pk}/", {"name": f"Ольга {number}"})
    whole = manager.get(f"leads/{lead.pk}/timeline/").json()
    assert whole["next"] is None
    page, seen = manager.get(f"leads/{lead.pk}/timeline/", limit=5).json(), []
    while True:
        seen += page["results"]
        if page["next"] is None:
            break
        page = manager.follow(page["next"]).json()
    assert seen == whole["results"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("limit", "0"), ("limit", "201"), ("cursor", "x"), ("cursor", "W10"), ("cursor", "WyJ4Il0"), ("cursor", "WzFd")],
)
def test_a_bad_value_is_400(manager: Rest, name: str, value: str) -> None:
    lead = factories.lead()
    answer = manager.get(f"leads/{lead.pk}/timeline/", **{name: value})
    assert (answer.status_code, list(answer.json())) == (400, [name])


def test_who_does_not_see_the_lead_does_not_see_its_timeline() -> None:
    lead = factories.lead_in("contract", by=factories.OperatorFactory())
    assert rest(factories.OperatorFactory()).get(f"leads/{lead.pk}/timeline/").status_code == 404
    lawyer = factories.LawyerFactory()
    assert rest(lawyer).get(f"leads/{lead.pk}/timeline/").status_code == 404
    signed = factories.lead_in("contract")
    assert rest(lawyer).get(f"leads/{signed.pk}/timeline/").status_code == 200


def test_a_long_life_takes_as_many_queries_as_a_short_one(manager: Rest, django_assert_num_queries: Any) -> None:
    lead = factories.lead_in("dialing", by=factories.OperatorFactory())
    path = f"leads/{lead.pk}/timeline/"
    factories.touch(lead, by=factories.ManagerFactory())
    manager.get(path)
    few = queries_of(lambda: manager.get(path))
    for _ in range(10):
        factories.touch(lead, by=factories.ManagerFactory())
    with django_assert_num_queries(few):
        assert len(manager.get(path).json()["results"]) > 10
