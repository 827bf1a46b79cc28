"""GET tasks/ and POST tasks/{id}/complete/."""

from datetime import timedelta
from typing import Any

import pytest

from crm import clock
from tasks.models import Task
from tests import factories
from tests.rest import Rest, queries_of, rest

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


@pytest.fixture
def manager() -> Rest:
    return rest(factories.ManagerFactory())


def rows(client: Rest, **parameters: Any) -> list[dict[str, Any]]:
    answer = client.get("tasks/", **parameters)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def test_a_new_lead_has_its_task_with_all_fields() -> None:
    operator = factories.OperatorFactory()
    lead = factories.lead(by=operator)
    (task,) = rows(rest(operator))
    assert set(task) == {
        "id", "kind", "text", "due_at", "state", "automatic", "repeat", "assignee", "lead", "deal", "closed_at",
    }  # fmt: skip
    assert (task["kind"], task["state"], task["automatic"]) == ("contact_client", "open", True)
    assert (task["lead"], task["deal"], task["assignee"]["id"]) == (lead.pk, None, operator.pk)
    assert task["text"]


def test_filters(manager: Rest) -> None:
    operator = factories.OperatorFactory()
    lead, other = factories.lead(by=operator), factories.lead()
    factories.move(lead, "dialing")  # cancels the first task, sets two others
    deal = factories.deal()
    assert {row["state"] for row in rows(manager)} == {"open"}
    assert {row["state"] for row in rows(manager, state="all")} == {"open", "cancelled"}
    assert {row["lead"] for row in rows(manager, state="cancelled", lead=lead.pk)} == {lead.pk}
    assert {row["assignee"]["id"] for row in rows(manager, assignee=operator.pk)} == {operator.pk}
    assert rows(rest(operator), assignee="me") == rows(manager, assignee=operator.pk)
    assert [row["lead"] for row in rows(manager, lead=other.pk)] == [other.pk]
    assert [row["kind"] for row in rows(manager, deal=deal.pk)] == ["collect_documents"]
    assert rows(manager, due_before="2020-01-01") == []
    late = (clock.now() + timedelta(days=30)).isoformat()
    assert len(rows(manager, due_before=late)) == len(rows(manager))


def test_the_earliest_comes_first(manager: Rest) -> None:
    factories.lead_in("dialing")
    factories.lead_in("meeting")
    due = [row["due_at"] for row in rows(manager)]
    assert due == sorted(due)
    assert [row["due_at"] for row in rows(manager, ordering="-due_at")] == due[::-1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("state", "nonsense"), ("assignee", "you"), ("assignee", "9" * 30), ("due_before", "soon"), ("lead", "a"),
        ("deal", "1\x00"), ("deal", "9" * 30), ("ordering", "kind"), ("cursor", "x"),
    ],
)  # fmt: skip
def test_H04_a_bad_value_is_400(manager: Rest, name: str, value: str) -> None:
    answer = manager.get("tasks/", **{name: value})
    assert (answer.status_code, list(answer.json())) == (400, [name])


def test_a_task_is_done_once_and_stays_done(manager: Rest) -> None:
    factories.lead()
    task = Task.objects.get()
    for _ in range(2):
        answer = manager.post(f"tasks/{task.pk}/complete/")
        assert (answer.status_code, answer.json()["state"]) == (200, "done")


def test_a_cancelled_task_is_409(manager: Rest) -> None:
    factories.lead_in("visit")
    task = Task.objects.filter(state="cancelled").first()
    assert task is not None
    answer = manager.post(f"tasks/{task.pk}/complete/")
    assert (answer.status_code, answer.json()["code"]) == (409, "task_is_cancelled")


def test_tasks_of_others_are_404() -> None:
    operator = factories.OperatorFactory()
    factories.lead(by=operator)
    task = Task.objects.get()
    stranger = rest(factories.OperatorFactory())
    assert rows(stranger) == []
    assert stranger.post(f"tasks/{task.pk}/complete/").status_code == 404
    assert rest(factories.LawyerFactory()).post(f"tasks/{task.pk}/complete/").status_code == 404
    assert rest(operator).post(f"tasks/{task.pk}/complete/").status_code == 200


def test_a_lawyer_has_the_tasks_of_own_deals() -> None:
    lawyer = factories.LawyerFactory()
    factories.deal()
    factories.lead()
    assert [row["kind"] for row in rows(rest(lawyer))] == ["collect_documents"]


def test_many_tasks_take_as_many_queries_as_few(manager: Rest, django_assert_num_queries: Any) -> None:
    factories.lead(by=factories.OperatorFactory())
    rows(manager)
    few = queries_of(lambda: rows(manager))
    for _ in range(8):
        factories.lead(by=factories.OperatorFactory())
    with django_assert_num_queries(few):
        assert len(rows(manager)) == 9
