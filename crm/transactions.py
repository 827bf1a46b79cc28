"""How a verb runs: one transaction, all or nothing, tried again when the database asks for it."""

from __future__ import annotations

import functools
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, ParamSpec, TypeVar

from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction

from crm.errors import Busy
from crm.turns import Queue

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

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


class _Endings(threading.local):
    """What the verb that this thread is in leaves for its end: what to call, and with what. None outside of one."""

    waiting: dict[Callable[[set[Any]], None], set[Any]] | None = None


_endings = _Endings()


@contextmanager
def _with_its_end() -> Iterator[None]:
    """A verb inside another one hands its end over to that one, unless it fails."""
    outer, _endings.waiting = _endings.waiting, {}
    try:
        yield
        for do, items in _endings.waiting.items():
            if outer is None:
                do(items)
            else:
                outer.setdefault(do, set()).update(items)
    finally:
        _endings.waiting = outer


def once_at_the_end(do: Callable[[set[T]], None], items: Iterable[T]) -> None:
    """Have `do` called once with all such items of the outermost verb, as the last thing in its transaction.

    Outside of a verb it is called now. `do` must not call this itself.
    """
    if _endings.waiting is None:
        do(set(items))
    else:
        _endings.waiting.setdefault(do, set()).update(items)


def verb(function: Callable[P, R]) -> Callable[P, R]:
    """Run `function` in one transaction; called from inside another verb it joins that one (as a savepoint).

    The outermost verb is run again, after a short random pause, when the database broke a deadlock, could not serialise
    it, or another transaction took a unique value first. Raises Busy (or the IntegrityError) when that did not help.
    Nothing inside may talk to a network or keep state outside the database, since it may run more than once.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if connection.in_atomic_block:
            with transaction.atomic(), _with_its_end():
                return function(*args, **kwargs)
        for attempt in range(1, TRIES + 1):
            try:
                with in_turn(), transaction.atomic(), _with_its_end():
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
