"""Rows into the database by the thousand, past the verbs but within its constraints; and ids reserved for them.

Columns and their order are the models' own. A value is given as text that both SQLite and PostgreSQL (whose connection
speaks UTC) take for their column.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, TypeVar

from django.db import connection, models, transaction
from django.db.models.base import ModelState

from crm.transactions import in_turn

CACHE_KIB = 65_536
CHECKPOINT_PAGES = 16_000  # 64 MB, so that a page which changes in several batches is copied once

M = TypeVar("M", bound=models.Model)


class Table:
    """How rows of `model` are inserted. With `own_ids` they bring their ids, else the database gives them."""

    def __init__(self, model: type[models.Model], *, own_ids: bool) -> None:
        fields = [field for field in model._meta.concrete_fields if own_ids or not field.primary_key]
        self._values = itemgetter(*(field.attname for field in fields))
        self._spelt: list[tuple[int, Callable[[Any], str]]] = [
            (place, spell) for place, field in enumerate(fields) if (spell := _spelling(field))
        ]
        quote = connection.ops.quote_name
        columns = ", ".join(quote(str(field.column)) for field in fields)
        marks = ", ".join(["%s"] * len(fields))
        self._insert = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({marks})"

    def insert(self, rows: Sequence[models.Model]) -> None:
        """Inside the caller's transaction."""
        with connection.cursor() as cursor:
            cursor.executemany(self._insert, [self._row(row) for row in rows])

    def _row(self, instance: models.Model) -> list[Any]:
        row = list(self._values(instance.__dict__))
        for place, spell in self._spelt:
            if row[place] is not None:
                row[place] = spell(row[place])
        return row


def _spelling(field: models.Field[Any, Any]) -> Callable[[Any], str] | None:
    """How values of `field` are written; None if the driver knows."""
    if isinstance(field, models.DateTimeField):
        return _moment
    if isinstance(field, models.JSONField):
        return json.dumps
    return str if isinstance(field, models.DateField | models.DecimalField) else None


def _moment(moment: datetime) -> str:
    """A moment in UTC, to the second, as Django writes it on SQLite."""
    return moment.isoformat(" ")[:19]


def sketch(model: type[M]) -> Callable[..., M]:
    """Makes rows of `model` that are only to be inserted, from column values, tenfold quicker than its constructor.

    Columns not given have the model's defaults; what a row points at is given by id.
    """
    usual = model()
    defaults = {field.attname: getattr(usual, field.attname) for field in model._meta.concrete_fields}

    def make(**values: Any) -> M:
        row = model.__new__(model)
        row._state = ModelState()
        row.__dict__.update(defaults)
        row.__dict__.update(values)
        return row

    return make


def prepare_for_bulk() -> None:
    """On SQLite: let this connection hold more pages, since each table has indexes that rows fall into anywhere."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
            cursor.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")


def reserve(model: type[models.Model], count: int) -> int:
    """The first of `count` ids in a row that from now on are given to nobody else."""
    table = model._meta.db_table
    with in_turn(), transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"LOCK TABLE {connection.ops.quote_name(table)} IN EXCLUSIVE MODE")
            cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
            sequence = cursor.fetchone()[0]
            cursor.execute("SELECT nextval(%s)", [sequence])
            first = int(cursor.fetchone()[0])
            cursor.execute("SELECT setval(%s, %s)", [sequence, first + count - 1])
            return first
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
        if row is None:
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, count])
            return 1
        cursor.execute("UPDATE sqlite_sequence SET seq = seq + %s WHERE name = %s", [count, table])
        return int(row[0]) + 1


def ids_of(model: type[models.Model], *, block: int) -> Iterator[int]:
    """Reserved ids, one after the other, taken from the database `block` at a time."""
    while True:
        first = reserve(model, block)
        yield from range(first, first + block)
