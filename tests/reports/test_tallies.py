"""What is kept counted for the source report says the same as the leads, whatever wrote them, and mends itself."""

import itertools
from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from crm import clock
from leads.counting import Basis, Column
from leads.models import Lead
from reports import keeping, tallies, triggers
from reports.models import LeadChange, Tally
from reports.sources import Filters, source_report
from sources.actions import merge
from sources.models import Source
from tests.factories import AdminFactory, ManagerFactory, OperatorFactory, lead, lead_in, move, touch
from tests.races import Hands, failures
from tests.sizes import size

catalogued = pytest.mark.usefixtures("catalogues", "frozen")
PERIODS = [
    {"from": "2020-01-01", "to": "2199-01-01"},
    {"from": "2026-09-20", "to": "2026-11-24"},
]


@pytest.fixture
def kept(catalogues: None) -> None:
    keeping.keep()
    assert tallies.are_exact()


def differences(**asked: str) -> list[Any]:
    """The filters under which what is kept differs from the leads."""
    found: list[Any] = []
    for period, basis, duplicates in itertools.product(PERIODS, Basis, ("include", "exclude")):
        filters = Filters.read({**period, "basis": basis.value, "duplicates": duplicates, **asked})
        if source_report(filters, kept=True).rows != source_report(filters, kept=False).rows:
            found.append(filters)
        lines = [tallies.leads_over_time(filters.scope, kept=kept) for kept in (True, False)]
        if len({str(sorted((source, sorted(+line)) for source, line in by.items() if +line)) for by in lines}) > 1:  # type: ignore[operator]
            found.append(lines)
    return found


def whatever_happens(random: Random) -> None:
    """Something that changes what the report counts, by a verb or past all of them."""
    row = random.choice(list(Lead.objects.filter(junk_reason="")))
    boss = ManagerFactory()
    deeds = [
        lambda: lead(source="quiz", city="Уфа"),
        lambda: lead(source="site", phone=row.phone or "+79370006027"),  # a duplicate
        lambda: move(lead(source="vk"), random.choice(["meeting", "visit", "junk"]), by=boss),
        lambda: Lead.objects.filter(pk=row.pk).update(responsible=OperatorFactory(), city="Самара"),
        lambda: Lead.objects.filter(pk=row.pk).update(created_at=clock.now() - timedelta(days=random.randrange(70))),
        lambda: Lead.objects.filter(pk=row.pk).update(no_show_at=clock.now(), reached_visit_at=None),
        lambda: Lead.objects.bulk_create([Lead(source=row.source, reached_meeting_at=clock.now()) for _ in range(3)]),
        lambda: Lead.objects.filter(pk__in=Lead.objects.filter(contact=None).values("pk")[:1]).delete(),
        lambda: Lead.objects.filter(pk=row.pk).update(name="—"),  # what nobody counts is not noted
    ]
    random.choice(deeds)()


@catalogued
@pytest.mark.django_db
def test_it_says_the_same_as_the_leads_whoever_writes(kept: None) -> None:
    random = Random(5)
    lead(source="quiz")
    for _round in range(size(3, 60)):
        for _deed in range(6):
            whatever_happens(random)
        keeping.bring_in(random.choice([1, 5]))  # some are in the tallies, some are notes yet
        assert differences() == []
    assert differences(city="уфа", responsible="none", source="quiz") == []
    merge(Source.objects.get(code="quiz").pk, Source.objects.get(code="site").pk, by=AdminFactory())
    keeping.keep()
    assert not LeadChange.objects.exists()
    assert differences() == []
    assert [*keeping.audit()] == []


@catalogued
@pytest.mark.django_db
def test_what_nobody_counts_is_not_noted(kept: None) -> None:
    row = lead()
    keeping.keep()
    touch(row)
    move(Lead.objects.get(pk=row.pk), "postponed")
    Lead.objects.update(name="Пётр")
    assert not LeadChange.objects.exists()


@catalogued
@pytest.mark.django_db
def test_without_triggers_or_in_another_zone_the_leads_are_counted_until_it_is_mended(kept: None, settings) -> None:
    triggers.remove()
    lead(source="site")
    assert not tallies.are_exact()
    assert source_report(Filters.read({})).totals.leads == 1
    keeping.keep()
    assert tallies.are_exact()
    assert Tally.objects.filter(leads=1).count() == 4  # a day and a month on either basis
    settings.TIME_ZONE = "Asia/Vladivostok"
    assert not tallies.are_exact()
    keeping.keep()
    assert tallies.are_exact()
    assert differences() == []


@catalogued
@pytest.mark.django_db
def test_a_line_over_a_long_period_has_a_point_a_month(kept: None) -> None:
    for days in (0, 1, 40, 100):
        row = lead(source="site")
        Lead.objects.filter(pk=row.pk).update(created_at=clock.now() - timedelta(days=days))
    site = Source.objects.get(code="site").pk
    for kept_or_not in (True, False):
        for start, points in (("2026-08-10", [(8, 1), (10, 1), (11, 2)]), ("2026-10-01", [(15, 1), (23, 1), (24, 1)])):
            scope = Filters.read({"from": start, "to": "2026-11-24"}).scope
            line = tallies.leads_over_time(scope, kept=kept_or_not)[site]
            of = "month" if tallies.by_month(scope.period) else "day"
            assert [(getattr(day, of), number) for day, number in sorted(line.items()) if number] == points


@catalogued
@pytest.mark.django_db
def test_the_audit_finds_what_was_tampered_with(kept: None, capsys) -> None:
    lead_in("contract_prepaid", source="site")
    keeping.keep()
    call_command("auditreport")
    assert "equal" in capsys.readouterr().out
    Tally.objects.filter(is_month=False, basis="event").update(contracts=5)
    with pytest.raises(CommandError, match="2 differences"):  # the day's cell, and the month's that it is in
        call_command("auditreport")
    call_command("auditreport", mend=True)
    call_command("auditreport")


@pytest.fixture
def kept_for_all(transactional_db: None, catalogues: None) -> Iterator[None]:
    """Beyond the test's own transaction, which would take the triggers away again."""
    keeping.keep()
    yield
    triggers.remove()


@pytest.mark.django_db(transaction=True)
def test_C18_readers_see_each_lead_once_while_it_is_brought_in(kept_for_all: None) -> None:
    """The report never counts less than was there before it was asked, nor more than is there after."""
    wide = Filters.read({"from": "2020-01-01", "to": "2199-01-01"})
    seen: list[str] = []

    def arrive() -> None:
        for _ in range(3):
            move(lead(source="site"), "visit")

    def read() -> None:
        for _ in range(8):
            before = Lead.objects.count()
            totals = source_report(wide).totals
            if not before <= totals.leads <= Lead.objects.count() or totals[Column.VISITS] > totals.leads:
                seen.append(f"{before} leads before, counted {totals}")

    with Hands(5) as people:
        for _round in range(size(2, 100)):
            answers = people.at_once([arrive, arrive, lambda: keeping.bring_in(2), keeping.count_anew, read])
            assert failures(answers) == []
    assert seen == []
    keeping.keep()
    assert [*keeping.audit()] == []
    assert source_report(wide).totals.leads == Lead.objects.count()
