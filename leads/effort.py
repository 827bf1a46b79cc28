"""How the call centre's work is counted, wherever a screen shows it: the wait for the first call, meetings booked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet

from history.models import Event
from leads.pipeline import Status
from tasks.worktime import Hours, open_time_between


def wait_for_call(arrived: datetime, touched: datetime, client_zone: str, hours: Hours) -> timedelta:
    """How much of the client's calling hours went by before the first touch. An empty zone stands for the firm's."""
    return open_time_between(arrived, touched, ZoneInfo(client_zone or settings.TIME_ZONE), hours)


def middle(waits: Iterable[timedelta]) -> timedelta | None:
    """The median; None of nothing."""
    seconds = [wait.total_seconds() for wait in waits]
    return timedelta(seconds=median(seconds)) if seconds else None


def meetings_booked(start: datetime, end: datetime) -> QuerySet[Event]:
    """The lines of history that book a meeting from `start` up to, not including, `end`; a moved one is booked once.

    What was taken back is not booked.
    """
    booked = Event.objects.standing().filter(kind=Event.Kind.STATUS, new=Status.MEETING, at__gte=start, at__lt=end)
    return booked.exclude(old=Status.MEETING).order_by()
