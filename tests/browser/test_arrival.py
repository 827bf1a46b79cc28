"""From the arrival of a lead by the API to the operator's list and notice, with the real processes (the limits:
2 s as `make run` starts it, 60 s with the broker dead).
"""

import json
import os
import signal
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import Page, expect

from tests.crm.stack import Stack, production_on_postgres, wait_until

pytestmark = [pytest.mark.once, pytest.mark.processes, pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PEOPLE = """
from team.models import User
from team.actions import issue_key, set_shift
operator = User.objects.create_user("anna", "a long password for the tests", name="Анна")
set_shift(operator.pk, "on")
admin = User.objects.create_user("site", None, name="Сайт", role="admin")
print(issue_key(admin.pk, kind="intake")[1], issue_key(operator.pk)[1])
"""


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    more = production_on_postgres() if connection.vendor == "postgresql" else {}
    with Stack(tmp_path, more) as started:
        yield started


class Caller:
    """Somebody with a key of the running product."""

    def __init__(self, stack: Stack, key: str) -> None:
        self.base, self.key = f"http://127.0.0.1:{stack.port}/api/v1/", key

    def call(self, path: str, body: dict[str, str] | None = None) -> Any:
        headers = {
            "Authorization": f"Token {self.key}",
            "Content-Type": "application/json",
            "X-Forwarded-Proto": "https",
        }
        request = urllib.request.Request(self.base + path, json.dumps(body).encode() if body else None, headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)


def arrives(landing: Caller, operator: Caller, phone: str, within: float) -> float:
    """Post a lead and wait until the operator has it in their list and as a notice; answers the seconds it took."""
    began = time.monotonic()
    lead = landing.call("leads/", {"phone": phone, "source": "site", "name": f"Пётр {phone[-2:]}"})["id"]

    def is_there() -> bool:
        mine = {row["id"] for row in operator.call("leads/?responsible=me")["results"]}
        told = {row["lead"] for row in operator.call("notices/")["results"]}
        return lead in mine and lead in told

    assert wait_until(is_there, within=within), f"not within {within} s"
    return time.monotonic() - began


def test_a_lead_reaches_the_operator_in_two_seconds_and_in_a_minute_without_a_broker(stack: Stack, page: Page) -> None:
    assert wait_until(stack.is_ready), stack.log.read_text()
    intake, own = stack.manage("shell", "-v0", "-c", PEOPLE).stdout.split()[-2:]
    landing, operator = Caller(stack, intake), Caller(stack, own)
    arrives(landing, operator, "+79161234501", within=10.0)  # the first one wakes what is still asleep
    assert arrives(landing, operator, "+79161234502", within=10.0) <= 2.0
    if connection.vendor == "sqlite":
        page.goto(f"http://127.0.0.1:{stack.port}/login/")
        page.get_by_label("Логин").fill("anna")
        page.locator("[name=password]").fill("a long password for the tests")
        page.locator("[name=password]").press("Enter")
        began = time.monotonic()
        landing.call("leads/", {"phone": "+79161234503", "source": "site", "name": "Ирина Быстрая"})
        page.wait_for_timeout(1200)
        page.goto(f"http://127.0.0.1:{stack.port}/notices/")
        expect(page.locator(".notices")).to_contain_text("Новый лид: Ирина Быстрая")
        page.goto(f"http://127.0.0.1:{stack.port}/leads/")
        expect(page.locator("main")).to_contain_text("Ирина Быстрая")
        assert time.monotonic() - began < 4.0
    os.kill(stack.main_process("valkey-server"), signal.SIGSTOP)  # it swallows what is sent to it and answers nothing
    assert arrives(landing, operator, "+79161234504", within=60.0) <= 60.0
    assert not stack.is_ready()
