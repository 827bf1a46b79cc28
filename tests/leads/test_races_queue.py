"""Operators who press "next" at one moment: each is handed a client of their own. Seen to fail without the guard."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

import pytest

from leads.models import Lead
from leads.queue import Offer, next_client
from team.actions import set_shift
from team.models import Hold, User
from tests.conftest import Frozen
from tests.factories import OperatorFactory, lead
from tests.races import ON_POSTGRES, Hands, failures, without_unique_column, yes
from tests.sizes import size

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("catalogues", "frozen")]
OPERATORS, CLIENTS = 20, 30


@pytest.fixture
def operators() -> list[User]:
    people = [OperatorFactory() for _ in range(OPERATORS)]
    for person in people:
        set_shift(person.pk, "on")
    return people


@pytest.fixture
def clients() -> list[Lead]:
    return [lead() for _ in range(CLIENTS)]


def press_next(hands: Hands, operators: list[User]) -> list[str]:
    """All ask for the next client at once, with nobody held before; what was wrong."""
    Hold.objects.all().delete()
    answers = hands.at_once([partial(next_client, by=operator) for operator in operators])
    wrong = failures(answers)
    handed = [answer.lead.pk for answer in yes(answers) if isinstance(answer, Offer)]
    if len(handed) != len(operators) or len(set(handed)) != len(handed):
        wrong.append(f"{len(handed)} were handed a client, {len(set(handed))} different ones")
    held = dict(Hold.objects.values_list("user", "lead"))
    if len(held) != len(set(held.values())) or sorted(held.values()) != sorted(handed):
        wrong.append("what is held differs from what was handed out")
    return wrong


def test_twenty_operators_get_twenty_different_clients(operators: list[User], clients: list[Lead]) -> None:
    with Hands(OPERATORS) as hands:
        for _ in range(size(3, 100)):
            assert press_next(hands, operators) == []


def test_with_fewer_clients_than_operators_the_rest_get_nobody(operators: list[User]) -> None:
    rows = [lead() for _ in range(5)]
    with Hands(OPERATORS) as hands:
        answers = hands.at_once([partial(next_client, by=operator) for operator in operators])
    assert failures(answers) == []
    assert sorted(offer.lead.pk for offer in answers if offer) == [row.pk for row in rows]


def test_a_break_and_next_at_once_leave_nobody_held_by_who_is_away(
    operators: list[User], clients: list[Lead], frozen: Frozen
) -> None:
    person = operators[0]
    with Hands(2) as hands:
        for _ in range(size(10, 200)):
            set_shift(person.pk, "on")
            hands.at_once([partial(next_client, by=person), partial(set_shift, person.pk, "break")])
            assert not Hold.objects.filter(user=person).exists()


def test_two_get_one_client_without_the_unique_hold(
    operators: list[User], clients: list[Lead], monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as stack:
        if ON_POSTGRES:
            stack.enter_context(without_unique_column(Hold, "lead_id"))
        else:
            # Writers line up on SQLite and see what those before them hold, so the hold itself has to go.
            monkeypatch.setattr("leads.queue.take_hold", lambda *_, **__: True)
        hands = stack.enter_context(Hands(OPERATORS))
        assert any(press_next(hands, operators) for _ in range(30))
