"""What the leads of each source were worth: reasons for junk, who came to the office, who applied again, the cost."""

from __future__ import annotations

from calendar import monthrange
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.db.models import Count, F, Q
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from leads.counting import HEADINGS, Column, Period, Scope
from leads.pipeline import JunkReason, Status
from reports import tallies
from reports.breakdown import Asked, Breakdown, Cell, Group, Heading, Kind, Line, arrived, groups, list_of, part
from sources.models import SourceSpend


def junk(asked: Asked) -> Breakdown:
    """How many leads of each source are «Брак» now, and why. Two queries."""
    counts: dict[int | None, Counter[str]] = defaultdict(Counter)
    rows = arrived(asked.scope).values("source", "status", "junk_reason").annotate(number=Count("pk"))
    for source, status, reason, number in rows.values_list("source", "status", "junk_reason", "number"):
        counts[source]["leads"] += number
        if status == Status.JUNK:
            counts[source][reason] += number

    def line(group: Group, found: Counter[str]) -> Line:
        reasons = [Cell(found[reason], list_of(group.scope, junk_reason=reason)) for reason in JunkReason.values]
        all_junk = sum(found[reason] for reason in JunkReason.values)
        whole = Cell(all_junk, list_of(group.scope, status=Status.JUNK.value))
        leads = Cell(found["leads"], list_of(group.scope))
        return Line(group.label, [leads, whole, Cell(part(all_junk, found["leads"])), *reasons])

    lines = [line(group, counts[group.key]) for group in groups(asked) if group.key in counts]
    return Breakdown(
        first=_("Source"),
        headings=[
            Heading(str(HEADINGS[Column.LEADS])),
            Heading(str(Status.JUNK.label)),
            Heading(_("Share"), Kind.SHARE),
            *(Heading(str(label)) for label in JunkReason.labels),
        ],
        lines=lines,
        totals=line(Group.whole(asked), _sum(counts.values())),
        note=_(
            "Leads that came in the period and are rejected now, by the reason. The share is of the source's leads."
        ),
    )


def shows(asked: Asked) -> Breakdown:
    """How many of the booked meetings were held. Two queries."""
    met, came = Q(reached_meeting_at__isnull=False), Q(reached_visit_at__isnull=False)
    rows = (
        arrived(asked.scope)
        .values(key=F(asked.key))
        .annotate(
            booked=Count("pk", filter=met),
            came=Count("pk", filter=met & came),
            missed=Count("pk", filter=Q(no_show_at__isnull=False)),
            visits=Count("pk", filter=came),
        )
    )
    counts = {row["key"]: Counter({name: row[name] for name in ("booked", "came", "missed", "visits")}) for row in rows}

    def line(group: Group, found: Counter[str]) -> Line:
        return Line(
            group.label,
            [
                Cell(found["booked"], list_of(group.scope, Column.APPOINTMENTS)),
                Cell(found["came"]),
                Cell(part(found["came"], found["booked"])),
                Cell(found["missed"], list_of(group.scope, Column.NO_SHOWS)),
                Cell(part(found["missed"], found["booked"])),
                Cell(found["visits"], list_of(group.scope, Column.VISITS)),
            ],
        )

    lines = [line(group, counts[group.key]) for group in groups(asked) if +counts.get(group.key, Counter())]
    return Breakdown(
        first=asked.first,
        headings=[
            Heading(str(HEADINGS[Column.APPOINTMENTS])),
            Heading(_("Came")),
            Heading(_("Show-up rate"), Kind.SHARE),
            Heading(str(HEADINGS[Column.NO_SHOWS])),
            Heading(_("No-show rate"), Kind.SHARE),
            Heading(_("Visits in all")),
        ],
        lines=lines,
        totals=line(Group.whole(asked), _sum(counts.values())),
        note=_(
            "Of the leads that came in the period: how many booked a meeting, how many of these came to the office, "
            "and how many missed a meeting at least once. Who missed one and came later counts in both. Visits in all "
            "include those who came without a meeting."
        ),
    )


