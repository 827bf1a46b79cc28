"""Starting several people at one moment, and taking the guards out that keep them apart.

A race test proves something only if it was seen to fail: `without_locks` and `without_constraint` take away what the
promise rests on, for as long as the block runs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections, models
from django.db.models.query import QuerySet

from crm.errors import Forbidden, Invalid, Refused
from tests.sizes import size

ON_POSTGRES = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
NO = (Refused, Forbidden, Invalid)
WAIT = size(250, 3000)  # seconds; what takes longer hangs


class Hands:
    """So many threads with database connections of their own, let go together again and again."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool = ThreadPoolExecutor(count)

    def __enter__(self) -> Hands:
        return self

    def __exit__(self, *_: object) -> None:
        self.at_once([connections.close_all] * self.count)
        self._pool.shutdown()

    def at_once(self, wishes: Sequence[Callable[[], Any]]) -> list[Any]:
        """What each wish answered or raised, in their order. All begin when the last one is ready."""
        assert len(wishes) <= self.count
        gate = threading.Barrier(len(wishes))

        def attempt(wish: Callable[[], Any]) -> Any:
            gate.wait(WAIT)
            try:
                return wish()
            except Exception as error:  # whatever it is, the test judges it
                return error

        return [future.result(WAIT) for future in [self._pool.submit(attempt, wish) for wish in wishes]]


def yes(answers: Sequence[Any]) -> list[Any]:
    """The wishes that were granted."""
    return [answer for answer in answers if not isinstance(answer, Exception)]


def no(answers: Sequence[Any]) -> list[Any]:
    """The wishes that were refused in words."""
    return [answer for answer in answers if isinstance(answer, NO)]


def failures(answers: Sequence[Any]) -> list[str]:
    """What was neither granted nor refused in words: an error that a person would see as one."""
    return [
        f"{type(answer).__name__}: {answer}"
        for answer in answers
        if isinstance(answer, Exception) and not isinstance(answer, NO)
    ]


@contextmanager
def without_locks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No row is locked; on SQLite, writers do not line up and transactions do not take the write lock at once."""
    with monkeypatch.context() as patch:
        patch.setattr(QuerySet, "select_for_update", lambda self, *_, **__: self._chain())
        if not ON_POSTGRES:
            patch.setitem(settings.DATABASES["default"]["OPTIONS"], "transaction_mode", None)
            patch.setattr("crm.transactions.TRIES", 1)
            patch.setattr("crm.transactions.in_turn", nullcontext)
        yield


@contextmanager
def without_constraint(model: type[models.Model], name: str) -> Iterator[None]:
    """The named unique constraint is dropped. The rows are thrown away before it comes back."""
    constraint = next(known for known in model._meta.constraints if known.name == name)
    with connection.schema_editor() as editor:
        editor.remove_constraint(model, constraint)
    try:
        yield
    finally:
        call_command("flush", verbosity=0, interactive=False, reset_sequences=False)
        with connection.schema_editor() as editor:
            editor.add_constraint(model, constraint)


@contextmanager
def without_unique_column(model: type[models.Model], column: str) -> Iterator[None]:
    """PostgreSQL only: the column's UNIQUE is dropped and comes back over an empty table."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, table)
        name = next(name for name, told in found.items() if told["columns"] == [column] and told["unique"])
        cursor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"')
    try:
        yield
    finally:
        call_command("flush", verbosity=0, interactive=False, reset_sequences=False)
        with connection.cursor() as cursor:
            cursor.execute(f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" UNIQUE ("{column}")')
