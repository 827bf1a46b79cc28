"""What the columns of the source report count, each as one condition on leads (`domain.md`, Source report).

The report adds these conditions up and the list behind a number is filtered by the same ones, so the two cannot
differ. Pure but for looking a source up by its code; `reports.sources` adds up, `leads.filters` lists.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from crm import clock
from crm.errors import Invalid
from crm.text import clean
from leads.pipeline import JunkReason
from sources.lookup import SourceLookup
from sources.models import Source
from team.models import User


class Column(StrEnum):
    """A number of the report. The codes are those of `GET reports/sources/`."""

    LEADS = "leads"
    APPOINTMENTS = "appointments"
    VISITS = "visits"
    CONTRACTS = "contracts"
    CONTRACTS_PREPAID = "contracts_prepaid"
    NO_SHOWS = "no_shows"
    DUPLICATES = "duplicates"


class Basis(StrEnum):
    CREATED = "created"  # leads that arrived in the period, and what became of them until now
    EVENT = "event"  # what happened in the period, whenever the lead arrived


# The five counts of the customer's table, in its order, under its headings.
TABLE = (Column.LEADS, Column.APPOINTMENTS, Column.VISITS, Column.CONTRACTS, Column.CONTRACTS_PREPAID)

HEADINGS = {
    Column.LEADS: pgettext_lazy("report column", "Leads"),
    Column.APPOINTMENTS: pgettext_lazy("report column", "Meetings booked"),
    Column.VISITS: pgettext_lazy("report column", "Visits"),
    Column.CONTRACTS: pgettext_lazy("report column", "Contracts"),
    Column.CONTRACTS_PREPAID: pgettext_lazy("report column", "Contracts with prepayment"),
    Column.NO_SHOWS: pgettext_lazy("report column", "Did not come"),
    Column.DUPLICATES: pgettext_lazy("report column", "Duplicates"),
}
BASES = {
    Basis.CREATED: gettext_lazy("By date of request"),
    Basis.EVENT: gettext_lazy("By date of event"),
}

# The moment on the lead that makes it count. A prepaid contract stamps both of the last two (`domain.md`, Milestones),
# so «Договоров» includes «Договоров с предоплатой».
MOMENTS = {
    Column.LEADS: "created_at",
    Column.APPOINTMENTS: "reached_meeting_at",
    Column.VISITS: "reached_visit_at",
    Column.CONTRACTS: "reached_contract_at",
    Column.CONTRACTS_PREPAID: "reached_prepaid_at",
    Column.NO_SHOWS: "no_show_at",
    Column.DUPLICATES: "created_at",
}
_DUPLICATE = Q(junk_reason=JunkReason.DUPLICATE)

# Dates beyond these are slips, and at the very ends of the calendar there is no midnight in another zone.
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2199, 12, 31)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
INCLUDE, EXCLUDE = "include", "exclude"
ME, NOBODY = "me", "none"


@dataclass(frozen=True)
class Period:
    """Whole days of the firm's calendar, both ends included."""

    start: date
    end: date

    @classmethod
    def this_month(cls, today: date | None = None) -> Period:
        """From the first of the month until today."""
        today = today or this_day()
        return cls(today.replace(day=1), today)

    def bounds(self) -> tuple[datetime, datetime]:
        """The same in UTC: from the first moment of `start` up to, not including, the first one after `end`."""
        return midnight(self.start), midnight(self.end + timedelta(days=1))

    def previous(self) -> Period:
        """The period that this one is compared with (`ux.md` 6.10): 1–24 November with 1–24 October.

        From the first of a month: the same days of the month before, whole months with the whole one before. Any
        other: as many days, ending the day before.
        """
        before = self.start - timedelta(days=1)
        if self.start.day == 1 and (self.start.year, self.start.month) == (self.end.year, self.end.month):
            is_whole = (self.end + timedelta(days=1)).day == 1
            last = before if is_whole else before.replace(day=min(self.end.day, before.day))
            return Period(before.replace(day=1), last)
        return Period(before - (self.end - self.start), before)


def this_day() -> date:
    """Today in the firm's time zone."""
    return clock.now().astimezone(ZoneInfo(settings.TIME_ZONE)).date()


def midnight(day: date) -> datetime:
    """The beginning of `day` in the firm's time zone, in UTC."""
    return datetime.combine(day, time(), ZoneInfo(settings.TIME_ZONE)).astimezone(UTC)


def counted(column: Column, basis: Basis, period: Period) -> Q:
    """The leads that `column` counts: the one definition of each number."""
    start, end = period.bounds()
    moment = MOMENTS[column] if basis == Basis.EVENT else "created_at"
    condition = Q(**{f"{moment}__gte": start, f"{moment}__lt": end})
    if moment != MOMENTS[column]:
        condition &= Q(**{f"{MOMENTS[column]}__isnull": False})
    return condition & _DUPLICATE if column == Column.DUPLICATES else condition


def touched(basis: Basis, period: Period) -> Q:
    """The leads that any column may count, so that a report reads by index only those of its period."""
    if basis == Basis.CREATED:
        return counted(Column.LEADS, basis, period)
    condition = Q()
    for column in Column:
        if column != Column.DUPLICATES:  # they are among the leads
            condition |= counted(column, basis, period)
    return condition


