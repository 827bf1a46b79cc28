"""What planning costs: the queries that a status change spends on its tasks, whatever it leaves and enters."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads import actions
from leads.models import Lead
from tasks.actions import replan
from tasks.models import TaskRule
from tests.factories import OperatorFactory, lead_in, move

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]

ROADS = [("new", "dialing"), ("new", "meeting"), ("dialing", "postponed"), ("meeting", "visit"), ("dialing", "junk")]
ROADS += [("visit", "contract"), ("visit", "contract_prepaid"), ("contract", "contract_prepaid")]


@pytest.fixture
def spent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many queries each planning took."""
    counts: list[int] = []

    def counted(*args: Any, **kwargs: Any) -> None:
        with CaptureQueriesContext(connection) as seen:
            replan(*args, **kwargs)
        counts.append(len(seen))

    monkeypatch.setattr(actions, "replan", counted)
    return counts


@pytest.mark.parametrize(("here", "to"), ROADS)
def test_planning_a_status_change_takes_six_queries_at_most(here: str, to: str, spent: list[int], frozen) -> None:
    move(lead_in(here, by=OperatorFactory()), to)
    assert spent[-1] <= 6


def test_more_rules_and_steps_cost_no_more(spent: list[int], frozen) -> None:
    rule = TaskRule.objects.create(status="dialing", kind="update_need")
    for position in range(1, 9):
        rule.steps.create(position=position, days=position)
    lead_in("dialing")
    assert spent == [5]
    assert Lead.objects.get().tasks.open().count() == 10
