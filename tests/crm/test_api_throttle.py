"""Intake is throttled per key and per address, and a dead cache stops nobody."""

from typing import Any

import pytest
from rest_framework.settings import api_settings

from crm.rates import Rate
from tests import factories
from tests.rest import BASE, Rest, intake, rest

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


@pytest.fixture(autouse=True)
def _three_a_minute(settings: Any) -> None:
    settings.THROTTLE_INTAKE = Rate(3, 60)


def post(client: Rest, address: str = "10.0.0.1", **headers: str) -> Any:
    body = {"phone": factories.phone()}
    return client.client.post(
        BASE + "leads/", body, content_type="application/json", REMOTE_ADDR=address, headers=headers
    )


def test_one_key_too_often_is_429_with_a_time_to_come_back() -> None:
    client = intake()
    assert [post(client, f"10.0.0.{n}").status_code for n in range(4)] == [201, 201, 201, 429]
    answer = post(client, "10.0.0.9")
    assert answer.json()["code"] == "throttled"
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert post(intake(), "10.0.0.1").status_code == 201


def test_one_address_too_often_is_429_whatever_the_key() -> None:
    assert [post(intake()).status_code for _ in range(4)] == [201, 201, 201, 429]
    assert post(intake(), "10.0.0.2").status_code == 201


def test_touches_count_too_and_reading_does_not() -> None:
    client, lead = rest(factories.ManagerFactory()), factories.lead()
    for _ in range(5):
        assert client.get("leads/").status_code == 200
    body = {"channel": "call", "outcome": "busy"}
    assert [client.post(f"leads/{lead.pk}/touches/", body).status_code for _ in range(4)] == [201, 201, 201, 429]


def test_a_forged_address_does_not_help() -> None:
    answers = [post(intake(), **{"X-Forwarded-For": f"1.2.3.{n}"}).status_code for n in range(4)]
    assert answers == [201, 201, 201, 429]


def test_behind_a_trusted_proxy_its_word_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_settings, "NUM_PROXIES", 1, raising=False)
    answers = [post(intake(), **{"X-Forwarded-For": f"9.9.9.9, 1.2.3.{n}"}).status_code for n in range(4)]
    assert answers == [201, 201, 201, 201]
    answers = [post(intake(), **{"X-Forwarded-For": f"9.9.9.{n}, 5.5.5.5"}).status_code for n in range(4)]
    assert answers == [201, 201, 201, 429]


def test_no_limit_is_no_limit(settings: Any) -> None:
    settings.THROTTLE_INTAKE = None
    client = intake()
    assert {post(client).status_code for _ in range(6)} == {201}


def test_F22_a_dead_cache_stops_nobody(settings: Any) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "crm.cache.ForgivingRedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
            "OPTIONS": {"socket_connect_timeout": 0.2, "socket_timeout": 0.2},
        }
    }
    client = intake()
    assert {post(client).status_code for _ in range(6)} == {201}


def test_a_window_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    client, now = intake(), 1_000_000.0
    monkeypatch.setattr("crm.throttles.time.time", lambda: now)
    assert [post(client).status_code for _ in range(4)] == [201, 201, 201, 429]
    now += 61
    assert post(client).status_code == 201
