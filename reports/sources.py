"""The source report: how many leads, appointments, visits and contracts each source brought (`domain.md`).

Screen, API and files use it like this::

    filters = Filters.read(request.GET, me=request.user)      # raises Invalid by parameter
    report = source_report(filters)                           # 3 queries; 4 with a source in the filters
    for row in report.rows:                                   # in the order of the catalogue
        row.source, row.counts.leads, row.counts[Column.VISITS], row.counts.share(Column.VISITS)
    report.totals, report.hidden                              # the sum; sources left out because all is zero
    behind(filters, row.source, column).params()              # the parameters of the list behind a number
    leads_behind(filters, row.source, column)                 # its leads; source None: those behind a total
    table(report), file_stem(filters)                         # for `crm.sheets`

What a column counts is defined in `leads.counting`, which filters the list as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Self

from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from crm.errors import Invalid
from crm.sheets import Table
from leads.counting import BASES, HEADINGS, NOBODY, TABLE, Column, Counted, Period, Scope
from leads.models import Lead
from reports import tallies
from sources.models import Source
from team.models import User


@dataclass(frozen=True)
class Filters:
    """What the report is asked about; `empty` also lists sources that brought nothing."""

    scope: Scope
    empty: bool = False

    @classmethod
    def read(cls, params: Mapping[str, str], *, me: User | None = None) -> Filters:
        """From `empty` (0 or 1) and the parameters of `Scope.read`. Raises Invalid by parameter."""
        wrong: dict[str, list[str]] = {}
        given = params.get("empty") or "0"
        if given not in ("0", "1"):
            wrong["empty"] = [_("One of: %(words)s") % {"words": "0, 1"}]
        try:
            scope = Scope.read(params, me=me)
        except Invalid as error:
            raise Invalid({**wrong, **error.fields}) from error
        if wrong:
            raise Invalid(wrong)
        return cls(scope, empty=given == "1")

    def params(self) -> dict[str, str]:
        """The parameters that `read` reads back to these filters."""
        return {**self.scope.params(), **({"empty": "1"} if self.empty else {})}

    def previous(self) -> Filters:
        """The same for the period before, to compare with."""
        return replace(self, scope=replace(self.scope, period=self.scope.period.previous()))


@dataclass(frozen=True)
class Counts:
    """The numbers of a row, named as in the API."""

    leads: int = 0
    appointments: int = 0
    visits: int = 0
    contracts: int = 0
    contracts_prepaid: int = 0
    no_shows: int = 0
    duplicates: int = 0

    @classmethod
    def in_order(cls, numbers: Sequence[int]) -> Self:
        """From numbers in the order of Column."""
        return cls(**{column.value: number for column, number in zip(Column, numbers, strict=True)})

    def __getitem__(self, column: Column) -> int:
        return int(getattr(self, column))

    def __add__(self, other: Counts) -> Counts:
        return Counts(**{column.value: self[column] + other[column] for column in Column})

    def share(self, column: Column) -> float | None:
        """The conversion: which part of the leads came so far; None without leads.

        By date of event it may exceed 1, since what happens in a period may concern leads that came before.
        """
        return self[column] / self.leads if self.leads else None

    @property
    def are_zero(self) -> bool:
        return not any(asdict(self).values())


@dataclass(frozen=True)
class Row:
    source: Source
    counts: Counts


@dataclass(frozen=True)
class Report:
    filters: Filters
    rows: list[Row]
    totals: Counts
    hidden: list[Source]


def source_report(filters: Filters, *, sources: Sequence[Source] | None = None, kept: bool | None = None) -> Report:
    """The report as of one moment. Three queries, however many leads and sources there are.

    Two are saved where the caller has read the whole catalogue (`sources`) and asked `tallies.are_exact` (`kept`).
    """
    scope = filters.scope
    numbers = tallies.sums(scope, kept=tallies.are_exact() if kept is None else kept)
    counts = {source: Counts.in_order(row) for source, row in numbers.items()}
    rows: list[Row] = []
    hidden: list[Source] = []
    for source in catalogue() if sources is None else sources:
        row = Row(source, counts.get(source.pk, Counts()))
        if scope.source is not None and source.pk != scope.source.pk:
            continue
        if scope.channel and source.channel != scope.channel:
            continue
        if not row.counts.are_zero:
            rows.append(row)
        elif source.merged_into_id is None:  # what was merged into another source is no longer a source
            (rows.append(row) if filters.empty else hidden.append(source))
    return Report(filters, rows, sum((row.counts for row in rows), Counts()), hidden)


def catalogue() -> list[Source]:
    """All sources in the order of the report."""
    return list(Source.objects.order_by("position", "name", "pk"))


def behind(filters: Filters, source: Source | None, column: Column) -> Counted:
    """The list behind a number: of the row of `source`, or of the totals (None)."""
    return Counted(column, filters.scope if source is None else replace(filters.scope, source=source))


def leads_behind(filters: Filters, source: Source | None, column: Column) -> QuerySet[Lead]:
    """Exactly the leads that a number counts."""
    return Lead.objects.filter(behind(filters, source, column).condition())


def period_text(period: Period) -> str:
    """The period in the reader's language: «1 ноября 2026 — 24 ноября 2026», or one day."""
    days = [period.start] if period.start == period.end else [period.start, period.end]
    return " — ".join(date_format(day, "j E Y") for day in days)


def description(filters: Filters) -> str:
    """All filters in one line, for the first row of a file. At most one query."""
    return filters_in_words(_("Source report"), filters.scope)


def filters_in_words(title: str, scope: Scope) -> str:
    """What a report called `title` was asked about, in one line. At most one query."""
    said = [
        f"{title}: {period_text(scope.period)}",
        str(BASES[scope.basis]),
        _("source: %(name)s") % {"name": scope.source.name if scope.source else _("all")},
        *([_("channel: %(name)s") % {"name": scope.channel}] if scope.channel else []),
        *([_("city: %(name)s") % {"name": scope.city}] if scope.city else []),
        _("owner: %(name)s") % {"name": _responsible_name(scope)},
        _("with duplicates") if scope.with_duplicates else _("without duplicates"),
    ]
    return "; ".join(said)


def _responsible_name(scope: Scope) -> str:
    if scope.responsible is None:
        return _("all")
    if scope.responsible == NOBODY:
        return pgettext("responsible", "nobody")
    person = User.objects.filter(pk=scope.responsible).first()
    return str(person) if person else f"№ {scope.responsible}"


def file_stem(filters: Filters) -> str:
    """The name of an exported file without its ending: istochniki_2026-11-01_2026-11-24."""
    period = filters.scope.period
    return f"istochniki_{period.start.isoformat()}_{period.end.isoformat()}"


def table(report: Report) -> Table:
    """The six columns of the customer's table with the totals, for a file."""
    return Table(
        title=_("Source report"),
        description=description(report.filters),
        headings=[_("Source"), *(str(HEADINGS[column]) for column in TABLE)],
        rows=[[row.source.name, *(row.counts[column] for column in TABLE)] for row in report.rows],
        totals=[_("Total"), *(report.totals[column] for column in TABLE)],
    )
