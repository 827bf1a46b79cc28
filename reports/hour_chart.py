"""The bars of the first call by hour, as coordinates of an SVG of 620 by 180. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from reports.team import Hour

LEFT, RIGHT, TOP, BOTTOM = 36, 610, 20, 150
MOST_IN_FULL = 12  # hours whose labels fit beside each other in full
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Bar:
    hour: str
    waited: timedelta
    x: float
    y: float
    width: float
    height: float
    middle: float
    is_late: bool


@dataclass(frozen=True)
class Chart:
    bars: list[Bar]
    marks: list[tuple[int, float]]  # (minutes, y): 0, the half, the top
    goal_y: float
    goal: int  # minutes


def chart(hours: Sequence[Hour], goal: timedelta) -> Chart:
    """The bars of `hours` against the goal. The scale ends at an even number of minutes above all of them."""
    highest = max([goal, *(hour.first_call for hour in hours)], default=goal) / MINUTE
    top = max(2, 2 * ceil(highest / 2))
    step = (RIGHT - LEFT) / max(10, len(hours))

    def y(minutes: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * minutes / top, 1)

    bars = []
    for place, hour in enumerate(hours):
        height_at = y(hour.first_call / MINUTE)
        x = round(LEFT + place * step + step * 0.2, 1)
        width = round(step * 0.6, 1)
        bars.append(
            Bar(
                hour=f"{hour.hour}:00" if len(hours) <= MOST_IN_FULL else str(hour.hour),
                waited=hour.first_call,
                x=x,
                y=height_at,
                width=width,
                height=round(BOTTOM - height_at, 1),
                middle=round(x + width / 2, 1),
                is_late=hour.first_call > goal,
            )
        )
    return Chart(bars, [(mark, y(mark)) for mark in (0, top // 2, top)], y(goal / MINUTE), int(goal / MINUTE))
