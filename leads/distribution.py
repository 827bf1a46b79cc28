"""Handing leads without a responsible to the operators on line, and on to another when nothing is done with them.

Fewest open leads first, within each operator's limit and the operators of the source (`domain.md`, Tasks). Both verbs
ask what there is to do now, so they may run twice, late or at once: the row of the policy is their common lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Max

from crm import clock
from crm.transactions import require_transaction, verb
from history.actions import note
from history.models import Event
from leads.actions import follow_responsible
from leads.models import DistributionPolicy, Lead
from outbox.actions import mark
from sources.models import Source
from tasks.models import CallingHours
from tasks.worktime import open_time_between
from team.models import Hold, NoticeKind, ShiftPeriod, User
from team.notices import managers, tell
from team.roles import Role

AT_ONCE = 200  # leads of one run, which is one transaction; the next run takes the rest


@dataclass
class Line:
    """The operators on line: who may take a lead, and who is to."""

    limits: Mapping[int, int]  # operator -> most open leads
    open_leads: dict[int, int]  # operator -> open leads
    teams: Mapping[int, frozenset[int]]  # source -> the only operators who get its leads
    names: Mapping[int, User] = field(default_factory=dict)

    @classmethod
    def read_and_hold(cls, policy: DistributionPolicy) -> Line:
        """Who is on line, locked, so that none of them leaves between the look and the handing out. Five queries."""
        require_transaction()
        on_line = ShiftPeriod.objects.filter(state=ShiftPeriod.State.ON, ended_at__isnull=True).values("user")
        people = User.objects.filter(pk__in=on_line, is_active=True, role=Role.OPERATOR)
        locked = {user.pk: user for user in people.order_by("pk").select_for_update(no_key=True)}
        # Who went off while we waited for the lock is not among them any more.
        still = set(on_line.filter(user__in=locked).values_list("user", flat=True))
        present = {pk: user for pk, user in locked.items() if pk in still}
        loads = Lead.objects.in_work().filter(responsible__in=present).order_by().values_list("responsible")
        teams: dict[int, set[int]] = {}
        for source, operator in Source.operators.through.objects.values_list("source", "user"):
            teams.setdefault(source, set()).add(operator)
        return cls(
            limits={pk: policy.limit if user.lead_limit is None else user.lead_limit for pk, user in present.items()},
            open_leads={**dict.fromkeys(present, 0), **dict(loads.annotate(count=Count("pk")))},
            teams={source: frozenset(operators) for source, operators in teams.items()},
            names=present,
        )

    def candidates(self, lead: Lead) -> list[int]:
        """Who may get `lead`, fewest open leads first; who has passed it by comes last."""
        team = self.teams.get(lead.source_id)
        free = [pk for pk, count in self.open_leads.items() if count < self.limits[pk] and (team is None or pk in team)]
        return sorted(free, key=lambda pk: (pk == lead.passed_by_id, self.open_leads[pk], pk))

    def give(self, lead: Lead, operator: int, *, at: datetime) -> None:
        """Make `operator` the responsible of a locked lead and tell them."""
        lead.responsible = self.names[operator]
        lead.handed_at, lead.passed_by = at, None
        self.open_leads[operator] += 1
        note(Event.Kind.RESPONSIBLE, at=at, lead_id=lead.pk, new=operator)
        follow_responsible(lead)
        lead.save()
        mark("lead", lead.pk)
        key = f"lead:{lead.pk}:{at.isoformat()}"
        tell([operator], NoticeKind.NEW_LEAD, key=key, at=at, lead_id=lead.pk, name=lead.name)


def _policy() -> DistributionPolicy:
    """The policy, locked: one distribution at a time, since each counts the others' leads."""
    require_transaction()
    return DistributionPolicy.objects.select_for_update().get_or_create(pk=1)[0]


@verb
def hand_out() -> int:
    """Give the leads of the pool, the oldest first, to the operators on line. Returns how many were given.

    A lead that somebody is just working is left alone. With nobody on line the managers hear of it, once until
    somebody has been on line again.
    """
    at = clock.now()
    policy = _policy()
    if not policy.active:
        return 0
    line = Line.read_and_hold(policy)
    pool = Lead.objects.originals().in_work().filter(responsible__isnull=True)
    if not line.names:
        _tell_nobody_is_on_line(waiting=pool.count(), at=at)
        return 0
    given = 0
    waiting = pool.order_by("created_at", "pk").select_for_update(of=("self",), no_key=True, skip_locked=True)
    for lead in waiting.select_related("contact")[:AT_ONCE]:
        candidates = line.candidates(lead)
        if candidates:
            line.give(lead, candidates[0], at=at)
            given += 1
    return given


def _tell_nobody_is_on_line(*, waiting: int, at: datetime) -> None:
    if waiting:
        last_shift = ShiftPeriod.objects.aggregate(last=Max("pk"))["last"] or 0
        tell(managers(), NoticeKind.NOBODY_ON_LINE, key=f"nobody:{last_shift}", at=at, count=waiting)


@verb
def pass_on() -> int:
    """Take back leads that were handed out and not worked for the policy's minutes, if another may have them.

    Only the client's calling hours count, and whom the operator is calling just now is theirs. Returns how many went
    back to the pool; `hand_out` gives them on.
    """
    at = clock.now()
    policy = _policy()
    if not policy.active or policy.return_after_minutes is None:
        return 0
    patience = timedelta(minutes=policy.return_after_minutes)
    line = Line.read_and_hold(policy)
    hours = CallingHours.current().as_hours()
    late = Lead.objects.in_work().filter(handed_at__lte=at - patience).order_by("handed_at", "pk")
    leads = late.select_related("contact").select_for_update(of=("self",), no_key=True, skip_locked=True)[:AT_ONCE]
    held = _held(leads, at=at)
    passed = 0
    for lead in leads:
        assert lead.handed_at is not None
        others = [pk for pk in line.candidates(lead) if pk != lead.responsible_id]
        waited = open_time_between(lead.handed_at, at, lead.zone, hours)
        if others and waited >= patience and lead.pk not in held:
            _take_back(lead, at=at)
            passed += 1
    return passed


def _held(leads: Iterable[Lead], *, at: datetime) -> set[int]:
    """Which of the leads are held by their own responsible. One query."""
    holds = Hold.objects.filter(lead__in=[lead.pk for lead in leads], expires_at__gt=at).values_list("lead", "user")
    responsible = {lead.pk: lead.responsible_id for lead in leads}
    return {lead for lead, user in holds if responsible[lead] == user}


def _take_back(lead: Lead, *, at: datetime) -> None:
    had = lead.responsible_id
    lead.passed_by_id, lead.responsible, lead.handed_at = had, None, None
    note(Event.Kind.RESPONSIBLE, at=at, lead_id=lead.pk, old=had or "", passed_by=True)
    follow_responsible(lead)
    lead.save()
    mark("lead", lead.pk)
    if had is not None:
        key = f"away:{lead.pk}:{at.isoformat()}"
        tell([had], NoticeKind.TAKEN_AWAY, key=key, at=at, lead_id=lead.pk, name=lead.name)
