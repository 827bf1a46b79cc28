"""Who learns what from /healthz and /readyz."""

import time
from typing import Any

import pytest
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.test import Client

from crm import health
from crm.jobs import TICK_KEY, last_tick_age, tick
from team.models import User
from team.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def working(monkeypatch: pytest.MonkeyPatch) -> None:
    """All parts work: the tests have no broker, so it is said to be there."""
    monkeypatch.setitem(health.PARTS, "broker", lambda: "redis")
    tick()


def test_healthz_answers_without_asking_the_database(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert client.get("/healthz").content == b"ok\n"


@pytest.mark.usefixtures("working")
def test_readyz_is_ok_when_all_parts_work(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "parts": {"database": "ok", "broker": "ok", "periodic": "ok", "due": "ok"}}


@pytest.mark.usefixtures("working")
def test_readyz_names_the_database_when_it_does_not_answer(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise DatabaseError

    monkeypatch.setattr(connection, "cursor", refuse)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    parts = {"database": "fail", "broker": "ok", "periodic": "ok", "due": "fail"}
    assert answer.json() == {"status": "fail", "parts": parts}


def test_readyz_names_the_broker_when_there_is_none(client: Client) -> None:
    assert client.get("/readyz").json()["parts"]["broker"] == "fail"


@pytest.mark.usefixtures("working")
@pytest.mark.parametrize("age", [None, health.OLDEST_TICK + 1])
def test_readyz_names_the_periodic_job_when_the_tick_is_old_or_missing(client: Client, age: float | None) -> None:
    cache.delete(TICK_KEY)
    if age is not None:
        cache.set(TICK_KEY, time.time() - age)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["parts"] == {"database": "ok", "broker": "ok", "periodic": "fail", "due": "ok"}


@pytest.mark.parametrize("role", list(Role))
def test_only_managers_and_administrators_learn_why(client: Client, role: Role) -> None:
    client.force_login(User.objects.create_user("somebody", name="Somebody", role=role))
    details = client.get("/readyz").json().get("details")
    if role in {Role.MANAGER, Role.ADMIN}:
        assert details["broker"] == "There is no broker: start everything with `make run`, or set REDIS_URL."
    else:
        assert details is None


def test_a_tick_is_as_old_as_the_time_since_it_ran() -> None:
    cache.set(TICK_KEY, time.time() - 30)
    assert last_tick_age() == pytest.approx(30, abs=2)
    tick()
    assert last_tick_age() == pytest.approx(0, abs=2)