def repeats(asked: Asked) -> Breakdown:
    """Who applied again, and whether the first application came from another source. Two queries."""
    again = Q(junk_reason=JunkReason.DUPLICATE)
    rows = (
        arrived(asked.scope)
        .values(key=F("source"))
        .annotate(
            leads=Count("pk"),
            again=Count("pk", filter=again),
            clients=Count("duplicate_of", filter=again, distinct=True),
            elsewhere=Count("pk", filter=again & ~Q(duplicate_of__source=F("source"))),
        )
    )
    counts = {
        row["key"]: Counter({name: row[name] for name in ("leads", "again", "clients", "elsewhere")}) for row in rows
    }

    def line(group: Group, found: Counter[str], *, is_total: bool = False) -> Line:
        return Line(
            group.label,
            [
                Cell(found["leads"], list_of(group.scope)),
                Cell(found["again"], list_of(group.scope, Column.DUPLICATES)),
                Cell(part(found["again"], found["leads"])),
                Cell(None if is_total else found["clients"]),  # a client of two sources would count twice
                Cell(found["elsewhere"]),
            ],
        )

    return Breakdown(
        first=_("Source"),
        headings=[
            Heading(str(HEADINGS[Column.LEADS])),
            Heading(pgettext("report column", "Duplicates")),
            Heading(_("Share"), Kind.SHARE),
            Heading(_("Clients who applied again")),
            Heading(_("First came from another source")),
        ],
        lines=[line(group, counts[group.key]) for group in groups(asked) if group.key in counts],
        totals=line(Group.whole(asked), _sum(counts.values()), is_total=True),
        note=_(
            "Applications of the period on a number that had a lead already. The last column counts those whose first "
            "application came from another source: that source has brought the client."
        ),
    )


def cost(asked: Asked) -> Breakdown:
    """What a lead, a visit and a contract cost, where the catalogue holds what was spent. Four queries.

    A month that is only partly in the period counts by its days. What was spent on a source cannot be told apart by
    city or responsible, so under these filters nothing is divided.
    """
    scope = asked.scope
    counts: dict[int | None, tuple[int, ...]] = dict(tallies.sums(scope, kept=tallies.are_exact()).items())
    spent = spends(scope.period)
    is_divisible = not (scope.city or scope.responsible)
    measured = (Column.LEADS, Column.VISITS, Column.CONTRACTS)

    def line(group: Group, numbers: tuple[int, ...], paid: Decimal | None) -> Line:
        cells = [Cell(paid)]
        for column in measured:
            number = numbers[list(Column).index(column)]
            each = (paid / number).quantize(Decimal("0.01")) if paid is not None and number else None
            cells += [Cell(number, list_of(group.scope, column)), Cell(each)]
        return Line(group.label, cells)

    nothing = (0,) * len(Column)
    here = [group for group in groups(asked) if group.key in counts or (group.key in spent and _is_asked(scope, group))]
    paid_here = [spent[group.key] for group in here if group.key in spent]
    priced = [counts.get(group.key, nothing) for group in here if group.key in spent]
    all_paid = sum(paid_here, Decimal()) if paid_here and is_divisible else None
    return Breakdown(
        first=_("Source"),
        headings=[
            Heading(_("Spent"), Kind.MONEY),
            Heading(str(HEADINGS[Column.LEADS])),
            Heading(_("Cost of a lead"), Kind.MONEY),
            Heading(str(HEADINGS[Column.VISITS])),
            Heading(_("Cost of a visit"), Kind.MONEY),
            Heading(str(HEADINGS[Column.CONTRACTS])),
            Heading(_("Cost of a contract"), Kind.MONEY),
        ],
        lines=[
            line(group, counts.get(group.key, nothing), spent.get(group.key) if is_divisible else None)
            for group in here
        ],
        totals=Line(
            _("With known spend"),
            [Cell(cell.value) for cell in line(Group.whole(asked), _add(priced, nothing), all_paid).cells],
        ),
        warning=""
        if is_divisible
        else _("What was spent is known by source only, so nothing is divided while a city or an owner is chosen."),
        note=_(
            "Spend is entered in the catalogue by source and month; a month that is only partly in the period counts "
            "by its days. The last row adds up the sources whose spend is known."
        ),
    )


def _is_asked(scope: Scope, group: Group) -> bool:
    """Whether a source that brought nothing is among those asked about."""
    source = group.scope.source
    assert source is not None
    return (scope.source is None or scope.source.pk == source.pk) and scope.channel in ("", source.channel)


def spends(period: Period) -> dict[int | None, Decimal]:
    """Source -> what was spent on it in the period. One query."""
    found: dict[int | None, Decimal] = defaultdict(Decimal)
    years = range(period.start.year, period.end.year + 1)
    for spend in SourceSpend.objects.filter(year__in=years):
        first = date(spend.year, spend.month, 1)
        last = first.replace(day=monthrange(spend.year, spend.month)[1])
        days = (min(last, period.end) - max(first, period.start)).days + 1
        if days > 0:
            found[spend.source_id] += spend.amount * days / last.day
    return {source: amount.quantize(Decimal("0.01")) for source, amount in found.items()}


def _sum(counts: Iterable[Counter[str]]) -> Counter[str]:
    whole: Counter[str] = Counter()
    for numbers in counts:
        whole.update(numbers)
    return whole


def _add(rows: Iterable[tuple[int, ...]], nothing: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(map(sum, zip(nothing, *rows, strict=True)))
