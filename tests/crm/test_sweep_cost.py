"""What the periodic jobs cost: they reach their rows by the partial indexes, whatever the size of the table."""

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm import bench_sweep
from leads import actions, distribution
from leads.first_call import escalate_uncalled
from leads.pipeline import Status
from tasks.reminders import escalate, remind
from tests import factories
from tests.conftest import Frozen

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


def plans(job: Callable[[], object], table: str) -> str:
    """How the database reads the due rows of `table`, the oldest first, when the job asks for them."""
    with CaptureQueriesContext(connection) as seen:
        job()
    asked = [query["sql"] for query in seen if re.search(rf'^SELECT .* FROM "{table}".* ORDER BY', query["sql"])]
    assert asked
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")  # so few rows are read faster without any index
        said = []
        for sql in asked:
            cursor.execute(("EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN ") + sql)
            said += [str(row) for row in cursor.fetchall()]
    return "\n".join(said)


@pytest.mark.parametrize(
    ("job", "table", "index"),
    [
        (remind, "tasks_task", "tasks_to_remind_of"),
        (escalate, "tasks_task", "tasks_to_escalate"),
        (escalate_uncalled, "leads_lead", "leads_not_called"),
        (distribution.pass_on, "leads_lead", "leads_handed_out"),
    ],
)
def test_due_rows_are_found_by_their_own_index(
    job: Callable[[], object], table: str, index: str, frozen: Frozen
) -> None:
    bench_sweep.prepare(leads=600, due=4)  # fewer, and any other index would do as well
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    assert index in plans(job, table)


def test_planning_a_status_change_adds_at_most_six_queries(monkeypatch: pytest.MonkeyPatch) -> None:
    replan = actions.replan
    counts: list[int] = []

    def counted(*args: object, **kwargs: object) -> None:
        with CaptureQueriesContext(connection) as seen:
            replan(*args, **kwargs)  # type: ignore[arg-type]
        counts.append(sum("SAVEPOINT" not in query["sql"] for query in seen))

    monkeypatch.setattr(actions, "replan", counted)
    lead = factories.lead(by=factories.OperatorFactory())
    for status in (Status.DIALING, Status.MEETING, Status.POSTPONED, Status.VISIT):
        factories.move(lead, status)
    assert len(counts) == 4
    assert max(counts) <= 6
