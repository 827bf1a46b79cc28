"""How long things take: a lead's wait for its first touch, and how long leads stay in each status."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from statistics import fmean
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext as _

from crm import clock
from history.models import Event
from leads.counting import HEADINGS, Column
from leads.effort import middle, wait_for_call
from leads.pipeline import Status
from reports.breakdown import HOUR, Asked, Breakdown, Cell, Group, Heading, Kind, Line, arrived, groups, list_of, part
from tasks.models import CallingHours, EscalationPolicy


def first_touch(asked: Asked) -> Breakdown:
    """The wait for the first touch in the client's calling hours, by source, operator, or hour of arrival."""
    asked = replace(asked, scope=asked.without_duplicates)
    hours = CallingHours.current().as_hours()
    goal = timedelta(minutes=EscalationPolicy.current().first_call_minutes)
    firm = ZoneInfo(settings.TIME_ZONE)
    leads: Counter[int | None] = Counter()
    waits: dict[int | None, list[timedelta]] = defaultdict(list)
    rows = arrived(asked.scope).values_list("source", "responsible", "created_at", "first_touch_at", "client_zone")
    for source, responsible, came, touched, zone in rows.iterator(chunk_size=5000):
        key = came.astimezone(firm).hour if asked.by == HOUR else responsible if asked.by == "operator" else source
        leads[key] += 1
        if touched is not None:
            waits[key].append(wait_for_call(came, touched, zone, hours))

    def line(group: Group, number: int, waited: list[timedelta]) -> Line:
        in_time = sum(wait <= goal for wait in waited)
        seconds = [wait.total_seconds() for wait in waited]
        return Line(
            group.label,
            [
                Cell(number, "" if asked.by == HOUR and group.key is not None else list_of(group.scope)),
                Cell(len(waited)),
                Cell(middle(waited)),
                Cell(timedelta(seconds=fmean(seconds)) if seconds else None),
                Cell(max(waited, default=None)),
                Cell(part(in_time, len(waited))),
            ],
        )

    return Breakdown(
        first=asked.first,
        headings=[
            Heading(str(HEADINGS[Column.LEADS])),
            Heading(_("Touched")),
            Heading(_("Median"), Kind.WAIT),
            Heading(_("Mean"), Kind.WAIT),
            Heading(_("Longest"), Kind.WAIT),
            Heading(_("Within the goal"), Kind.SHARE),
        ],
        lines=[line(group, leads[group.key], waits[group.key]) for group in groups(asked) if group.key in leads],
        totals=line(Group.whole(asked), leads.total(), [wait for found in waits.values() for wait in found]),
        note=_(
            "From a lead's arrival to its first touch, in the client's calling hours only. Duplicates are not counted, "
            "since nobody calls them. The goal is %(minutes)s min."
        )
        % {"minutes": int(goal.total_seconds() // 60)},
    )


def statuses(asked: Asked) -> Breakdown:
    """How long the leads of the period stayed in each status, from their history, without what was taken back."""
    asked = replace(asked, scope=asked.without_duplicates)
    at = clock.now()
    stays: dict[str, list[timedelta]] = defaultdict(list)
    now: Counter[str] = Counter()
    for lead in _entries(arrived(asked.scope)):
        for (status, since), (_next, until) in zip(lead, lead[1:], strict=False):
            stays[status].append(until - since)
        status, since = lead[-1]
        now[status] += 1
        if status in _WAITING:
            stays[status].append(at - since)

    def line(status: Status) -> Line:
        seconds = [stay.total_seconds() for stay in stays[status]]
        return Line(
            str(status.label),
            [
                Cell(len(seconds)),
                Cell(middle(stays[status])),
                Cell(timedelta(seconds=fmean(seconds)) if seconds else None),
                Cell(max(stays[status], default=None)),
                Cell(now[status], list_of(asked.scope, status=status.value)),
            ],
        )

    return Breakdown(
        first=_("Status"),
        headings=[
            Heading(_("Stays")),
            Heading(_("Median"), Kind.DAYS),
            Heading(_("Mean"), Kind.DAYS),
            Heading(_("Longest"), Kind.DAYS),
            Heading(_("In it now")),
        ],
        lines=[line(status) for status in Status if stays[status] or now[status]],
        note=_(
            "Leads that came in the period, without duplicates. A lead that comes back to a status stays in it again; "
            "who is in it now counts until now, but not in the statuses where the work is over."
        ),
    )


_WAITING = {Status.NEW, Status.DIALING, Status.MEETING, Status.POSTPONED, Status.VISIT}


def _entries(leads: object) -> Iterable[list[tuple[str, datetime]]]:
    """For each lead, the statuses it entered and when, in their order; a meeting moved to another time is no entry."""
    kinds = (Event.Kind.CREATED, Event.Kind.IMPORTED, Event.Kind.STATUS)
    events = Event.objects.standing().filter(kind__in=kinds, lead__in=leads.values("pk")).order_by("lead", "at", "pk")  # type: ignore[attr-defined]
    present: int | None = None
    entered: list[tuple[str, datetime]] = []
    for lead, status, at in events.values_list("lead", "new", "at").iterator(chunk_size=5000):
        if lead != present:
            if entered:
                yield entered
            present, entered = lead, []
        if not entered or entered[-1][0] != status:
            entered.append((status, at))
    if entered:
        yield entered
