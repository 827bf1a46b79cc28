"""Handing leads without a responsible to the operators on line, and on to another when nothing is done with them.

Fewest open leads first, within each operator's limit and the operators of the source (`domain.md`, Tasks). Both verbs
ask what there is to do now, so they may run twice, late or at once: the row of the policy is their common lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, Max, OuterRef
from django.utils.translation import gettext as _

from crm import clock
from crm.errors import Refused
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

AT_ONCE = 50  # leads of one run, which is one transaction and keeps others from writing on SQLite


@dataclass
class Line:
    """The operators on line: who may take a lead, and who is to."""

    people: Mapping[int, User]
    limits: Mapping[int, int]  # operator -> most open leads
    open_leads: dict[int, int]  # operator -> open leads
    teams: Mapping[int, frozenset[int]]  # source -> the only operators who get its leads

    @classmethod
    def read_and_hold(cls, policy: DistributionPolicy) -> Line:
        """Who is on line, locked, so that none of them leaves between the look and the handing out. Four queries.

        Taking the next client from the queue (`leads/queue.py`) locks the same rows: whom somebody holds is known.
        """
        require_transaction()
        on_line = ShiftPeriod.objects.filter(state=ShiftPeriod.State.ON, ended_at__isnull=True).values("user")
        people = User.objects.filter(pk__in=on_line, is_active=True, role=Role.OPERATOR)
        locked = {user.pk: user for user in people.order_by("pk").select_for_update(no_key=True)}
        # Who went off while we waited for the lock is not among them any more.
        still = set(on_line.filter(user__in=locked).values_list("user", flat=True))
        present = {pk: user for pk, user in locked.items() if pk in still}
        loads = Lead.objects.in_work().filter(responsible__in=present).order_by().values_list("responsible")
        return cls(
            people=present,
            limits={pk: policy.limit if user.lead_limit is None else user.lead_limit for pk, user in present.items()},
            open_leads={**dict.fromkeys(present, 0), **dict(loads.annotate(count=Count("pk")))},
            teams=_teams(),
        )

    def candidates(self, source_id: int, passed_by: int | None = None) -> list[int]:
        """Who may get a lead of that source, fewest open leads first; who has passed it by comes last."""
        team = self.teams.get(source_id)
        free = [pk for pk, count in self.open_leads.items() if count < self.limits[pk] and (team is None or pk in team)]
        return sorted(free, key=lambda pk: (pk == passed_by, self.open_leads[pk], pk))

    def give(self, lead: Lead, operator: int, *, at: datetime) -> None:
        """Make `operator` the responsible of a locked lead and tell them."""
        lead.responsible = self.people[operator]
        lead.handed_at, lead.passed_by = at, None
        self.open_leads[operator] += 1
        note(Event.Kind.RESPONSIBLE, at=at, lead_id=lead.pk, new=operator)
        follow_responsible(lead)
        lead.save()
        mark("lead", lead.pk)
        key = f"lead:{lead.pk}:{at.isoformat()}"
        tell([operator], NoticeKind.NEW_LEAD, key=key, at=at, lead_id=lead.pk, name=lead.name)


def _teams() -> dict[int, frozenset[int]]:
    """The operators of each source that has any; those who have left do not count. One query."""
    teams: dict[int, set[int]] = {}
    pairs = Source.operators.through.objects.filter(user__is_active=True, user__role=Role.OPERATOR)
    for source, operator in pairs.values_list("source", "user"):
        teams.setdefault(source, set()).add(operator)
    return {source: frozenset(operators) for source, operators in teams.items()}


def _policy() -> DistributionPolicy:
    """The policy, locked: one distribution at a time, since each counts the others' leads."""
    require_transaction()
    return DistributionPolicy.objects.select_for_update().get_or_create(pk=1)[0]


@verb
def hand_out() -> int:
    """Give the leads of the pool, the oldest first, to the operators on line. Returns how many were given.

    Whom somebody is just working or calling is left alone. With nobody on line the managers hear of it, once until
    somebody has been on line again.
    """
    at = clock.now()
    policy = _policy()
    if not policy.active:
        return 0
    line = Line.read_and_hold(policy)
    pool = Lead.objects.originals().in_work().filter(responsible__isnull=True)
    if not line.people:
        _tell_nobody_is_on_line(waiting=pool.count(), at=at)
        return 0
    # Leads that wait for a team of their own must not keep the younger ones of other sources waiting.
    nobody_free = [source for source in line.teams if not line.candidates(source)]
    pool = pool.filter(~Exists(Hold.objects.filter(lead=OuterRef("pk"), expires_at__gt=at)))
    pool = pool.exclude(source__in=nobody_free).order_by("created_at", "pk").select_related("contact")
    given = 0
    for lead in pool.select_for_update(of=("self",), no_key=True, skip_locked=True)[:AT_ONCE]:
        candidates = line.candidates(lead.source_id, lead.passed_by_id)
        if candidates:
            line.give(lead, candidates[0], at=at)
            given += 1
    return given


