"""Calling the REST API in tests as somebody: `rest(user)`, `rest(key)` or `rest()` for nobody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from team.models import ApiKey, User
from tests.factories import ApiKeyFactory, header

BASE = "/api/v1/"


class Rest:
    """A client of the API with one key. Paths are given without the base; bodies are sent as JSON."""

    def __init__(self, key: ApiKey | None = None) -> None:
        self.key = key
        self.client = Client(headers=header(key) if key else {})

    def get(self, path: str, **parameters: Any) -> HttpResponse:
        return self.client.get(BASE + path, parameters)

    def follow(self, address: str) -> HttpResponse:
        """Get an absolute address, such as `next`."""
        return self.client.get(address)

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.client.post(BASE + path, body or {}, content_type="application/json", headers=headers)

    def patch(self, path: str, body: Any) -> HttpResponse:
        return self.client.patch(BASE + path, body, content_type="application/json")

    def send(self, method: str, path: str, body: bytes, content_type: str = "application/json") -> HttpResponse:
        """Bytes as they are."""
        return self.client.generic(method, BASE + path, body, content_type=content_type)


def rest(who: User | ApiKey | None = None) -> Rest:
    """A client for a key, for a person (who gets one), or for nobody."""
    return Rest(ApiKeyFactory(user=who) if isinstance(who, User) else who)


def intake() -> Rest:
    """A client with a new intake key."""
    return Rest(ApiKeyFactory(kind=ApiKey.Kind.INTAKE))


def queries_of(call: Callable[[], Any]) -> int:
    """How many queries a call takes."""
    with CaptureQueriesContext(connection) as captured:
        call()
    return len(captured)
