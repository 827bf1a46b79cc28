"""How the tallies of `reports.tallies` are kept: changes are brought in, all is counted anew, and both can be audited.

Only one writer at a time: it holds the row of Tallying. Readers and the writers of leads never wait for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Case, Count, Sum, Value, When
from django.db.models.functions import TruncDate, TruncMonth

from crm.transactions import verb
from leads.counting import MOMENTS, Basis, Column, Period, counted, midnight, touched
from leads.models import Lead
from leads.pipeline import JunkReason
from reports import triggers
from reports.models import LeadChange, Tally, Tallying
from reports.tallies import COLUMNS, are_exact, next_month

PORTION = 2000  # changes brought in at once: a writer on SQLite waits for no longer than that takes
MOST_BY_PORTIONS = 50_000  # beyond it counting anew is quicker


@dataclass(frozen=True)
class Cell:
    """What a tally is of, with the names of its columns; a day, or with `is_month` a month by its first day."""

    basis: str
    day: date
    source: int
    responsible: int | None
    city: str
    junk_reason: str
    is_month: bool = False

    def month(self) -> Cell:
        """The month's cell that this day belongs to."""
        return replace(self, is_month=True, day=self.day.replace(day=1))


_KEYS = ("basis", "is_month", "day", "source", "responsible", "city", "junk_reason")
_COLUMNS = ", ".join((*_KEYS, *(column.value for column in COLUMNS)))

Cells = defaultdict[Cell, list[int]]  # the numbers in the order of COLUMNS


def no_cells() -> Cells:
    return defaultdict(lambda: [0] * len(COLUMNS))


# --- verbs -----------------------------------------------------------------------------------------------------------
def keep() -> int:
    """Bring what was noted into the tallies, or count them anew where they may not be read. Returns the changes."""
    if not are_exact():
        begin()
        count_anew()
    elif LeadChange.objects.count() > MOST_BY_PORTIONS:
        count_anew()
    done = 0
    while portion := bring_in():
        done += portion
    return done


@verb
def begin() -> None:
    """Put the triggers in place. From then on each change is noted; the tallies may not be read before `count_anew`."""
    Tallying.objects.update_or_create(pk=1, defaults={"zone": ""})
    triggers.install()


@verb
def count_anew() -> None:
    """Count all tallies from the leads. The notes of the changes that it sees are forgotten, since it counts them.

    On PostgreSQL it sees the database as of one moment, and writers go on; on SQLite they wait.
    """
    _as_of_one_moment()
    Tallying.objects.select_for_update().get_or_create(pk=1)
    LeadChange.objects.all().delete()
    Tally.objects.all().delete()
    for basis in Basis:
        _count_days(basis)
        _add_months_up(basis)
    Tallying.objects.filter(pk=1).update(zone=settings.TIME_ZONE)


@verb
def bring_in(limit: int = PORTION) -> int:
    """Move up to `limit` of the oldest changes into the tallies. Returns how many there were."""
    Tallying.objects.select_for_update().get_or_create(pk=1)
    changes = list(LeadChange.objects.order_by("pk")[:limit])
    if changes:
        days = noted(changes)
        both = no_cells()
        _put_into(both, days.items())
        _put_into(both, ((cell.month(), numbers) for cell, numbers in days.items()))
        _add(both)
        LeadChange.objects.filter(pk__in=[change.pk for change in changes]).delete()
    return len(changes)


