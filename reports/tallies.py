"""The source report's numbers by source, added up from what is kept counted, or from leads where nothing is.

The tallies hold days and whole months (`reports.keeping`). A reader adds up the whole months, the days at both ends,
and what triggers have noted since (`reports.triggers`), all in one statement: so it sees the leads as they are at that
moment, whoever writes. Where the tallies may not be read (before the first count, after a change of the firm's zone,
without triggers), the same numbers are counted from leads; nobody sees a difference but in time.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import Count, DateField, F, Q, QuerySet, Sum, Value
from django.db.models.functions import TruncDate, TruncMonth

from leads.counting import Basis, Column, Period, Scope, counted, touched
from leads.models import Lead
from leads.pipeline import JunkReason
from reports import triggers
from reports.models import LeadChange, Tally, Tallying

COLUMNS = tuple(column for column in Column if column != Column.DUPLICATES)  # those are the leads with that reason
DAYS_SHOWN = 92  # a line over a longer period has a point for each month

Sums = dict[int, tuple[int, ...]]


def are_exact() -> bool:
    """Whether the tallies may be read instead of the leads. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT zone, {triggers.installed_sql()} FROM {Tallying._meta.db_table} WHERE id = %s",
            [1],
        )
        row = cursor.fetchone()
    return row is not None and row[0] == settings.TIME_ZONE and row[1] == triggers.WHOLE


def sums(scope: Scope, *, kept: bool) -> Sums:
    """Source -> its numbers in the order of Column, from the tallies (`kept`) or from leads. One query."""
    found: dict[int, Counter[int]] = defaultdict(Counter)
    for source, *numbers in _sums_kept(scope) if kept else _sums_of_leads(scope):
        for place, number in enumerate(numbers):
            found[source][place] += number or 0
    return {source: tuple(row[place] for place in range(len(Column))) for source, row in found.items()}


def leads_over_time(scope: Scope, *, kept: bool) -> dict[int, dict[date, int]]:
    """Source -> leads that arrived by day, or by month in a period of more than DAYS_SHOWN days. One query."""
    is_long = by_month(scope.period)
    arrivals = counted(Column.LEADS, Basis.CREATED, scope.period) & scope.condition()
    truncate = (TruncMonth if is_long else TruncDate)(
        "created_at", tzinfo=ZoneInfo(settings.TIME_ZONE), output_field=DateField()
    )
    if kept:
        since = LeadChange.objects.filter(arrivals).values("source", point=truncate).annotate(number=Sum("sign"))
        parts = []
        for tallies, month in _tallies(scope, Basis.CREATED):
            point = Value(month, output_field=DateField()) if is_long and month else F("day")
            parts.append(tallies.values("source", point=point).annotate(number=Sum("leads")))
        rows: Iterable[tuple[int, date, int]] = (
            since.values_list("source", "point", "number")
            .order_by()
            .union(*(part.values_list("source", "point", "number").order_by() for part in parts), all=True)
        )
    else:
        found = Lead.objects.filter(arrivals).order_by().values("source", point=truncate)
        rows = found.annotate(number=Count("pk")).values_list("source", "point", "number")
    points: dict[int, dict[date, int]] = defaultdict(Counter)
    for source, at, number in rows:
        points[source][at] += number
    return points


def by_month(period: Period) -> bool:
    """Whether a line over this period has points for months, not days."""
    return (period.end - period.start).days >= DAYS_SHOWN


def _sums_of_leads(scope: Scope) -> Iterable[tuple[int, ...]]:
    """Count over the leads of the period themselves."""
    by_column = {f"{column}_sum": Count("pk", filter=counted(column, scope.basis, scope.period)) for column in Column}
    if scope.basis == Basis.CREATED:
        by_column[f"{Column.LEADS}_sum"] = Count("pk")  # the same condition need not be asked twice
    found = Lead.objects.filter(touched(scope.basis, scope.period) & scope.condition()).order_by()
    rows: Iterable[tuple[int, ...]] = found.values("source").annotate(**by_column).values_list("source", *by_column)
    return rows


def _sums_kept(scope: Scope) -> Iterable[tuple[int, ...]]:
    names = [f"{column}_sum" for column in Column]
    noted = {
        f"{column}_sum": Sum("sign", filter=counted(column, scope.basis, scope.period), default=0) for column in Column
    }
    since = LeadChange.objects.filter(touched(scope.basis, scope.period) & scope.condition()).values("source")
    added = {f"{column}_sum": Sum(column.value) for column in COLUMNS}
    added[f"{Column.DUPLICATES}_sum"] = Sum("leads", filter=Q(junk_reason=JunkReason.DUPLICATE), default=0)
    parts = [
        tallies.values("source").annotate(**added).values_list("source", *names)
        for tallies, _month in _tallies(scope, scope.basis)
    ]
    rows: Iterable[tuple[int, ...]] = (
        since.annotate(**noted).values_list("source", *names).order_by().union(*parts, all=True)
    )
    return rows


def _tallies(scope: Scope, basis: Basis) -> list[tuple[QuerySet[Tally], date | None]]:
    """The tallies that make up the period: (tallies, the month they all lie in, if it is one and not whole)."""
    period = scope.period
    first = period.start if period.start.day == 1 else next_month(period.start)
    last = next_month(period.end) if (period.end + timedelta(days=1)).day == 1 else period.end.replace(day=1)
    spans: list[tuple[bool, date, date]] = [(False, period.start, period.end + timedelta(days=1))]
    if first < last:
        spans = [(False, period.start, first), (True, first, last), (False, last, period.end + timedelta(days=1))]
    found = Tally.objects.filter(scope.condition(), basis=basis).order_by()
    return [
        (
            # Asked by IN, since SQLite looks a bare boolean column up in no index.
            found.filter(is_month__in=[is_month], day__gte=start, day__lt=end),
            None if is_month or start.month != (end - timedelta(days=1)).month else start.replace(day=1),
        )
        for is_month, start, end in spans
        if start < end
    ]


def next_month(day: date) -> date:
    """The first day of the month after that of `day`."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
