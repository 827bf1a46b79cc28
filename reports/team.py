"""The team's day: who is on line, what they have in work, how they reached clients, and what is wrong (`ux.md` 6.11).

Screen and API read it like this::

    team = read_team(Period(day, day))       # a fixed number of queries
    for row in team.rows: row.user, row.in_work, row.overdue, row.calls, row.reach, row.first_call …
    team.first_call, team.in_time, team.attention, team.hours

The first call is counted in minutes of the client's calling hours, from the lead's arrival to its first touch.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Exists, Min, OuterRef, Q
from django.db.models.functions import TruncDate

from crm import clock
from leads.attention import URGENT, Attention, wanting
from leads.counting import Period
from leads.effort import meetings_booked, middle, wait_for_call
from leads.models import DayPlan, DistributionPolicy, Lead, Touch
from leads.pipeline import JunkReason
from leads.touch_policy import REACHED, Channel, Direction
from tasks.models import CallingHours, EscalationPolicy, Task
from team.models import Hold, ShiftPeriod, User
from team.roles import Role

OFF, CALLING = "off", "call"


@dataclass(frozen=True)
class OperatorRow:
    """An operator: what they have now (in work, overdue), and what they did in the period (the rest)."""

    user: User
    state: str  # on, break, off, or call: they hold a client just now
    since: datetime | None
    in_work: int = 0
    limit: int = 0
    overdue: int = 0
    calls: int = 0
    reached: int = 0
    meetings: int = 0
    first_call: timedelta | None = None  # median

    @property
    def load(self) -> float:
        """The part of their limit that is in work; may exceed 1."""
        return self.in_work / self.limit if self.limit else 0.0


@dataclass(frozen=True)
class Line:
    """One thing to look at, with the number of its leads."""

    what: Attention
    count: int

    @property
    def is_urgent(self) -> bool:
        return self.count > 0 and self.what in URGENT


@dataclass(frozen=True)
class Hour:
    """The median first call of the leads that arrived in an hour of the firm's day."""

    hour: int
    first_call: timedelta
    leads: int


@dataclass(frozen=True)
class Team:
    period: Period
    at: datetime
    goal: timedelta
    rows: list[OperatorRow]
    attention: list[Line]
    overdue: int
    oldest_due: datetime | None
    unassigned: int
    meetings: int
    planned: int  # meetings, of those who were on line; 0: there is no plan
    first_call: timedelta | None
    called_in_time: int
    called: int
    hours: list[Hour] = field(default_factory=list)


@dataclass(frozen=True)
class _FirstCall:
    responsible: int | None
    hour: int
    waited: timedelta


def read_team(period: Period) -> Team:
    """The team over the whole days of `period`, with what is so now. A fixed number of queries."""
    at = clock.now()
    goal = timedelta(minutes=EscalationPolicy.current().first_call_minutes)
    calls = _first_calls(period)
    attention = [Line(what, wanting(Lead.objects.all(), what, at=at).count()) for what in Attention]
    late = Task.objects.open().filter(due_at__lt=at)
    overdue = _overdue(at)
    rows = _rows(period, overdue, calls, at=at)
    return Team(
        period=period,
        at=at,
        goal=goal,
        rows=rows,
        attention=attention,
        overdue=sum(overdue.values()),
        oldest_due=late.filter(lead__isnull=False).aggregate(first=Min("due_at"))["first"],
        unassigned=next(line.count for line in attention if line.what == Attention.UNASSIGNED),
        meetings=sum(_meetings(period).values()),
        planned=_planned(period),
        first_call=middle(call.waited for call in calls),
        called_in_time=sum(call.waited <= goal for call in calls),
        called=len(calls),
        hours=_hours(calls),
    )


