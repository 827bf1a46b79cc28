"""The demonstration obeys the rules, and the report over it equals a recount from the history."""

import pytest
from django.core.management import CommandError, call_command

from history.models import Event
from leads.counting import Basis, Column
from leads.models import Lead
from leads.pipeline import Status
from reports.sources import Filters, leads_behind, source_report

pytestmark = pytest.mark.django_db
REACHED = {
    Column.APPOINTMENTS: {Status.MEETING},
    Column.VISITS: {Status.VISIT},
    Column.CONTRACTS: {Status.CONTRACT, Status.CONTRACT_PREPAID},
    Column.CONTRACTS_PREPAID: {Status.CONTRACT_PREPAID},
}


def test_the_report_over_the_demonstration_equals_a_recount(settings) -> None:
    settings.DEBUG = True
    call_command("demo", leads=40, months=2, seed=7, verbosity=0)
    assert Lead.objects.count() == 40
    for basis in Basis:
        filters = Filters.read({"from": "2020-01-01", "to": "2199-01-01", "basis": basis.value})
        report = source_report(filters)
        assert report.totals.leads == 40
        for column, statuses in REACHED.items():
            recounted = Event.objects.filter(kind=Event.Kind.STATUS, new__in=statuses).values("lead").distinct()
            assert report.totals[column] == recounted.count()
        for row in report.rows:
            assert all(leads_behind(filters, row.source, column).count() == row.counts[column] for column in Column)
    assert Lead.objects.filter(contact__isnull=False).originals().values("contact").distinct().count() == (
        Lead.objects.filter(contact__isnull=False).originals().count()
    )


def test_it_is_refused_without_debug(settings) -> None:
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG"):
        call_command("demo", leads=1)
