"""What all tests share: nothing is skipped, and examples are the same at every build."""

from collections.abc import Generator, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zlib import crc32

import hypothesis
import pytest
from django.apps import apps
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, models
from pytest_django import DjangoDbBlocker

from crm import clock
from tests.sizes import IN_TURN, NIGHTLY, size

hypothesis.settings.register_profile(
    "crm",
    database=None,
    deadline=None,
    derandomize=not NIGHTLY,
    max_examples=size(100, 2000),
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture],
)
hypothesis.settings.load_profile("crm")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what uses the database: the rest would say on the second one what it has said on the first.

    When both databases are run in turn, each keeps its half of what they share; a test's name says whose it is.
    """
    if IN_TURN:
        others = {item for item in items if item.get_closest_marker("shared") and not _is_its_turn(item)}
        config.hook.pytest_deselected(items=[item for item in items if item in others])
        items[:] = [item for item in items if item not in others]
    for item in items:
        if item.get_closest_marker("django_db") or {"db", "transactional_db"} & {*getattr(item, "fixturenames", ())}:
            item.add_marker("database")


def _is_its_turn(item: pytest.Item) -> bool:
    return crc32(f"{item.path.name}::{item.name}".encode()) % 2 == (connection.vendor == "postgresql")


def _as_failure(report: pytest.TestReport | pytest.CollectReport) -> None:
    """A test that did not run proves nothing, so a skip (or an expected failure) fails the run."""
    if report.outcome == "skipped":
        report.outcome = "failed"
        report.longrepr = f"Skipped, which counts as a failure here: {report.longrepr}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if hasattr(report, "wasxfail"):
        del report.wasxfail
    _as_failure(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _as_failure(report)
    return report


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Generator[None, None, None]:
    """End what a thread of the browser tests' server still holds open: PostgreSQL drops no database in use."""
    yield
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Throttles and the tick start anew in each test."""
    cache.clear()


OURS = {"contacts", "deals", "leads", "sources", "tasks", "team"}
_shipped: dict[type[models.Model], tuple[str, list[list[object]]]] = {}  # model -> its INSERT, and rows of values


@pytest.fixture
def catalogues(db: None) -> None:
    """The shipped sources, deal stages, office, task rules and policies, as `loadcatalogs` brings them.

    The command takes a hundred queries, so it runs once in a process; later tests get copies of what it brought, under
    the same ids, which the database has given away already.
    """
    if _shipped and _are_empty(_shipped):
        with connection.cursor() as cursor:
            for insert, rows in _shipped.values():
                cursor.executemany(insert, rows)
        return
    ours = sorted((model for model in apps.get_models() if model.__module__.split(".")[0] in OURS), key=_depth)
    afresh = not _shipped and _are_empty(ours)
    call_command("loadcatalogs", verbosity=0)
    if afresh:
        _shipped.update((model, _as_insert(model)) for model in ours if model._default_manager.exists())


def _as_insert(model: type[models.Model]) -> tuple[str, list[list[object]]]:
    fields = model._meta.concrete_fields
    rows = [
        [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields]
        for row in model._default_manager.order_by("pk")
    ]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    return f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({marks})", rows


def _are_empty(tables: Iterable[type[models.Model]]) -> bool:
    return not any(model._default_manager.exists() for model in tables)


def _depth(model: type[models.Model]) -> int:
    """How many tables a row of `model` must wait for: those its foreign keys point at come first."""
    above = [field.related_model for field in model._meta.concrete_fields if field.is_relation]
    return 1 + max((_depth(other) for other in above if other is not model), default=0)


class Frozen:
    """A clock that stands still until it is told to move. It begins on Tuesday 24 November 2026, 12:00 in Moscow."""

    START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

    def __init__(self, path: Path) -> None:
        self._path = path
        self.set(self.START)

    @property
    def now(self) -> datetime:
        return self._now

    def set(self, moment: datetime) -> None:
        self._now = moment
        clock.write_shift(self._path, shown=moment, rate=0)

    def move(self, **time: float) -> datetime:
        """Let time pass: `frozen.move(hours=2)`. Answers the new moment."""
        self.set(self._now + timedelta(**time))
        return self._now


@pytest.fixture
def frozen(settings, tmp_path: Path) -> Frozen:
    """The product's clock, standing still for all threads."""
    settings.CLOCK_FILE = str(tmp_path / "clock.json")
    return Frozen(tmp_path / "clock.json")
