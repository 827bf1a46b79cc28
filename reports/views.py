"""The page of the source report and its files. What is counted and what a file says is `reports.sources`' business."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from crm.errors import Invalid
from crm.sheets import Format, to_file
from leads.counting import HEADINGS, TABLE, Basis, Column
from reports import daily, tallies
from reports.periods import presets
from reports.sources import Counts, Filters, Report, Row, behind, catalogue, file_stem, source_report, table
from sources.models import Source
from team.models import User
from team.pages import needs
from team.roles import RIGHTS, Right

DEFAULT_SORT = f"-{Column.LEADS}"
# What the filters are called on the page, by their names in the address.
LABELS = {
    "from": gettext_lazy("From"),
    "to": gettext_lazy("To"),
    "source": gettext_lazy("Source"),
    "channel": gettext_lazy("Channel"),
    "city": gettext_lazy("City"),
    "responsible": gettext_lazy("Owner"),
    "basis": gettext_lazy("Basis"),
    "duplicates": gettext_lazy("Duplicates"),
}
# What each count is a part of, beside the leads: the step before it in the funnel.
STEPS_BEFORE = {
    Column.VISITS: (Column.APPOINTMENTS, gettext_lazy("of meetings")),
    Column.CONTRACTS: (Column.VISITS, gettext_lazy("of visits")),
    Column.CONTRACTS_PREPAID: (Column.CONTRACTS, gettext_lazy("of contracts")),
}


@dataclass(frozen=True)
class Number:
    """A number of the table or the funnel: the leads behind it, its share, what to compare it with."""

    column: Column
    heading: str
    value: int
    url: str
    leads: int
    best: float
    before: int | None = None
    step: str = ""
    step_value: int = 0
    duplicates: int = 0
    duplicates_url: str = ""

    @property
    def fraction(self) -> float:
        return self.value / self.leads if self.leads else 0.0

    @property
    def is_first(self) -> bool:
        return self.column == Column.LEADS


@require_GET
@needs(Right.SEE_REPORTS)
def sources(request: HttpRequest) -> HttpResponse:
    """The report with the filters of the address, beside the period before unless `compare=0`.

    Filters that cannot be read are named, and the report is this month's. Six queries of its own.
    """
    wrong: dict[str, list[str]] = {}
    try:
        filters = Filters.read(request.GET, me=request.user)
    except Invalid as error:
        wrong, filters = error.fields, Filters.read({})
    catalog, kept = catalogue(), tallies.are_exact()
    report = source_report(filters, sources=catalog, kept=kept)
    before = None
    if request.GET.get("compare") != "0":
        before = source_report(filters.previous(), sources=catalog, kept=kept)
    lines = daily.lines(filters.scope, kept=kept)
    shown = {
        **_shown(report, before, lines, sort=request.GET.get("sort", "")),
        "wrong": [(LABELS.get(name, name), said[0]) for name, said in wrong.items()],
        "filters": filters,
        "presets": presets(filters.scope.period, {**filters.params(), **({} if before else {"compare": "0"})}),
        **choices(catalog),
    }
    return render(request, "reports/sources.html", shown, status=400 if wrong else 200)


@require_GET
@needs(Right.SEE_REPORTS)
def sources_file(request: HttpRequest, kind: str) -> HttpResponse:
    """The same table as a file. Raises Invalid for filters that cannot be read."""
    filters = Filters.read(request.GET, me=request.user)
    file_format = Format(kind)
    response = HttpResponse(to_file(table(source_report(filters)), file_format), content_type=file_format.content_type)
    response["Content-Disposition"] = f'attachment; filename="{file_stem(filters)}.{kind}"'
    return response


def choices(catalog: list[Source]) -> dict[str, Any]:
    """What the filters of a report offer."""
    return {
        "all_sources": [source for source in catalog if source.merged_into_id is None],
        "channels": sorted({source.channel for source in catalog if source.channel}),
        "people": User.objects.filter(role__in=RIGHTS[Right.WORK_LEADS], is_active=True),
    }


def _shown(report: Report, before: Report | None, lines: dict[int | None, daily.Line], *, sort: str) -> dict[str, Any]:
    """Rows, totals and funnel as numbers with their links; rows in the order `sort`, else by leads."""
    earlier = {row.source.pk: row.counts for row in before.rows} if before else {}
    best = {column: max((row.counts.share(column) or 0.0 for row in report.rows), default=0.0) for column in TABLE}
    rows = [
        {
            "source": row.source,
            "line": lines.get(row.source.pk),
            "numbers": _numbers(
                report.filters, row.source, row.counts, best, earlier.get(row.source.pk, Counts()) if before else None
            ),
        }
        for row in _sorted(report.rows, sort)
    ]
    totals = _numbers(report.filters, None, report.totals, best, before.totals if before else None)
    query = urlencode(report.filters.params())
    return {
        "report": report,
        "rows": rows,
        "totals": totals,
        "totals_line": lines.get(None),
        "before": before,
        "columns": [(column.value, str(HEADINGS[column])) for column in TABLE],
        "default_sort": DEFAULT_SORT,
        "query": query,
        "by_event": report.filters.scope.basis == Basis.EVENT,
        "is_empty": report.totals.are_zero,
        "previous_url": f"?{urlencode(report.filters.previous().params())}",
    }


def _sorted(rows: list[Row], sort: str) -> list[Row]:
    """By a column, the best first; an order that is unknown is the default one. Equal rows stay as in the catalogue."""
    key = sort.removeprefix("-")
    if key == "source":
        return sorted(rows, key=lambda row: row.source.name.casefold(), reverse=sort.startswith("-"))
    if key not in TABLE:
        key, sort = DEFAULT_SORT.removeprefix("-"), DEFAULT_SORT
    return sorted(rows, key=lambda row: row.counts[Column(key)], reverse=sort.startswith("-"))


def _numbers(
    filters: Filters, source: Source | None, counts: Counts, best: dict[Column, float], before: Counts | None
) -> list[Number]:
    return [
        Number(
            column=column,
            heading=str(HEADINGS[column]),
            value=counts[column],
            url=_list_url(filters, source, column),
            leads=counts.leads,
            best=best[column],
            before=before[column] if before else None,
            step=str(STEPS_BEFORE[column][1]) if column in STEPS_BEFORE else "",
            step_value=counts[STEPS_BEFORE[column][0]] if column in STEPS_BEFORE else 0,
            duplicates=counts.duplicates if column == Column.LEADS else 0,
            duplicates_url=_list_url(filters, source, Column.DUPLICATES) if column == Column.LEADS else "",
        )
        for column in TABLE
    ]


def _list_url(filters: Filters, source: Source | None, column: Column) -> str:
    """The list of exactly the leads that a number counts."""
    return f"{reverse('lead-list')}?{urlencode(behind(filters, source, column).params())}"