def operators_on_line() -> list[User]:
    """Among whom leads are shared out just now. One query."""
    on_line = ShiftPeriod.objects.filter(state=ShiftPeriod.State.ON, ended_at__isnull=True).values("user")
    return list(User.objects.filter(pk__in=on_line, is_active=True, role=Role.OPERATOR).order_by("name", "pk"))


def require_somebody_on_line() -> None:
    """Raise Refused `nobody_on_line` if no operator is, so that nothing is begun that everybody would refuse."""
    if not operators_on_line():
        raise _nobody_on_line()


def _nobody_on_line() -> Refused:
    return Refused("nobody_on_line", _("Nobody is on line. Leads are shared out among operators on line."), allowed=[])


@verb
def choose_operator(source_id: int, *, present: int | None) -> int:
    """Who gets a lead of that source when somebody shares leads out by hand; `present` has it now.

    By the rules of the product's own distribution, which waits meanwhile, but for the lead's present owner: theirs is
    not counted among their leads. Raises Refused `nobody_on_line` or `no_room`.
    """
    line = Line.read_and_hold(_policy())
    if not line.people:
        raise _nobody_on_line()
    if present in line.open_leads:
        line.open_leads[present] -= 1
    candidates = line.candidates(source_id)
    if not candidates:
        said = _("Nobody on line may take another lead of this source: their limits are reached, or it has others.")
        raise Refused("no_room", said, allowed=[])
    # Whoever has as few as anybody keeps the lead.
    fewest = line.open_leads[candidates[0]]
    return present if present in candidates and line.open_leads[present] == fewest else candidates[0]


def _tell_nobody_is_on_line(*, waiting: int, at: datetime) -> None:
    if waiting:
        last_shift = ShiftPeriod.objects.filter(state=ShiftPeriod.State.ON).aggregate(last=Max("pk"))["last"] or 0
        tell(managers(), NoticeKind.NOBODY_ON_LINE, key=f"nobody:{last_shift}", at=at, count=waiting)


@verb
def pass_on() -> int:
    """Take back leads that were handed out and not worked for the policy's minutes, if another may have them.

    Only the client's calling hours count; whom somebody is calling just now, and who asked not to be called, stays.
    Returns how many went back to the pool; `hand_out` gives them on.
    """
    at = clock.now()
    policy = _policy()
    if not policy.active or policy.return_after_minutes is None:
        return 0
    line = Line.read_and_hold(policy)
    late = _left_alone(timedelta(minutes=policy.return_after_minutes), at=at)
    passed = 0
    for lead in late:
        others = [pk for pk in line.candidates(lead.source_id) if pk != lead.responsible_id]
        if others and passed < AT_ONCE and _take_back(lead, minutes=policy.return_after_minutes, at=at):
            line.open_leads[others[0]] += 1  # no more are taken back than others have room for
            passed += 1
    return passed


def _left_alone(patience: timedelta, *, at: datetime) -> list[Lead]:
    """Leads handed out and not worked for so much of their calling hours, the longest first; not locked."""
    held = Hold.objects.filter(lead=OuterRef("pk"), expires_at__gt=at)
    handed = Lead.objects.in_work().filter(~Exists(held), handed_at__lte=at - patience)
    handed = handed.filter(contact__do_not_call_at__isnull=True).select_related("contact")
    hours = CallingHours.current().as_hours()
    return [
        lead
        for lead in handed.order_by("handed_at", "pk")
        if lead.handed_at and open_time_between(lead.handed_at, at, lead.zone, hours) >= patience
    ]


def _take_back(seen: Lead, *, minutes: int, at: datetime) -> bool:
    """Put a lead back into the pool; False if somebody is working it, or has worked it since it was seen."""
    had = seen.responsible_id
    rows = Lead.objects.filter(pk=seen.pk, handed_at=seen.handed_at, responsible=had).select_related("contact")
    lead = rows.select_for_update(of=("self",), no_key=True, skip_locked=True).first()
    if lead is None:
        return False
    lead.passed_by_id, lead.responsible, lead.handed_at = had, None, None
    note(Event.Kind.RESPONSIBLE, at=at, lead_id=lead.pk, old=had or "", passed_by=True, minutes=minutes)
    follow_responsible(lead)
    lead.save()
    mark("lead", lead.pk)
    if had is not None:
        key = f"away:{lead.pk}:{at.isoformat()}"
        tell([had], NoticeKind.TAKEN_AWAY, key=key, at=at, lead_id=lead.pk, name=lead.name)
    return True
