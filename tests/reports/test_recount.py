"""The source report over a believable history equals a recount from its rows, and so does each list behind a number.

Both ways to its numbers are asked: what is kept counted, and the leads themselves.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

import pytest
from django.core.management import call_command
from django.test import RequestFactory

from crm.demo import play
from history.models import Event
from leads.counting import Basis, Column, Counted, midnight
from leads.listing import Leads
from leads.models import Lead, Touch
from leads.undo import last_action, undo
from reports import keeping, tallies
from reports.sources import Filters, behind, source_report
from sources.models import Source
from team.models import User
from tests.conftest import Frozen
from tests.factories import move, touch
from tests.sizes import size

pytestmark = pytest.mark.django_db
MONTHS = 3
STATUSES = {
    Column.APPOINTMENTS: {"meeting"},
    Column.VISITS: {"visit"},
    Column.CONTRACTS: {"contract", "contract_prepaid"},
    Column.CONTRACTS_PREPAID: {"contract_prepaid"},
}


class History:
    """What the history rows say of each lead, read once."""

    def __init__(self) -> None:
        self.arrived = dict(Event.objects.filter(kind="created").values_list("lead", "at"))
        self.first: dict[Column, dict[int, object]] = {column: {} for column in Column}
        self.is_duplicate: dict[int, bool] = {}
        undone = set(Event.objects.filter(kind="undone").exclude(old="").values_list("old", flat=True))
        rows = Event.objects.filter(kind__in=["created", "status"]).exclude(pk__in=undone).order_by("pk")
        for pk, new, reason, at in rows.values_list("lead", "new", "reason", "at"):
            self.is_duplicate[pk] = reason == "duplicate"
            for column, statuses in STATUSES.items():
                if new in statuses:
                    self.first[column].setdefault(pk, at)
        for pk, at in Touch.objects.filter(outcome="no_show").order_by("at").values_list("lead", "at"):
            self.first[Column.NO_SHOWS].setdefault(pk, at)
        self.first[Column.LEADS] = self.arrived
        self.first[Column.DUPLICATES] = {pk: at for pk, at in self.arrived.items() if self.is_duplicate[pk]}
        self.source = dict(Lead.objects.values_list("pk", "source"))
        self.responsible = dict(Lead.objects.values_list("pk", "responsible"))
        self.city = dict(Lead.objects.values_list("pk", "city"))
        self.channel = dict(Source.objects.values_list("pk", "channel"))

    def count(self, filters: Filters, column: Column) -> Counter:
        """Source -> leads of that column."""
        scope = filters.scope
        start, end = midnight(scope.period.start), midnight(scope.period.end + timedelta(days=1))
        counts: Counter = Counter()
        for pk, at in self.first[column].items():
            asked_at = at if scope.basis == Basis.EVENT else self.arrived[pk]
            if not start <= asked_at < end:
                continue
            if scope.source is not None and self.source[pk] != scope.source.pk:
                continue
            if scope.channel and self.channel[self.source[pk]] != scope.channel:
                continue
            if scope.city and self.city[pk].lower() != scope.city.lower():
                continue
            if scope.responsible == "none" and self.responsible[pk] is not None:
                continue
            if isinstance(scope.responsible, int) and self.responsible[pk] != scope.responsible:
                continue
            if scope.with_duplicates or not self.is_duplicate[pk]:
                counts[self.source[pk]] += 1
        return counts


def parameters(random: Random, today: date) -> Iterator[dict[str, str]]:
    """Sets of filters, the widest first: short periods, and long ones of whole and of broken months."""
    operators = list(User.objects.filter(role="operator").values_list("pk", flat=True))
    codes = list(Source.objects.values_list("code", flat=True))
    channels = list(Source.objects.exclude(channel="").values_list("channel", flat=True))
    cities = list(Lead.objects.exclude(city="").values_list("city", flat=True).distinct())
    yield {"from": "2020-01-01", "to": "2199-01-01"}
    for _set in range(size(9, 199)):
        start = today - timedelta(days=random.randrange(30 * MONTHS))
        yield {
            "from": start.isoformat(),
            "to": (start + timedelta(days=random.randrange(random.choice([3, 60, 120])))).isoformat(),
            "source": random.choice([*codes, "", "", "", "", "", ""]),
            "channel": random.choice([random.choice(channels), "", "", "", "", ""]),
            "city": random.choice([random.choice(cities), "", "", ""]),
            "responsible": random.choice([*(str(pk) for pk in operators), "none", "", "", "", "", ""]),
            "duplicates": random.choice(["", "include", "exclude"]),
        }


def take_some_back() -> None:
    """Moves, touches and no-shows of a moment ago that turned out to be slips: none of them counts."""
    by = User.objects.get(username="manager")
    for lead in Lead.objects.filter(status__in=["dialing", "postponed", "meeting", "visit"], contact__isnull=False)[
        :12
    ]:
        if lead.status == "meeting":
            touch(lead, "no_show", "office", by=by)
        else:
            move(lead, "meeting" if lead.status == "visit" else "visit", by=by)
        undo(last_action(lead.pk, by).action, by=by)
    assert Event.objects.filter(kind="undone").count() == 12


def test_random_sets_of_filters_on_both_bases(
    settings, frozen: Frozen, monkeypatch, django_assert_max_num_queries
) -> None:
    settings.DEBUG = True
    monkeypatch.setattr(play, "IN_TWO", 10**9)  # another process would not see this test's transaction
    call_command("demo", leads=size(1500, 100_000), months=MONTHS, seed=11, verbosity=0)
    take_some_back()
    keeping.keep()
    assert tallies.are_exact()
    history = History()
    random = Random(11)
    manager = User.objects.get(username="manager")

    def listed(counted: Counted) -> int:
        request = RequestFactory().get("/leads/", counted.params())
        request.user = manager
        leads = Leads(request)
        count = leads.rows.count()
        assert leads.errors == {}
        return count

    counted_leads = 0
    for given in parameters(random, frozen.now.date()):
        for basis in Basis:
            with django_assert_max_num_queries(5):
                filters = Filters.read({**given, "basis": basis.value})
                report = source_report(filters)
            assert source_report(filters, kept=False).rows == report.rows
            for column in Column:
                recount = history.count(filters, column)
                assert {row.source.pk: row.counts[column] for row in report.rows if row.counts[column]} == recount
                assert report.totals[column] == recount.total() == listed(behind(filters, None, column))
            for row in random.sample(report.rows, min(2, len(report.rows))):
                for column in Column:
                    assert listed(behind(filters, row.source, column)) == row.counts[column]
            both = [
                source_report(Filters.read({**given, "basis": basis.value, "duplicates": word})).totals
                for word in ("include", "exclude")
            ]
            assert both[0].leads - both[1].leads == both[0].duplicates
            assert both[1].duplicates == 0
            counted_leads += report.totals.leads
    assert counted_leads > 2 * Lead.objects.count()
