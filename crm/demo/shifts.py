"""When the demonstration's operators were on line: the working days of the past weeks, each with a break.

Nobody is left on line: leads would be handed out to people who are not there.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from random import Random

from django.db import transaction

from crm.demo.world import World
from crm.transactions import in_turn
from tasks.worktime import at_local
from team.models import ShiftPeriod

WEEKS = 3
WORKS = 0.8  # the share of a week's days on which somebody is there
ON, BREAK = ShiftPeriod.State.ON, ShiftPeriod.State.BREAK
# What somebody does, from when to when (local time of the firm); begins late or ends early by some minutes.
DAY = ((ON, time(9), time(13)), (BREAK, time(13), time(13, 45)), (ON, time(13, 45), time(18)))


def shifts(world: World, random: Random) -> None:
    """Give those operators of the demonstration who never were on line the shifts of the past weeks."""
    known = set(ShiftPeriod.objects.filter(user__in=world.operators).values_list("user", flat=True))
    today = world.now.astimezone(world.zone).date()
    days = [today - timedelta(days=number) for number in range(7 * WEEKS, 0, -1)]
    periods = [
        period
        for operator in world.operators
        if operator not in known
        for day in days
        if world.hours.days.is_for_work(day) and random.random() < WORKS
        for period in _day_of(operator, day, world, random)
    ]
    with in_turn(), transaction.atomic():
        ShiftPeriod.objects.bulk_create(periods)


def _day_of(operator: int, day: date, world: World, random: Random) -> list[ShiftPeriod]:
    late, early = (timedelta(minutes=random.randint(0, 20)) for _end in range(2))

    def at(moment: time) -> datetime:
        return at_local(day, moment, world.zone)

    ends = [(state, at(start), at(end)) for state, start, end in DAY]
    return [
        ShiftPeriod(
            user_id=operator,
            state=state,
            started_at=start + (late if number == 0 else timedelta(0)),
            ended_at=end - (early if number == len(DAY) - 1 else timedelta(0)),
        )
        for number, (state, start, end) in enumerate(ends)
    ]