def audit() -> Iterator[str]:
    """Compare each day with a recount from the leads, each month with its days; a sentence for each difference.

    A day is compared as of one moment, so people may work meanwhile; on SQLite they wait for a day at most.
    """
    for basis in Basis:
        kept_days = Tally.objects.filter(basis=basis, is_month=False).values_list("day", flat=True).distinct()
        for day in sorted({*days_with_anything(basis), *kept_days}):
            with transaction.atomic():
                _as_of_one_moment()
                counts, kept = recount(basis, day), _kept(basis, day, day, is_month=False)
                changes = LeadChange.objects.filter(touched(basis, Period(day, day)))
                here = ((cell, numbers) for cell, numbers in noted(changes).items() if _is_on(cell, basis, day))
                _put_into(kept, here)
            yield from _differences(counts, kept)
        for first in sorted({day.replace(day=1) for day in kept_days}):
            with transaction.atomic():
                _as_of_one_moment()
                days = _kept(basis, first, next_month(first) - timedelta(days=1), is_month=False)
                months = _kept(basis, first, first, is_month=True)
            added = no_cells()
            _put_into(added, ((cell.month(), numbers) for cell, numbers in days.items()))
            yield from _differences(added, months)


# --- counting --------------------------------------------------------------------------------------------------------
def recount(basis: Basis, day: date) -> Cells:
    """The cells of a day, counted over its leads by the report's own conditions. One query."""
    period = Period(day, day)
    duplicate = When(junk_reason=JunkReason.DUPLICATE, then=Value(JunkReason.DUPLICATE.value))
    counts = {f"{column}_count": Count("pk", filter=counted(column, basis, period)) for column in COLUMNS}
    found = Lead.objects.filter(touched(basis, period)).order_by().annotate(kind=Case(duplicate, default=Value("")))
    where = ("source", "responsible", "city", "kind")
    cells = no_cells()
    for source, responsible, city, kind, *numbers in (
        found.values(*where).annotate(**counts).values_list(*where, *counts)
    ):
        cells[Cell(basis.value, day, source, responsible, city, kind)] = numbers
    return cells


def noted(changes: Iterable[LeadChange]) -> Cells:
    """What changes add to the cells of days, and take away from them."""
    zone = ZoneInfo(settings.TIME_ZONE)
    cells = no_cells()
    for change in changes:
        reason = JunkReason.DUPLICATE.value if change.junk_reason == JunkReason.DUPLICATE else ""
        for place, column in enumerate(COLUMNS):
            moment: datetime | None = getattr(change, MOMENTS[column])
            if moment is None:
                continue
            for basis, at in ((Basis.CREATED, change.created_at), (Basis.EVENT, moment)):
                day = at.astimezone(zone).date()
                cell = Cell(basis.value, day, change.source, change.responsible, change.city, reason)
                cells[cell][place] += change.sign
    return cells


def days_with_anything(basis: Basis) -> Iterator[date]:
    """The days of the firm's calendar on which a lead of this basis has anything to count, from the first on."""
    zone = ZoneInfo(settings.TIME_ZONE)
    columns = {MOMENTS[column] for column in (COLUMNS if basis == Basis.EVENT else (Column.LEADS,))}
    after: dict[str, Any] = {}
    while True:
        firsts = [
            Lead.objects.filter(**{f"{column}__isnull": False}, **{f"{column}{ask}": at for ask, at in after.items()})
            .order_by(column)
            .values_list(column, flat=True)
            .first()
            for column in columns
        ]
        moments = [moment for moment in firsts if moment is not None]
        if not moments:
            return
        day = min(moments).astimezone(zone).date()
        yield day
        after = {"__gte": midnight(day + timedelta(days=1))}


