"""Who learns what from /healthz and /readyz."""

import time
from typing import Any

import pytest
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.test import Client

from crm import backup, health
from crm.jobs import TICK_KEY, last_tick_age, tick
from team.models import User
from team.roles import Role
from tests.factories import ManagerFactory, lead
from tests.races import ON_POSTGRES
from tests.rest import rest

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
    assert answer.json() == {
        "status": "ok",
        "parts": dict.fromkeys(["database", "broker", "periodic", "due", "backup"], "ok"),
    }


@pytest.mark.usefixtures("working")
def test_readyz_names_the_database_when_it_does_not_answer(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise DatabaseError

    monkeypatch.setattr(connection, "cursor", refuse)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    parts = {"database": "fail", "broker": "ok", "periodic": "ok", "due": "fail", "backup": "late"}
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
    assert answer.json()["parts"] == {"database": "ok", "broker": "ok", "periodic": "fail", "due": "ok", "backup": "ok"}


@pytest.mark.parametrize("role", list(Role))
def test_only_managers_and_administrators_learn_why(client: Client, role: Role) -> None:
    client.force_login(User.objects.create_user("somebody", name="Somebody", role=role))
    details = client.get("/readyz").json().get("details")
    if role in {Role.MANAGER, Role.ADMIN}:
        assert details["broker"] == "There is no broker: start everything with `make run`, or set REDIS_URL."
    else:
        assert details is None


@pytest.mark.usefixtures("working")
def test_L04_after_three_days_without_a_backup_it_is_late_and_nobody_is_turned_away(client: Client, frozen) -> None:
    backup.record()
    frozen.move(days=3)
    assert client.get("/readyz").json()["parts"]["backup"] == "ok"
    frozen.move(minutes=1)
    client.force_login(User.objects.create_user("boss", name="Boss", role=Role.ADMIN))
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["parts"]["backup"] == "late"
    assert answer.json()["details"]["backup"] == "The last backup is 3 days old: run `manage.py backup` every night."


def test_the_figures_are_for_whoever_has_the_token(client: Client, settings: Any, catalogues: None) -> None:
    assert client.get("/metrics").status_code == 404
    settings.METRICS_TOKEN = "a-long-random-word"
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404
    made = lead(name="Незабудкина")
    text = client.get("/metrics", headers={"Authorization": "Bearer a-long-random-word"}).content.decode()
    assert 'crm_leads{status="new"} 1.0' in text
    assert 'crm_part_ok{part="database"} 1.0' in text
    assert "crm_outbox_pending" in text
    assert "crm_oldest_due_seconds" in text
    assert made.name not in text
    assert str(made.contact.phone)[-7:] not in text


@pytest.mark.django_db(transaction=True)
def test_F10_a_database_that_takes_no_changes_is_503_for_writes_and_named_while_reads_go_on(catalogues: None) -> None:
    manager = rest(ManagerFactory())
    on, off = (
        ("SET default_transaction_read_only = on", "RESET default_transaction_read_only")
        if ON_POSTGRES
        else ("PRAGMA query_only = 1", "PRAGMA query_only = 0")
    )
    with connection.cursor() as cursor:
        cursor.execute(on)
    try:
        answer = manager.post("leads/", {"phone": "+79161234567", "source": "site"})
        page = Client()
        signing_in = page.post("/login/", {"username": "somebody", "password": "something"})
        reading = manager.get("leads/")
        said = Client().get("/readyz").json()["parts"]
    finally:
        with connection.cursor() as cursor:
            cursor.execute(off)
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert int(answer["Retry-After"]) > 0
    assert signing_in.status_code == 503
    assert reading.status_code == 200
    assert said["database"] == "fail"


def test_a_tick_is_as_old_as_the_time_since_it_ran() -> None:
    cache.set(TICK_KEY, time.time() - 30)
    assert last_tick_age() == pytest.approx(30, abs=2)
    tick()
    assert last_tick_age() == pytest.approx(0, abs=2)
