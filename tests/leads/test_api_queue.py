"""The queue over the API: in its order with reasons, and the next client held."""

import pytest

from team.actions import set_shift
from tests.conftest import Frozen
from tests.factories import OperatorFactory, lead
from tests.pages import at_most
from tests.rest import rest

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues", "frozen")]


def test_the_next_client_is_held_with_the_reason(frozen: Frozen) -> None:
    operator, row = OperatorFactory(), lead(name="Сергей Лапшин")
    caller = rest(operator)
    refused = caller.post("queue/next/", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_on_line")
    set_shift(operator.pk, "on")
    answer = caller.post("queue/next/", {})
    told = answer.json()
    assert answer.status_code == 200
    assert (told["lead"]["id"], told["reason"], told["reason_text"]) == (row.pk, "new", "Новый лид")
    assert told["task"]["kind"] == "contact_client"
    assert told["until"].startswith("2026-11-24T09:15:00")
    assert caller.post("queue/next/", {}).json()["lead"]["id"] == row.pk
    shown = caller.get("queue/").json()
    assert [waiting["lead"]["id"] for waiting in shown["results"]] == [row.pk]
    assert (shown["later"], shown["held"]) == ([], row.pk)


def test_an_empty_queue_is_204() -> None:
    operator = OperatorFactory()
    set_shift(operator.pk, "on")
    assert rest(operator).post("queue/next/", {}).status_code == 204


def test_the_queries_do_not_grow_with_the_queue() -> None:
    operator = OperatorFactory()
    for _ in range(9):
        lead()
    with at_most(10):
        assert len(rest(operator).get("queue/").json()["results"]) == 9