# --- counting all anew, in the database itself
def _count_days(basis: Basis) -> None:
    """Fill the cells of all days of a basis from the leads. One statement, however many there are.

    It says in sets what `recount` says of a day by the report's own conditions; `audit` compares the two.
    """
    duplicate = When(junk_reason=JunkReason.DUPLICATE, then=Value(JunkReason.DUPLICATE.value))
    parts: list[tuple[str, tuple[Any, ...]]] = []
    for place, column in enumerate(COLUMNS):
        moment = MOMENTS[column] if basis == Basis.EVENT else MOMENTS[Column.LEADS]
        on = TruncDate(moment, tzinfo=ZoneInfo(settings.TIME_ZONE))
        found = Lead.objects.filter(**{f"{MOMENTS[column]}__isnull": False}).order_by()
        found = found.annotate(on=on, kind=Case(duplicate, default=Value("")))
        counts = found.values("on", "source", "responsible", "city", "kind").annotate(number=Count("pk"))
        named = counts.values_list("on", "source", "responsible", "city", "kind", "number", Value(place))
        parts.append(named.query.sql_with_params())
    numbers = ", ".join(f"SUM(CASE WHEN place = {place} THEN number ELSE 0 END)" for place in range(len(COLUMNS)))
    table = ", ".join((*_KEYS[2:], "number", "place"))
    counted_by_column = " UNION ALL ".join(f"SELECT * FROM ({sql}) AS p{place}" for place, (sql, _) in enumerate(parts))
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH c ({table}) AS ({counted_by_column}) INSERT INTO {Tally._meta.db_table} ({_COLUMNS})"
            f" SELECT %s, %s, {', '.join(_KEYS[2:])}, {numbers} FROM c GROUP BY {', '.join(_KEYS[2:])}",
            [*(value for _sql, values in parts for value in values), basis.value, False],
        )


def _add_months_up(basis: Basis) -> None:
    """Fill the cells of all months of a basis from those of their days. One statement."""
    month = TruncMonth("day")
    days = Tally.objects.filter(basis=basis, is_month=False).order_by().values(*_KEYS[3:], first=month)
    sums = days.annotate(**{f"{column}_sum": Sum(column.value) for column in COLUMNS})
    sql, values = sums.values_list(
        "first", *_KEYS[3:], *(f"{column}_sum" for column in COLUMNS)
    ).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Tally._meta.db_table} ({_COLUMNS}) SELECT %s, %s, m.* FROM ({sql}) AS m",
            [basis.value, True, *values],
        )


# --- rows ------------------------------------------------------------------------------------------------------------
def _as_of_one_moment() -> None:
    """The outermost transaction on PostgreSQL sees the database as of its first query."""
    if connection.vendor == "postgresql" and not connection.savepoint_ids:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def _put_into(cells: Cells, more: Iterable[tuple[Cell, list[int]]]) -> None:
    for cell, numbers in more:
        cells[cell] = [one + other for one, other in zip(cells[cell], numbers, strict=True)]


def _add(cells: Cells) -> None:
    """Add the numbers to the rows of the tallies."""
    names = [column.value for column in COLUMNS]
    table, keys = Tally._meta.db_table, "basis, day, source, responsible, city, junk_reason, is_month"
    marks = ", ".join(["%s"] * (7 + len(names)))
    added = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in names)
    statement = (
        f"INSERT INTO {table} ({keys}, {', '.join(names)}) VALUES ({marks})"
        " ON CONFLICT (basis, is_month, day, source, (COALESCE(responsible, 0)), city, junk_reason)"
        f" DO UPDATE SET {added}"
    )
    rows = [
        (cell.basis, connection.ops.adapt_datefield_value(cell.day), *astuple(cell)[2:], *numbers)
        for cell, numbers in cells.items()
        if any(numbers)
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(statement, rows)


def _kept(basis: Basis, first: date, last: date, *, is_month: bool) -> Cells:
    rows = Tally.objects.filter(basis=basis, is_month__in=[is_month], day__gte=first, day__lte=last)
    cells = no_cells()
    for row in rows:
        cell = Cell(row.basis, row.day, row.source, row.responsible, row.city, row.junk_reason, row.is_month)
        cells[cell] = [getattr(row, column.value) for column in COLUMNS]
    return cells


def _is_on(cell: Cell, basis: Basis, day: date) -> bool:
    return cell.basis == basis and cell.day == day


def _differences(counts: Cells, kept: Cells) -> Iterator[str]:
    for cell in {**counts, **kept}:
        if counts[cell] != kept[cell]:
            yield f"{cell}: counted {counts[cell]}, kept {kept[cell]}"
