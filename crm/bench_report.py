"""A measure of the source report over a large base (300 ms are allowed on SQLite, 150 ms on PostgreSQL).

Fills an empty database with leads of which only what the report counts is made up, by one statement of SQL, past all
verbs: for nothing but this measure.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.db.models import JSONField

from crm import clock
from leads.counting import Basis
from leads.models import Lead
from reports import keeping, tallies
from reports.sources import Filters, source_report
from sources.models import Source
from team.models import User
from team.roles import Role

DAYS = 730
TRIES = 5
OPERATORS = 12
CITIES = ("Самара", "Москва", "Казань", "Уфа", "Пермь", "Омск", "Тольятти", "Саратов", "Пенза", "")
ASKED: dict[str, dict[str, str]] = {
    "all time": {"from": "2000-01-01", "to": "2199-12-31"},
    "a year, broken months": {"days": "380"},
    "a quarter": {"days": "92"},
    "a month": {"days": "30"},
    "all time, a city": {"from": "2000-01-01", "to": "2199-12-31", "city": CITIES[0]},
    "all time, an operator": {"from": "2000-01-01", "to": "2199-12-31", "responsible": "operator"},
    "all time, no duplicates": {"from": "2000-01-01", "to": "2199-12-31", "duplicates": "exclude"},
}


@dataclass(frozen=True)
class Figure:
    """What a question took, in milliseconds: the best of TRIES, and once the raw aggregate over the leads."""

    what: str
    basis: str
    kept: float
    page: float
    raw: float
    is_equal: bool


def fill(leads: int) -> None:
    """Write `leads` leads of the last DAYS days, and count them."""
    call_command("loadcatalogs", verbosity=0)
    people = [
        User(username=f"bench{number}", name=f"Bench {number}", role=Role.OPERATOR) for number in range(OPERATORS)
    ]
    people = User.objects.bulk_create(people)
    sources = list(Source.objects.order_by("pk").values_list("pk", flat=True))
    _insert(leads, sources, [person.pk for person in people])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # PostgreSQL counts day by day only by indexes that it knows to be worth it
    keeping.begin()
    keeping.count_anew()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def measure() -> Iterator[Figure]:
    """Ask each question on both bases, from what is kept and from the leads, and compare the answers."""
    today = clock.now().date()
    person = str(User.objects.filter(role=Role.OPERATOR).order_by("pk").values_list("pk", flat=True)[0])
    for what, asked in ASKED.items():
        params = {name: person if value == "operator" else value for name, value in asked.items()}
        if days := params.pop("days", ""):
            params = {"from": (today - timedelta(days=int(days) - 1)).isoformat(), "to": today.isoformat()}
        for basis in Basis:
            filters = Filters.read({**params, "basis": basis.value})
            kept, report = _best(partial(source_report, filters, kept=True))
            page, _all = _best(partial(_page, filters))
            raw, recount = _best(partial(source_report, filters, kept=False), tries=1)
            yield Figure(what, basis.value, kept, page, raw, report.rows == recount.rows)


def _page(filters: Filters) -> None:
    """All that the page asks: the report, the one before, the lines of days."""
    kept = tallies.are_exact()
    source_report(filters, kept=kept)
    source_report(filters.previous(), kept=kept)
    tallies.leads_over_time(filters.scope, kept=kept)


def _best(ask: Callable[[], Any], tries: int = TRIES) -> tuple[float, Any]:
    took, answer = [], None
    for _try in range(tries):
        began = time.perf_counter()
        answer = ask()
        took.append(1000 * (time.perf_counter() - began))
    return min(took), answer


def _insert(leads: int, sources: list[int], people: list[int]) -> None:
    """One INSERT … SELECT over a series of numbers; a column is a formula of the number, scattered by multiplying."""
    on_sqlite = connection.vendor == "sqlite"
    now = clock.now()

    def scattered(salt: int) -> str:
        return f"((n * {salt}) % 1000003)"

    def one_of(values: list[Any], salt: int) -> str:
        whens = " ".join(f"WHEN {place} THEN {value}" for place, value in enumerate(values))
        return f"(CASE {scattered(salt)} % {len(values)} {whens} END)"

    def ago(seconds: str) -> str:
        if on_sqlite:
            return f"strftime('%Y-%m-%d %H:%M:%f000', '{now:%Y-%m-%d %H:%M:%S}', '-' || ({seconds}) || ' seconds')"
        return f"(timestamptz '{now.isoformat()}' - ({seconds}) * interval '1 second')"

    age = f"(n * {DAYS * 86400} / {leads + 1})"
    is_duplicate = f"{scattered(7919)} % 12 = 0"
    created = ago(age)

    def reached(of_a_hundred: int, days: int) -> str:
        later = ago(f"(CASE WHEN {age} > {days * 86400} THEN {age} - {days * 86400} ELSE {age} END)")
        is_one = f"n % 100 < {of_a_hundred} AND NOT ({is_duplicate})"
        return f"(CASE WHEN {is_one} THEN {later} END)"

    made = {
        "created_at": created,
        "source_id": one_of(sources, 31),
        "responsible_id": one_of([*people, "NULL"], 97),
        "city": one_of([f"'{city}'" for city in CITIES], 613),
        "status": "'new'",
        "reached_meeting_at": reached(30, 2),
        "reached_visit_at": reached(20, 5),
        "reached_contract_at": reached(10, 9),
        "reached_prepaid_at": reached(5, 9),
        "no_show_at": reached(6, 4),
    }
    # A duplicate names its original: the very first lead stands for all of them.
    made |= {
        "status": f"(CASE WHEN n > 1 AND {is_duplicate} THEN 'junk' ELSE 'new' END)",
        "junk_reason": f"(CASE WHEN n > 1 AND {is_duplicate} THEN 'duplicate' ELSE '' END)",
        "duplicate_of_id": f"(CASE WHEN n > 1 AND {is_duplicate} THEN 1 END)",
        "id": "n",
    }
    for field in Lead._meta.concrete_fields:
        if field.column not in made:
            made[str(field.column)] = _plain(field, created)
    series = (
        f"(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {leads}) SELECT n FROM s)"
        if on_sqlite
        else f"(SELECT generate_series(1::bigint, {leads}) AS n)"
    )
    with connection.cursor() as cursor, _without_indexes(cursor):
        cursor.execute(
            f"INSERT INTO {Lead._meta.db_table} ({', '.join(made)}) SELECT {', '.join(made.values())} FROM {series} x"
        )


@contextmanager
def _without_indexes(cursor: Any) -> Iterator[None]:
    """On PostgreSQL, meanwhile, no index of the leads is kept and no foreign key looked up: made once, at the end, the
    indexes of ten million rows take minutes instead of an hour.
    """
    if connection.vendor != "postgresql":
        yield
        return
    table = Lead._meta.db_table
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND indexname NOT IN"
        " (SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass)",
        [table, table],
    )
    indexes = cursor.fetchall()
    cursor.execute("SET session_replication_role = replica")
    for name, _definition in indexes:
        cursor.execute(f'DROP INDEX "{name}"')
    yield
    for _name, definition in indexes:
        cursor.execute(definition)
    cursor.execute("SET session_replication_role = DEFAULT")


def _plain(field: Any, created: str) -> str:
    """What stands in a column that the report does not read."""
    if field.null:
        return "NULL"
    kind = field.get_internal_type()
    if kind == "DateTimeField":
        return created
    if isinstance(field, JSONField):
        return "'[]'"
    return "0" if "Integer" in kind else "''"
