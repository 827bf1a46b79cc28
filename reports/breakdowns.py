"""The reports beside the source report, by their names in the address and in the order of their tabs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from reports import quality, speed
from reports.breakdown import HOUR, OPERATOR, SOURCE, Asked, Breakdown


@dataclass(frozen=True)
class Report:
    """A report: one function from filters to rows. `by`: what its rows may be, where there is a choice."""

    name: str
    title: Promise
    read: Callable[[Asked], Breakdown]
    by: tuple[str, ...] = ()


REPORTS = {
    report.name: report
    for report in (
        Report("junk", _("Reasons for rejection"), quality.junk),
        Report("first-touch", _("Speed of the first touch"), speed.first_touch, (SOURCE, OPERATOR, HOUR)),
        Report("shows", _("Show-ups"), quality.shows, (SOURCE, OPERATOR)),
        Report("repeats", _("Repeat requests"), quality.repeats),
        Report("cost", _("Cost"), quality.cost),
        Report("statuses", _("Time in statuses"), speed.statuses),
    )
}
