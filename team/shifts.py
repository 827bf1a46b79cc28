"""Shifts that end by themselves, since people forget to go off line (`ShiftPolicy`)."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from crm import clock
from crm.transactions import verb
from team.actions import OFF, set_shift
from team.models import ShiftPeriod, ShiftPolicy


@verb
def end_shifts() -> int:
    """Take off line whose day is over by the policy. Returns how many went off."""
    at = clock.now()
    policy = ShiftPolicy.current()
    # In the order in which distribution locks people, so that the two never wait for each other.
    periods = ShiftPeriod.objects.filter(ended_at__isnull=True).order_by("user_id")
    over = [period.user_id for period in periods if _is_over(period, policy, at)]
    for user_id in over:
        set_shift(user_id, OFF)
    return len(over)


def _is_over(period: ShiftPeriod, policy: ShiftPolicy, at: datetime) -> bool:
    longest = timedelta(hours=policy.longest_hours)
    began = _beginning(period, since=at - longest)
    return at >= min(began + longest, _end_of_day(began, policy, at))


def _beginning(period: ShiftPeriod, *, since: datetime) -> datetime:
    """When the shift began: breaks belong to it, so the periods that adjoin each other are one.

    What ended before `since` is not looked at: a shift that goes back so far is over whenever it began.
    """
    began = period.started_at
    before = ShiftPeriod.objects.filter(user_id=period.user_id, ended_at__gte=since, ended_at__lte=began)
    for earlier in before.order_by("-ended_at", "-pk"):
        if earlier.ended_at != began:
            break
        began = earlier.started_at
    return began


def _end_of_day(began: datetime, policy: ShiftPolicy, at: datetime) -> datetime:
    """The first end of the firm's day after the shift began; never, without one in the policy."""
    if policy.ends_at is None:
        return at + timedelta(days=1)
    local = began.astimezone(ZoneInfo(settings.TIME_ZONE))
    end = local.replace(hour=policy.ends_at.hour, minute=policy.ends_at.minute, second=0, microsecond=0)
    return end if end > local else end + timedelta(days=1)