@dataclass(frozen=True)
class Scope:
    """What a report is asked about, beside the column.

    Rows follow the lead's present source and responsible (`responsible` is a colleague's id, NOBODY, or None for
    everybody). Without `with_duplicates` what is now junk/duplicate does not count in any column.
    """

    period: Period
    basis: Basis = Basis.CREATED
    source: Source | None = None
    responsible: int | str | None = None
    with_duplicates: bool = True
    channel: str = ""  # of the source
    city: str = ""  # of the lead, in the usual spellings

    @classmethod
    def read(cls, params: Mapping[str, str], *, me: User | None = None) -> Self:
        """From `from to basis source channel city responsible duplicates`; absent and empty ones take the default.

        Without dates it is this month so far; with one of them, from the first of that month, or until today. `me` is
        who asks. Raises Invalid by parameter.
        """
        wrong: dict[str, str] = {}
        scope = cls(
            period=_period(params, wrong),
            basis=Basis(_choice(params, "basis", list(Basis), Basis.CREATED, wrong)),
            source=_source(params, wrong),
            responsible=_person(params, me, wrong),
            with_duplicates=_choice(params, "duplicates", [INCLUDE, EXCLUDE], INCLUDE, wrong) == INCLUDE,
            channel=_channel(params, wrong),
            city=clean(params.get("city") or "", limit=100),
        )
        if wrong:
            raise Invalid(wrong)
        return scope

    def condition(self) -> Q:
        """Source, channel, city, responsible and duplicates; the period belongs to the column."""
        condition = Q()
        if self.channel:
            condition &= Q(source__in=Source.objects.filter(channel=self.channel))
        if self.city:
            condition &= Q(city__in=spellings(self.city))
        if self.source is not None:
            condition &= Q(source=self.source.pk)
        if self.responsible == NOBODY:
            condition &= Q(responsible__isnull=True)
        elif self.responsible is not None:
            condition &= Q(responsible=self.responsible)
        return condition if self.with_duplicates else condition & ~_DUPLICATE

    def params(self) -> dict[str, str]:
        """The parameters that `read` reads back to this scope, whoever asks and on whatever day."""
        params = {"from": self.period.start.isoformat(), "to": self.period.end.isoformat(), "basis": self.basis.value}
        if self.source is not None:
            params["source"] = self.source.code
        if self.responsible is not None:
            params["responsible"] = str(self.responsible)
        if self.channel:
            params["channel"] = self.channel
        if self.city:
            params["city"] = self.city
        if not self.with_duplicates:
            params["duplicates"] = EXCLUDE
        return params


@dataclass(frozen=True)
class Counted:
    """A number of the report as a filter of the list of leads: the column, and what the report was asked about."""

    column: Column
    scope: Scope

    @classmethod
    def read(cls, params: Mapping[str, str], *, me: User | None = None) -> Counted | None:
        """From the parameter `counted` (a column) and those of `Scope.read`; None without `counted`.

        Raises Invalid by parameter.
        """
        if not params.get("counted"):
            return None
        wrong: dict[str, str] = {}
        column = Column(_choice(params, "counted", list(Column), Column.LEADS, wrong))
        try:
            scope = Scope.read(params, me=me)
        except Invalid as error:
            raise Invalid({**wrong, **error.fields}) from error
        if wrong:
            raise Invalid(wrong)
        return cls(column, scope)

    def condition(self) -> Q:
        """Exactly the leads that the number counts."""
        return counted(self.column, self.scope.basis, self.scope.period) & self.scope.condition()

    def params(self) -> dict[str, str]:
        """The parameters of the list that shows exactly these leads."""
        return {"counted": self.column.value, **self.scope.params()}


def _choice(params: Mapping[str, str], name: str, choices: list[str], default: str, wrong: dict[str, str]) -> str:
    given = params.get(name) or default
    if given in [str(choice) for choice in choices]:
        return given
    wrong[name] = _("One of: %(words)s") % {"words": ", ".join(choices)}
    return default


def _period(params: Mapping[str, str], wrong: dict[str, str]) -> Period:
    today = this_day()
    start, end = _day(params, "from", wrong), _day(params, "to", wrong)
    if end is None:
        end = max(today, start or today)
    if start is None:
        start = end.replace(day=1)
    if start > end and not wrong:
        wrong["to"] = _("The period ends before it begins")
    return Period(start, end)


def _day(params: Mapping[str, str], name: str, wrong: dict[str, str]) -> date | None:
    given = (params.get(name) or "").strip()
    if not given:
        return None
    try:
        day = date.fromisoformat(given) if _DAY.fullmatch(given) else None
    except ValueError:
        day = None
    if day is None or not FIRST_DAY <= day <= LAST_DAY:
        wrong[name] = _("Enter a date, for example 2026-11-24")
        return None
    return day


def _source(params: Mapping[str, str], wrong: dict[str, str]) -> Source | None:
    given = (params.get("source") or "").strip()
    if not given:
        return None
    source = SourceLookup.read().find(given)
    if source is None:
        wrong["source"] = _("There is no such source: %(code)s") % {"code": given}
    return source


def spellings(city: str) -> set[str]:
    """How people write a city's name: as given, in small letters, with capitals. SQLite folds only Latin letters."""
    return {city, city.lower(), city.capitalize(), city.title()}


def _channel(params: Mapping[str, str], wrong: dict[str, str]) -> str:
    given = clean(params.get("channel") or "", limit=50)
    if given and not Source.objects.filter(channel=given).exists():
        wrong["channel"] = _("There is no source of this channel: %(channel)s") % {"channel": given}
    return given


def _person(params: Mapping[str, str], me: User | None, wrong: dict[str, str]) -> int | str | None:
    given = (params.get("responsible") or "").strip()
    if not given:
        return None
    if given == NOBODY:
        return NOBODY
    if given == ME and me is not None:
        return me.pk
    if given.isascii() and given.isdecimal() and len(given) <= 18:
        return int(given)
    wrong["responsible"] = _("The number of a colleague, “me” or “none”.")
    return None
