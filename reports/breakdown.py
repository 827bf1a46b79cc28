"""The common shape of the reports beside the source report: rows of numbers, each of which may open its list.

A report is one function from filters to a Breakdown; the page, the files and the addresses are the same for all
(`reports.breakdown_views`). Which there are is said in `reports.breakdowns`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, Self

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.sheets import Cell as FileCell
from leads.counting import NOBODY, Basis, Column, Counted, Scope, counted
from leads.models import Lead, LeadQuerySet
from sources.models import Source
from team.models import User


class Kind(StrEnum):
    """How the numbers of a column are written."""

    NUMBER = "number"
    SHARE = "share"  # a fraction, shown in percent
    MONEY = "money"
    WAIT = "wait"  # minutes and seconds
    DAYS = "days"  # days and hours


@dataclass(frozen=True)
class Heading:
    label: str
    kind: Kind = Kind.NUMBER

    def for_file(self) -> str:
        """The heading in a file, where lengths of time are plain numbers of one unit."""
        if self.kind == Kind.WAIT:
            return _("%(label)s, minutes") % {"label": self.label}
        return _("%(label)s, days") % {"label": self.label} if self.kind == Kind.DAYS else self.label


@dataclass(frozen=True)
class Cell:
    """A number (an int, a fraction, a Decimal, or a timedelta), and the list behind it, where it is one."""

    value: Any = None  # None: there is nothing to divide by
    url: str = ""

    def for_file(self, kind: Kind) -> FileCell:
        """A number that a spreadsheet can go on with."""
        if isinstance(self.value, timedelta):
            unit = timedelta(days=1) if kind == Kind.DAYS else timedelta(minutes=1)
            return round(self.value / unit, 2)
        return round(self.value, 4) if isinstance(self.value, float) else self.value


@dataclass(frozen=True)
class Line:
    label: str
    cells: list[Cell]


@dataclass(frozen=True)
class Breakdown:
    """What a report found. `note` defines its columns for the reader."""

    headings: list[Heading]
    lines: list[Line]
    note: str
    first: str  # heading of the first column
    totals: Line | None = None
    warning: str = ""

    @property
    def is_empty(self) -> bool:
        return not self.lines


SOURCE, OPERATOR, HOUR = "source", "operator", "hour"
BY = {
    SOURCE: gettext_lazy("By source"),
    OPERATOR: gettext_lazy("By operator"),
    HOUR: gettext_lazy("By hour of arrival"),
}


@dataclass(frozen=True)
class Asked:
    """The filters of a report: those of the source report, always by date of request, and what the rows are."""

    scope: Scope
    by: str = SOURCE

    @classmethod
    def read(cls, params: Mapping[str, str], choices: Sequence[str] = (), *, me: User | None = None) -> Self:
        """Raises Invalid by parameter. A `by` that the report does not have is its first one."""
        scope = replace(Scope.read(params, me=me), basis=Basis.CREATED)
        by = params.get("by", "")
        return cls(scope, by if by in choices else SOURCE)

    def params(self) -> dict[str, str]:
        """The parameters that `read` reads back to these filters."""
        params = {name: value for name, value in self.scope.params().items() if name != "basis"}
        return {**params, **({"by": self.by} if self.by != SOURCE else {})}

    @property
    def without_duplicates(self) -> Scope:
        return replace(self.scope, with_duplicates=False)

    @property
    def key(self) -> str:
        """The column of leads whose values are the rows."""
        return "responsible" if self.by == OPERATOR else "source"

    @property
    def first(self) -> str:
        """The heading of the first column."""
        return {SOURCE: _("Source"), OPERATOR: _("Owner"), HOUR: _("Hour of arrival")}[self.by]


@dataclass(frozen=True)
class Group:
    """What a row is of: its key in the counts, its name, and the filters that its numbers have."""

    key: int | None
    label: str
    scope: Scope

    @classmethod
    def whole(cls, asked: Asked) -> Self:
        """The row of the totals."""
        return cls(None, _("Total"), asked.scope)


def groups(asked: Asked) -> list[Group]:
    """The rows that there may be, in their order. At most one query."""
    scope = asked.scope
    if asked.by == HOUR:
        return [Group(hour, f"{hour}:00", scope) for hour in range(24)]
    if asked.by == OPERATOR:
        people = [
            Group(user.pk, str(user), replace(scope, responsible=user.pk)) for user in User.objects.order_by("name")
        ]
        return [*people, Group(None, _("Nobody's"), replace(scope, responsible=NOBODY))]
    sources = Source.objects.order_by("position", "name", "pk")
    return [Group(source.pk, source.name, replace(scope, source=source)) for source in sources]


def arrived(scope: Scope) -> LeadQuerySet:
    """The leads that came in the period."""
    leads: LeadQuerySet = Lead.objects.filter(counted(Column.LEADS, Basis.CREATED, scope.period) & scope.condition())
    return leads.order_by()


def list_of(scope: Scope, column: Column = Column.LEADS, **more: str) -> str:
    """The address of the list of exactly the leads that a number counts; `more` are further filters of the list."""
    return f"{reverse('lead-list')}?{urlencode({**Counted(column, scope).params(), **more})}"


def part(some: int, whole: int) -> float | None:
    """`some` of `whole`; None of nothing."""
    return some / whole if whole else None
