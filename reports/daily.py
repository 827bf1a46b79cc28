"""The line in «Лидов»: how many leads of a source arrived each day, or each month of a long period, and in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from crm.templatetags.crm_format import number
from leads.counting import Period, Scope, this_day
from reports import tallies

MOST_TOLD = 31  # points that are read out one by one; of a longer line, its ends


@dataclass(frozen=True)
class Line:
    """The numbers from left to right, and the same as a sentence."""

    values: list[int]
    words: str


def lines(scope: Scope, *, kept: bool) -> dict[int | None, Line]:
    """Source -> its line, and under None that of all. None for a period of one point, which is no line. One query."""
    points = days(scope.period)
    if len(points) < 2:
        return {}
    by_source = tallies.leads_over_time(scope, kept=kept)
    every = [sum(line.get(point, 0) for line in by_source.values()) for point in points]
    found: dict[int | None, Line] = {None: _line(points, every, scope.period)}
    for source, line in by_source.items():
        found[source] = _line(points, [line.get(point, 0) for point in points], scope.period)
    return found


def days(period: Period) -> list[date]:
    """The days of the period that have come, or the first days of its months if it is long."""
    end = min(period.end, max(this_day(), period.start))
    if not tallies.by_month(period):
        return [period.start + timedelta(days=place) for place in range((end - period.start).days + 1)]
    points, month = [], period.start.replace(day=1)
    while month <= end:
        points.append(month)
        month = tallies.next_month(month)
    return points


def _line(points: list[date], values: list[int], period: Period) -> Line:
    is_long = tallies.by_month(period)
    told = [
        f"{date_format(day, 'F Y' if is_long else 'j E')} — {number(n)}" for day, n in zip(points, values, strict=True)
    ]
    if len(told) > MOST_TOLD:
        busiest = max(range(len(values)), key=values.__getitem__)
        told = [told[0], _("most: %(day)s") % {"day": told[busiest]}, told[-1]]
    return Line(values, f"{_('Leads by month') if is_long else _('Leads by day')}: {'; '.join(told)}")
