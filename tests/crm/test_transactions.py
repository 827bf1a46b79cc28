"""How a verb runs: once if it can, again if the database asks for it, and never half."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DataError, IntegrityError, OperationalError, connection, transaction

from contacts.actions import contacts_for
from crm import clock
from crm.errors import Busy, Refused
from crm.transactions import TRIES, require_transaction, verb, writers
from history.models import Event
from leads.access import lock_lead
from leads.actions import enter
from leads.intake import hear_repeat, plan_arrivals
from leads.models import Lead
from leads.originals import lock_original
from leads.pipeline import Move, Status
from outbox.actions import mark_all
from sources.models import Source
from tasks import actions as tasks
from tests.factories import SourceFactory, lead
from tests.races import ON_POSTGRES, Hands, failures

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crm.transactions.random.uniform", lambda least, most: 0)


class Attempts:
    """A verb that writes a source and then raises what is in `errors`, one at each run, until there is none left."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.count = 0

    @verb
    def write(self) -> Source:
        self.count += 1
        source = SourceFactory(code=f"attempt-{self.count}")
        if self.errors:
            raise self.errors.pop(0)
        return source


def locked() -> OperationalError:
    return OperationalError("database is locked")


class OfPostgres(Exception):
    """What psycopg raises, as far as `verb` looks at it."""

    def __init__(self, sqlstate: str) -> None:
        self.sqlstate = sqlstate


def said_by_postgres(sqlstate: str) -> OperationalError:
    error = OperationalError("the server's own words")
    error.__cause__ = OfPostgres(sqlstate)
    return error


# --- once and again --------------------------------------------------------------------------------------------------
def test_what_succeeds_runs_once() -> None:
    verbs = Attempts()
    assert verbs.write().code == "attempt-1"
    assert verbs.count == 1


@pytest.mark.parametrize(
    "error",
    [locked(), IntegrityError("UNIQUE"), *map(said_by_postgres, ["40001", "40P01", "55P03"])],
    ids=["locked", "unique", "serialisation", "deadlock", "lock not available"],
)
def test_what_passes_by_itself_is_tried_again_from_the_beginning(error: Exception) -> None:
    verbs = Attempts(error, error)
    assert verbs.write().code == "attempt-3"
    assert list(Source.objects.values_list("code", flat=True)) == ["attempt-3"], "earlier attempts left nothing"


def test_a_database_that_stays_busy_is_said_to_be_so() -> None:
    verbs = Attempts(*[locked() for _ in range(TRIES)])
    with pytest.raises(Busy):
        verbs.write()
    assert verbs.count == TRIES
    assert not Source.objects.exists()


def test_a_value_that_stays_taken_is_an_error_of_the_code() -> None:
    verbs = Attempts(*[IntegrityError("UNIQUE") for _ in range(TRIES)])
    with pytest.raises(IntegrityError):
        verbs.write()
    assert verbs.count == TRIES


@pytest.mark.parametrize(
    "error",
    [Refused("no", "Нельзя"), DataError("too long"), OperationalError("no such table"), said_by_postgres("53100")],
    ids=["refused", "data", "operational", "disk full"],
)
def test_what_does_not_pass_by_itself_is_raised_at_once(error: Exception) -> None:
    verbs = Attempts(error)
    with pytest.raises(type(error)):
        verbs.write()
    assert verbs.count == 1
    assert not Source.objects.exists()


def test_a_unique_value_taken_by_somebody_faster_is_found_by_the_next_run() -> None:
    """The way every verb that looks first and creates then is meant to be safe."""
    runs: list[str] = []

    @verb
    def find_or_make() -> Source:
        runs.append("run")
        found = Source.objects.filter(code="radio").first()
        if len(runs) == 1:
            found = None  # looked a moment too early
        return found or SourceFactory(code="radio")

    theirs = SourceFactory(code="radio")
    assert find_or_make() == theirs
    assert len(runs) == 2


# --- inside another verb ---------------------------------------------------------------------------------------------
def test_an_inner_verb_joins_the_outer_one() -> None:
    inner = Attempts(locked())

    @verb
    def outer() -> None:
        SourceFactory(code="outer")
        inner.write()

    outer()
    assert inner.count == 2, "the outer one is run again, as a whole"
    assert sorted(Source.objects.values_list("code", flat=True)) == ["attempt-2", "outer"]


