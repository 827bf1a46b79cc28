"""When a client may be called: pure arithmetic over hours of the day in the client's time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SATURDAY = 5


@dataclass(frozen=True)
class Hours:
    """The part of a day in which something may be due: from `start` up to, not including, `end` (local times)."""

    start: time = time(9)
    end: time = time(20)


def at_local(day: date, moment: time, zone: ZoneInfo) -> datetime:
    """`moment` of `day` on the clocks of `zone`, in UTC. A time skipped by a clock change becomes the one after it."""
    return datetime.combine(day, moment, tzinfo=zone).astimezone(UTC)


def fit(due: datetime, zone: ZoneInfo, hours: Hours) -> datetime:
    """The first moment not before `due` that lies inside `hours` on the clocks of `zone`."""
    local = due.astimezone(zone)
    if local.time() < hours.start:
        return at_local(local.date(), hours.start, zone)
    if local.time() >= hours.end:
        return at_local(local.date() + timedelta(days=1), hours.start, zone)
    return due


def working_days_after(day: date, count: int) -> date:
    """The `count`-th working day (Monday to Friday) after `day`."""
    while count > 0:
        day += timedelta(days=1)
        if day.weekday() < SATURDAY:
            count -= 1
    return day