def _rows(
    period: Period, overdue: dict[int | None, int], calls: list[_FirstCall], *, at: datetime
) -> list[OperatorRow]:
    start, end = period.bounds()
    limit = DistributionPolicy.current().limit
    people = User.objects.with_shift().filter(role=Role.OPERATOR, is_active=True)
    held = dict(Hold.objects.filter(expires_at__gt=at).values_list("user", "since"))
    in_work = dict(Lead.objects.in_work().order_by().values_list("responsible").annotate(count=Count("pk")))
    ours = Touch.objects.filter(channel=Channel.CALL, direction=Direction.OUTGOING, at__gte=start, at__lt=end)
    made = ours.order_by().values("by").annotate(all=Count("pk"), reached=Count("pk", filter=Q(outcome__in=REACHED)))
    touched = {row["by"]: (row["all"], row["reached"]) for row in made}
    meetings = _meetings(period)
    waits: dict[int | None, list[timedelta]] = defaultdict(list)
    for call in calls:
        waits[call.responsible].append(call.waited)
    rows = []
    for user in people:
        state, since = _state(user, held)
        made_calls, reached = touched.get(user.pk, (0, 0))
        rows.append(
            OperatorRow(
                user=user,
                state=state,
                since=since,
                in_work=in_work.get(user.pk, 0),
                limit=limit if user.lead_limit is None else user.lead_limit,
                overdue=overdue.get(user.pk, 0),
                calls=made_calls,
                reached=reached,
                meetings=meetings.get(user.pk, 0),
                first_call=middle(waits[user.pk]),
            )
        )
    return rows


def _state(user: User, held: dict[int, datetime]) -> tuple[str, datetime | None]:
    periods: list[ShiftPeriod] = user.open_periods  # type: ignore[attr-defined]
    if not periods:
        return OFF, None
    if periods[0].state == ShiftPeriod.State.ON and user.pk in held:
        return CALLING, held[user.pk]
    return periods[0].state, periods[0].started_at


def _overdue(at: datetime) -> dict[int | None, int]:
    """responsible -> leads in work with an overdue task: what the list behind the number shows."""
    late = Task.objects.open().filter(lead_id=OuterRef("pk"), due_at__lt=at)
    found = Lead.objects.in_work().filter(Exists(late)).order_by().values_list("responsible")
    return dict(found.annotate(count=Count("pk")))


def _meetings(period: Period) -> dict[int | None, int]:
    """who -> meetings booked in the period."""
    return dict(meetings_booked(*period.bounds()).values_list("by").annotate(count=Count("pk")))


def _planned(period: Period) -> int:
    """The meetings of the plan: those of a day for each operator and day that they came on line. Two queries."""
    start, end = period.bounds()
    day = TruncDate("started_at", tzinfo=ZoneInfo(settings.TIME_ZONE))
    came = ShiftPeriod.objects.filter(user__role=Role.OPERATOR, started_at__gte=start, started_at__lt=end)
    return DayPlan.current().meetings * came.order_by().values("user", day=day).distinct().count()


def _first_calls(period: Period) -> list[_FirstCall]:
    """How long each lead that arrived in the period waited for its first touch; those still waiting are left out."""
    start, end = period.bounds()
    hours = CallingHours.current().as_hours()
    firm = ZoneInfo(settings.TIME_ZONE)
    arrived = Lead.objects.filter(created_at__gte=start, created_at__lt=end, first_touch_at__isnull=False)
    rows = arrived.exclude(junk_reason=JunkReason.DUPLICATE).values_list(
        "responsible", "created_at", "first_touch_at", "client_zone"
    )
    return [
        _FirstCall(
            responsible,
            created.astimezone(firm).hour,
            wait_for_call(created, touched, zone, hours),
        )
        for responsible, created, touched, zone in rows
        if touched is not None
    ]


def _hours(calls: list[_FirstCall]) -> list[Hour]:
    by_hour: dict[int, list[timedelta]] = defaultdict(list)
    for call in calls:
        by_hour[call.hour].append(call.waited)
    return [Hour(hour, middle(waits) or timedelta(), len(waits)) for hour, waits in sorted(by_hour.items())]
