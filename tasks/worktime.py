"""When a client may be called: pure arithmetic over hours of the day in the client's time zone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ALL_DAYS = frozenset(range(1, 8))
LONGEST_SEARCH = 400  # days; a calendar in which no day of a year is open says nothing, and nothing is moved by it


@dataclass(frozen=True)
class Days:
    """Which days are for calling and which for work: ISO weekdays, less days off, plus days off that were moved."""

    calling: frozenset[int] = ALL_DAYS
    working: frozenset[int] = frozenset(range(1, 6))
    off: frozenset[date] = frozenset()
    off_yearly: frozenset[tuple[int, int]] = frozenset()  # (month, day)
    extra: frozenset[date] = frozenset()

    def is_for_calling(self, day: date) -> bool:
        return self._is_open(day, self.calling)

    def is_for_work(self, day: date) -> bool:
        return self._is_open(day, self.working)

    def _is_open(self, day: date, weekdays: frozenset[int]) -> bool:
        if day in self.extra:
            return True
        return day.isoweekday() in weekdays and day not in self.off and (day.month, day.day) not in self.off_yearly


@dataclass(frozen=True)
class Hours:
    """When something may be due: on `days` for calling, from `start` up to, not including, `end` (local times)."""

    start: time = time(9)
    end: time = time(20)
    days: Days = field(default_factory=Days)


def at_local(day: date, moment: time, zone: ZoneInfo) -> datetime:
    """`moment` of `day` on the clocks of `zone`, in UTC. A time skipped by a clock change becomes the one after it."""
    return datetime.combine(day, moment, tzinfo=zone).astimezone(UTC)


def start_of_day(at: datetime, zone: ZoneInfo) -> datetime:
    """The midnight before `at` on the clocks of `zone`, in UTC."""
    return at_local(at.astimezone(zone).date(), time(), zone)


def end_of_day(at: datetime, zone: ZoneInfo) -> datetime:
    """The midnight after `at` on the clocks of `zone`, in UTC: the end of "today"."""
    return at_local(at.astimezone(zone).date() + timedelta(days=1), time(), zone)


def is_open(moment: datetime, zone: ZoneInfo, hours: Hours) -> bool:
    """Whether the client may be called at `moment`."""
    local = moment.astimezone(zone)
    return hours.days.is_for_calling(local.date()) and hours.start <= local.time() < hours.end


def fit(due: datetime, zone: ZoneInfo, hours: Hours) -> datetime:
    """The first moment not before `due` that lies inside `hours` on the clocks of `zone`."""
    if is_open(due, zone, hours):
        return due
    local = due.astimezone(zone)
    day = local.date() + timedelta(days=1 if local.time() >= hours.start else 0)
    for _ in range(LONGEST_SEARCH):
        if hours.days.is_for_calling(day):
            opens = at_local(day, hours.start, zone)
            if is_open(opens, zone, hours):  # not so when the clocks go forward over the whole of short hours
                return opens
        day += timedelta(days=1)
    return due


def working_days_after(day: date, count: int, days: Days) -> date:
    """The `count`-th working day after `day`."""
    for _ in range(LONGEST_SEARCH):
        if count <= 0:
            break
        day += timedelta(days=1)
        if days.is_for_work(day):
            count -= 1
    return day


def open_time_between(start: datetime, end: datetime, zone: ZoneInfo, hours: Hours) -> timedelta:
    """How much of the time from `start` to `end` lies inside `hours` on the clocks of `zone`, up to a year."""
    total = timedelta()
    day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    for _ in range(LONGEST_SEARCH):
        if day > last:
            break
        if hours.days.is_for_calling(day):
            opens, closes = at_local(day, hours.start, zone), at_local(day, hours.end, zone)
            total += max(timedelta(), min(closes, end) - max(opens, start))
        day += timedelta(days=1)
    return total
