"""How late the clock's work is: the age of the oldest row that a job should have seen to, by kind of work.

It asks only for the oldest rows, by the indexes that the jobs use, and knows the policies as they are now; it changes
nothing. `crm/health.py` says when it is too late.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q

from bitrix24 import mirror
from crm import clock
from leads.first_call import not_called
from leads.models import DistributionPolicy, Lead
from leads.pipeline import CLOSED
from reports.digest import due_since, unsent
from sources.models import Source
from tasks.models import CallingHours, EscalationPolicy, Task
from tasks.worktime import open_time_between
from team.models import Hold, ShiftPeriod, User
from team.roles import Role

LOOK_AT = 20  # of the oldest leads: those at the head may rightly wait, for a colleague of their source or for the day
NO_TIME = timedelta()


@dataclass(frozen=True)
class Late:
    """Work that waits for a job: what, for how long, and what to do."""

    what: str
    by: timedelta
    advice: str


WORKER = "look whether the worker takes jobs, and start it again; `manage.py sweep --once` does what is due"
MAIL = "look at EMAIL_URL and the worker's last lines"


def latest() -> Late | None:
    """What has waited longest; None while nothing waits."""
    at = clock.now()
    found = [Late(what, look(at), advice) for what, look, advice in LOOKS]
    worst = max(found, key=lambda late: late.by)
    return worst if worst.by > NO_TIME else None


def _reminders(at: datetime) -> timedelta:
    oldest = Task.objects.open().filter(reminded_at__isnull=True, due_at__lte=at).order_by("due_at")
    return _since(oldest.values_list("due_at", flat=True).first(), at)


def _overdue(at: datetime) -> timedelta:
    patience = timedelta(minutes=EscalationPolicy.current().overdue_minutes)
    oldest = Task.objects.open().filter(escalated_at__isnull=True, due_at__lte=at - patience).order_by("due_at")
    return _since(oldest.values_list("due_at", flat=True).first(), at) - patience


def _not_called(at: datetime) -> timedelta:
    patience = timedelta(minutes=EscalationPolicy.current().first_call_minutes)
    hours = CallingHours.current().as_hours()
    leads = not_called(at - patience)[:LOOK_AT]
    return _longest(open_time_between(lead.created_at, at, lead.zone, hours) - patience for lead in leads)


def _pool(at: datetime) -> timedelta:
    """Leads that nobody has, while an operator on line has had room for them."""
    policy = DistributionPolicy.current()
    if not policy.active:
        return NO_TIME
    pool = Lead.objects.originals().in_work().filter(responsible__isnull=True).order_by("created_at")
    leads = list(pool.only("created_at", "source_id")[:LOOK_AT])
    room = _room(policy) if leads else Room({}, {})
    return _longest(at - max(lead.created_at, since) for lead in leads for since in room.of(lead))


def _handed(at: datetime) -> timedelta:
    """Leads that were handed out and left alone, while another operator has had room for them."""
    policy = DistributionPolicy.current()
    if not policy.active or policy.return_after_minutes is None:
        return NO_TIME
    patience = timedelta(minutes=policy.return_after_minutes)
    late = Lead.objects.in_work().filter(handed_at__lte=at - patience).order_by("handed_at").select_related("contact")
    leads = list(late[:LOOK_AT])
    if not leads:
        return NO_TIME
    held = set(Hold.objects.filter(lead__in=leads, expires_at__gt=at).values_list("lead", flat=True))
    hours, room = CallingHours.current().as_hours(), _room(policy)
    return _longest(
        min(open_time_between(lead.handed_at, at, lead.zone, hours) - patience, at - since)
        for lead in leads
        if lead.handed_at is not None and lead.pk not in held
        for since in room.of(lead, but=lead.responsible_id)
    )


def _mirror(at: datetime) -> timedelta:
    return mirror.idle_for(at)


def _digests(at: datetime) -> timedelta:
    return _since(due_since(at), at) if unsent(at) else NO_TIME


LOOKS: list[tuple[str, Callable[[datetime], timedelta], str]] = [
    ("reminders", _reminders, WORKER),
    ("overdue tasks", _overdue, WORKER),
    ("new leads not called", _not_called, WORKER),
    ("leads in the pool", _pool, WORKER),
    ("leads to pass on", _handed, WORKER),
    ("the mirror to Bitrix24", _mirror, WORKER),
    ("the daily e-mail", _digests, MAIL),
]


@dataclass(frozen=True)
class Room:
    """Operators on line below their limit, with since when: they came on line, or a lead of theirs changed status."""

    since: dict[int, datetime]
    teams: dict[int, set[int]]  # source -> the only operators who get its leads

    def of(self, lead: Lead, *, but: int | None = None) -> list[datetime]:
        """Since when each of those has room who may take `lead`, without the colleague `but`."""
        team = self.teams.get(lead.source_id)
        return [since for pk, since in self.since.items() if pk != but and (team is None or pk in team)]


def _room(policy: DistributionPolicy) -> Room:
    """Who could take a lead, as things stand; nobody is locked. Four queries."""
    on_line = ShiftPeriod.objects.filter(state=ShiftPeriod.State.ON, ended_at__isnull=True)
    began = dict(on_line.values_list("user", "started_at"))
    theirs = Lead.objects.filter(responsible__in=began).order_by().values("responsible")
    rows = theirs.annotate(load=Count("pk", filter=~Q(status__in=CLOSED)), changed=Max("status_changed_at"))
    loads = {row["responsible"]: row["load"] for row in rows}
    changed = {row["responsible"]: row["changed"] for row in rows}
    since = {}
    for user in User.objects.filter(pk__in=began, is_active=True, role=Role.OPERATOR):
        if loads.get(user.pk, 0) < (policy.limit if user.lead_limit is None else user.lead_limit):
            since[user.pk] = max(began[user.pk], changed.get(user.pk, began[user.pk]))
    teams: dict[int, set[int]] = {}
    for source, operator in Source.operators.through.objects.values_list("source", "user"):
        teams.setdefault(source, set()).add(operator)
    return Room(since, teams)


def _since(moment: datetime | None, at: datetime) -> timedelta:
    return at - moment if moment is not None else NO_TIME


def _longest(waits: Iterable[timedelta]) -> timedelta:
    return max(waits, default=NO_TIME)
