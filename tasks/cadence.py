"""When the steps of a task rule fall due. Pure: takes moments and returns moments, knows no tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from tasks.worktime import Hours, at_local, fit, working_days_after


class Anchor(StrEnum):
    """The moment from which a step counts."""

    ENTRY = "entry"  # the lead came into the status
    MEETING = "meeting"  # the office meeting
    CALLBACK = "callback"  # the promised call


@dataclass(frozen=True)
class Step:
    """`days` (calendar or working) from the anchor, at `at_time` on the client's clock, and `minutes` on top."""

    anchor: Anchor = Anchor.ENTRY
    days: int = 0
    working_days: bool = False
    at_time: time | None = None
    minutes: int = 0
    channel: str = ""  # the messenger it is to be made by; empty: the usual one


def due(step: Step, anchors: Mapping[Anchor, datetime], zone: ZoneInfo, hours: Hours) -> datetime | None:
    """When `step` falls due, inside `hours` of `zone`; None if its anchor (say, the meeting) is not known.

    A working-day step without a time of its own falls at the beginning of the hours. None also if the hours leave no
    moment before the anchor that the step was to precede: nobody confirms a meeting that has been.
    """
    anchor = anchors.get(step.anchor)
    if anchor is None:
        return None
    local = anchor.astimezone(zone)
    moment = anchor.astimezone(UTC)  # minutes added on the clocks of a zone would be wrong when these change
    if step.working_days:
        moment = at_local(working_days_after(local.date(), step.days, hours.days), step.at_time or hours.start, zone)
    elif step.at_time is not None:
        moment = at_local(local.date() + timedelta(days=step.days), step.at_time, zone)
    elif step.days:
        moment = at_local(local.date() + timedelta(days=step.days), local.time(), zone)
    moment += timedelta(minutes=step.minutes)
    fitted = fit(moment, zone, hours)
    return None if moment < anchor < fitted else fitted


def plan_at_once(
    steps: Sequence[Step], anchors: Mapping[Anchor, datetime], *, at: datetime, zone: ZoneInfo, hours: Hours
) -> list[tuple[int, datetime]]:
    """All steps of a rule as (number of the step, due). What is already past is due now, and only once.

    So a meeting booked for the same afternoon is confirmed now and two hours before, not twice now.
    """
    planned = [(number, moment) for number, step in enumerate(steps) if (moment := due(step, anchors, zone, hours))]
    late = [(number, fit(at, zone, hours)) for number, moment in planned if moment <= at]
    return late[-1:] + [(number, moment) for number, moment in planned if moment > at]


def plan_next(
    steps: Sequence[Step],
    done: int,
    anchors: Mapping[Anchor, datetime],
    *,
    at: datetime,
    gap: timedelta,
    zone: ZoneInfo,
    hours: Hours,
) -> tuple[int, datetime] | None:
    """The step after `done` steps of a cadence as (number, due); None when the cadence is used up.

    A step whose moment has passed, because the one before it was late, comes `gap` after `at` instead of at once;
    the very first step (`done` 0) is due now.
    """
    if done >= len(steps):
        return None
    moment = due(steps[done], anchors, zone, hours)
    if moment is None:
        return None
    earliest = at if done == 0 else at + gap
    return done, fit(max(moment, earliest), zone, hours)
