"""The page and the files of every report beside the source report: read the filters, call the report, show its rows."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from crm.errors import Invalid
from crm.sheets import Format, Table, to_file
from reports.breakdown import BY, Asked, Breakdown
from reports.breakdowns import REPORTS, Report
from reports.periods import presets
from reports.sources import catalogue, filters_in_words
from reports.views import LABELS, choices
from team.pages import needs
from team.roles import Right


@require_GET
@needs(Right.SEE_REPORTS)
def breakdown(request: HttpRequest, name: str) -> HttpResponse:
    """A report with the filters of the address. Filters that cannot be read are named, and it is this month's."""
    report = _report(name)
    wrong: dict[str, list[str]] = {}
    try:
        asked = Asked.read(request.GET, report.by, me=request.user)  # type: ignore[arg-type]
    except Invalid as error:
        wrong, asked = error.fields, Asked.read({})
    found = report.read(asked)
    shown: dict[str, Any] = {
        "report": report,
        "found": found,
        "lines": [_shown(found, line) for line in found.lines],
        "totals": _shown(found, found.totals) if found.totals else None,
        "reports": REPORTS.values(),
        "by": [
            (code, BY[code], f"?{urlencode({**asked.params(), 'by': code})}", code == asked.by) for code in report.by
        ],
        "asked": asked,
        "scope": asked.scope,
        "query": urlencode(asked.params()),
        "presets": presets(asked.scope.period, asked.params()),
        "wrong": [(LABELS.get(parameter, parameter), said[0]) for parameter, said in wrong.items()],
        **choices(catalogue()),
    }
    return render(request, "reports/breakdown.html", shown, status=400 if wrong else 200)


@require_GET
@needs(Right.SEE_REPORTS)
def breakdown_file(request: HttpRequest, name: str, kind: str) -> HttpResponse:
    """The same rows as a file. Raises Invalid for filters that cannot be read."""
    report = _report(name)
    asked = Asked.read(request.GET, report.by, me=request.user)  # type: ignore[arg-type]
    file_format = Format(kind)
    response = HttpResponse(to_file(table(report, asked), file_format), content_type=file_format.content_type)
    period = asked.scope.period
    stem = f"{name}_{period.start.isoformat()}_{period.end.isoformat()}"
    response["Content-Disposition"] = f'attachment; filename="{stem}.{kind}"'
    return response


def table(report: Report, asked: Asked) -> Table:
    """The rows for a file, with the filters in its first row."""
    found = report.read(asked)
    kinds = [heading.kind for heading in found.headings]

    def row(line: Any) -> list[Any]:
        return [line.label, *(cell.for_file(kind) for cell, kind in zip(line.cells, kinds, strict=True))]

    return Table(
        title=str(report.title),
        description=filters_in_words(str(report.title), asked.scope),
        headings=[found.first, *(heading.for_file() for heading in found.headings)],
        rows=[row(line) for line in found.lines],
        totals=row(found.totals) if found.totals else (),
    )


def _report(name: str) -> Report:
    if name not in REPORTS:
        raise Http404
    return REPORTS[name]


def _shown(found: Breakdown, line: Any) -> tuple[str, list[tuple[Any, Any]]]:
    return line.label, list(zip(found.headings, line.cells, strict=True))
