"""GET me/, GET users/, POST shift/."""

from typing import Any

import pytest

from team.models import ShiftPeriod
from tests import factories
from tests.rest import queries_of, rest

pytestmark = pytest.mark.django_db


def test_me() -> None:
    user = factories.OperatorFactory(name="Денис Орлов", username="orlov")
    assert rest(user).get("me/").json() == {
        "id": user.pk,
        "username": "orlov",
        "name": "Денис Орлов",
        "role": "operator",
        "language": "",
        "shift": "off",
    }


def test_users_are_for_managers_and_administrators() -> None:
    operator = factories.OperatorFactory(name="Анна")
    factories.OperatorFactory(name="Ушедшая", is_active=False)
    manager = factories.ManagerFactory(name="Борис")
    rest(operator).post("shift/", {"state": "on"})
    rows = rest(manager).get("users/").json()["results"]
    assert rows == [
        {"id": operator.pk, "name": "Анна", "role": "operator", "on_shift": True, "shift": "on"},
        {"id": manager.pk, "name": "Борис", "role": "manager", "on_shift": False, "shift": "off"},
    ]
    assert rest(factories.AdminFactory()).get("users/").status_code == 200
    for person in (operator, factories.LawyerFactory()):
        assert rest(person).get("users/").status_code == 403


def test_users_come_in_pages() -> None:
    for _ in range(4):
        factories.OperatorFactory(name="Анна")
    client = rest(factories.ManagerFactory(name="Борис"))
    first = client.get("users/", limit=3).json()
    second = client.follow(first["next"]).json()
    seen = [row["id"] for row in first["results"] + second["results"]]
    assert len(set(seen)) == 5
    assert second["next"] is None


def test_a_shift_begins_breaks_and_ends() -> None:
    operator = factories.OperatorFactory()
    client = rest(operator)
    for state in ("on", "break", "break", "on", "off"):
        answer = client.post("shift/", {"state": state})
        assert (answer.status_code, answer.json()) == (200, {"state": state})
        assert client.get("me/").json()["shift"] == state
    assert ShiftPeriod.objects.count() == 3


@pytest.mark.parametrize("state", [None, "", "lunch", [], {}, 1])
def test_another_state_is_400(state: Any) -> None:
    answer = rest(factories.OperatorFactory()).post("shift/", {"state": state})
    assert (answer.status_code, list(answer.json())) == (400, ["state"])


def test_many_people_take_as_many_queries_as_few(django_assert_num_queries: Any) -> None:
    client = rest(factories.ManagerFactory())
    client.get("users/")
    few = queries_of(lambda: client.get("users/"))
    for _ in range(8):
        rest(factories.OperatorFactory()).post("shift/", {"state": "on"})
    with django_assert_num_queries(few):
        assert len(client.get("users/").json()["results"]) == 9
