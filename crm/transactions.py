"""How a verb runs: one transaction, all or nothing, tried again when the database asks for it."""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import ParamSpec, TypeVar

from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction

from crm.errors import Busy
from crm.turns import Queue

P = ParamSpec("P")
R = TypeVar("R")

TRIES = 4
LONGEST_WAIT = 60.0  # seconds for one's turn on SQLite
writers = Queue()
# PostgreSQL: serialization_failure, deadlock_detected, lock_not_available. SQLite says it in words only.
RETRYABLE_STATES = {"40001", "40P01", "55P03"}


def _worth_another_try(error: DatabaseError) -> bool:
    if isinstance(error, IntegrityError):
        return True  # somebody was faster at a unique value: the next run finds their row and answers for it
    if not isinstance(error, OperationalError):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    return state in RETRYABLE_STATES or "database is locked" in str(error)


def in_turn() -> AbstractContextManager[None]:
    """On SQLite, which has one writer at a time, the writers of this process line up; elsewhere nobody waits."""
    return writers.turn(LONGEST_WAIT) if connection.vendor == "sqlite" else nullcontext()


def verb(function: Callable[P, R]) -> Callable[P, R]:
    """Run `function` in one transaction; called from inside another verb it joins that one (as a savepoint).

    The outermost verb is run again, after a short random pause, when the database broke a deadlock, could not serialise
    it, or another transaction took a unique value first. Raises Busy (or the IntegrityError) when that did not help.
    Nothing inside may talk to a network or keep state outside the database, since it may run more than once.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if connection.in_atomic_block:
            with transaction.atomic():
                return function(*args, **kwargs)
        for attempt in range(1, TRIES + 1):
            try:
                with in_turn(), transaction.atomic():
                    return function(*args, **kwargs)
            except TimeoutError as error:
                raise Busy from error
            except DatabaseError as error:
                if not _worth_another_try(error):
                    raise
                if attempt == TRIES:
                    if isinstance(error, IntegrityError):
                        raise
                    raise Busy from error
            time.sleep(random.uniform(0.01, 0.05) * 2**attempt)
        raise AssertionError("unreachable")

    return run


def require_transaction() -> None:
    """Assert that the caller has opened a transaction: what follows must be committed together with its change."""
    assert connection.in_atomic_block, "this is a part of a verb and runs inside its transaction"