def test_an_inner_refusal_that_is_caught_takes_back_only_its_own() -> None:
    inner = Attempts(Refused("no", "Нельзя"))

    @verb
    def outer() -> str:
        SourceFactory(code="outer")
        try:
            inner.write()
        except Refused as refusal:
            return refusal.code
        return ""

    assert outer() == "no"
    assert list(Source.objects.values_list("code", flat=True)) == ["outer"]


# --- real locks ------------------------------------------------------------------------------------------------------
def test_a_real_deadlock_is_broken_and_both_get_through() -> None:
    """Two verbs take two rows in opposite orders. PostgreSQL ends one of them; SQLite lets them write in turn."""
    first, second = SourceFactory(), SourceFactory()
    meet = threading.Barrier(2)
    runs: list[str] = []

    @verb
    def swap(name: str, *rows: Source) -> None:
        runs.append(name)
        for row in rows:
            Source.objects.select_for_update().get(pk=row.pk)
            if ON_POSTGRES and runs.count(name) == 1 and row == rows[0]:
                meet.wait(10)  # each holds one row before it asks for the other
        Source.objects.filter(pk__in=[first.pk, second.pk]).update(channel=name)

    with Hands(2) as people:
        answers = people.at_once([lambda: swap("there", first, second), lambda: swap("back", second, first)])
    assert failures(answers) == []
    assert len(runs) == (3 if ON_POSTGRES else 2)
    assert len(set(Source.objects.values_list("channel", flat=True))) == 1


def test_who_cannot_get_a_lock_is_told_that_we_are_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    source = SourceFactory()
    monkeypatch.setattr("crm.transactions.LONGEST_WAIT", 0.05)
    held, done = threading.Event(), threading.Event()

    @verb
    def hold() -> None:
        Source.objects.select_for_update().get(pk=source.pk)
        held.set()
        done.wait(10)

    @verb
    def want() -> None:
        Source.objects.select_for_update(nowait=connection.features.has_select_for_update_nowait).get(pk=source.pk)

    def ask() -> str:
        held.wait(10)
        try:
            want()
        except Busy as busy:
            return busy.code
        finally:
            done.set()
        return "served"

    with Hands(2) as people:
        assert people.at_once([hold, ask]) == [None, "busy"]
    want()
    with writers.turn(0.1):
        pass  # nobody's turn was lost


# --- parts of a verb -------------------------------------------------------------------------------------------------
def test_the_parts_of_a_verb_refuse_to_run_outside_of_one(catalogues: None) -> None:
    row, now = lead(), clock.now()
    stay = row.as_stay()
    parts: list[Callable[[], Any]] = [
        require_transaction,
        lambda: mark_all([]),
        lambda: contacts_for([]),
        lambda: lock_lead(row.pk, by=None),
        lambda: lock_original(row.contact),
        lambda: enter(row, Move(Status.DIALING), by=None, at=now),
        lambda: hear_repeat(row, row, at=now),
        lambda: plan_arrivals([], at=now),
        lambda: tasks.replan(stay, at=now),
        lambda: tasks.plan_following(stay, "contact_client", at=now),
        lambda: tasks.add_all([]),
        lambda: tasks.add(lead_id=row.pk, due_at=now + timedelta(days=1), assignee_id=None, by=None, at=now),
        lambda: tasks.call_again(lead_id=row.pk, assignee_id=None, at=now, zone=row.zone),
        lambda: tasks.complete_oldest(row.pk, "contact_client", at=now, zone=row.zone, by=None),
    ]
    for part in parts:
        with pytest.raises(AssertionError, match="inside its transaction"):
            part()
    assert Lead.objects.get().status == "new"
    assert Event.objects.count() == 1


def test_what_a_verb_raises_leaves_no_transaction_open() -> None:
    with pytest.raises(Refused):
        Attempts(Refused("no", "Нельзя")).write()
    assert not transaction.get_connection().in_atomic_block
