"""Whom an operator calls next, and why (`domain.md`, Tasks): one set of tasks in one order, less what others hold.

An offer is a task that is due, on a lead in work which the operator sees, at an hour of the client's when they may be
called. Taking the next one holds the client, so that no two operators are handed the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Case, DateTimeField, Exists, F, IntegerChoices, IntegerField, OuterRef, Q, Value, When
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from contacts.zones import zone_names
from crm import clock
from crm.errors import Invalid, Refused
from crm.text import clean
from crm.transactions import require_transaction, verb
from history.actions import note
from history.models import Event
from leads.access import lock_workable
from leads.models import Lead
from leads.pipeline import CLOSED, OPEN, Status
from tasks import worktime
from tasks.models import CallingHours, Kind, Task, TaskQuerySet
from tasks.worktime import Hours, is_open
from team.actions import OFF, shift_state
from team.holds import free_holds, held_by, holder_of, put_aside, take_hold
from team.models import Hold, ShiftPeriod, Skip, User

AT_ONCE = 20  # offers looked at in one go; whom others took meanwhile are not in the next
SHOWN = 50
STEPS = (Kind.CONTACT_CLIENT, Kind.WRITE_MESSENGER)  # of a lead that is being dialled


class Reason(IntegerChoices):
    """Why a client is offered, in the order in which clients are offered."""

    MISSED_CALL = 1, _("Missed call from the client")
    PROMISED = 2, _("Promised call")
    NEW = 3, _("New lead")
    REPEAT = 4, _("Repeat application")
    MEETING = 5, _("Meeting to confirm")
    CADENCE = 6, _("Next touch")
    POSTPONED = 7, _("Decision postponed")
    OVERDUE = 8, _("Task due")

    @property
    def code(self) -> str:
        """The reason for programs: `missed_call`, `promised`, …"""
        return self.name.lower()


@dataclass(frozen=True)
class Offer:
    """A client to be called: the task that says so, with its lead, and why it comes now. `since` is UTC."""

    task: Task
    reason: Reason
    since: datetime

    @property
    def lead(self) -> Lead:
        assert self.task.lead is not None
        return self.task.lead


def _tasks_of(user: User) -> TaskQuerySet:
    """The open tasks on leads in work that are this operator's or nobody's. Nobody who asked not to be called.

    A duplicate is junk, so it is not in work.
    """
    theirs = Q(lead__responsible=user) | Q(lead__responsible__isnull=True)
    return Task.objects.open().filter(
        theirs, lead__status__in=OPEN, lead__contact__isnull=False, lead__contact__do_not_call_at__isnull=True
    )


def offers(user: User, *, at: datetime, hours: Hours | None = None) -> TaskQuerySet:
    """What may be handed to `user` at `at`, the most urgent first, as tasks with `reason` and `since`.

    A lead with several due tasks appears once for each; the first counts. Without `hours` they are read (two queries).
    """
    held = Hold.objects.filter(lead=OuterRef("lead"), expires_at__gt=at).exclude(user=user)
    skipped = Skip.objects.filter(lead=OuterRef("lead"), user=user, until__gt=at)
    zones = open_zones(at, hours or CallingHours.current().as_hours())
    due = _tasks_of(user).filter(~Exists(held), ~Exists(skipped), due_at__lte=at, lead__client_zone__in=zones)
    return due.annotate(reason=_reason(), since=_since()).order_by("reason", "since", "lead_id", "pk")


def _reason() -> Case:
    contact = Q(kind=Kind.CONTACT_CLIENT)
    return Case(
        When(contact & Q(lead__missed_call_at__isnull=False), then=Value(Reason.MISSED_CALL)),
        When(promised=True, then=Value(Reason.PROMISED)),
        When(lead__status=Status.NEW, lead__first_touch_at__isnull=True, then=Value(Reason.NEW)),
        When(repeat=True, then=Value(Reason.REPEAT)),
        When(kind__in=(Kind.CONFIRM_MEETING, Kind.SEND_ADDRESS), then=Value(Reason.MEETING)),
        # Steps of the cadence, and the repeated call after a busy line.
        When(lead__status=Status.DIALING, kind__in=STEPS, then=Value(Reason.CADENCE)),
        When(contact & Q(lead__status=Status.POSTPONED), then=Value(Reason.POSTPONED)),
        default=Value(Reason.OVERDUE),
        output_field=IntegerField(),
    )


def _since() -> Case:
    """What the order within a reason goes by: a new lead's arrival, a missed call's moment, else the due time."""
    return Case(
        When(kind=Kind.CONTACT_CLIENT, lead__missed_call_at__isnull=False, then=F("lead__missed_call_at")),
        When(lead__status=Status.NEW, lead__first_touch_at__isnull=True, then=F("lead__created_at")),
        default=F("due_at"),
        output_field=DateTimeField(),
    )


def open_zones(at: datetime, hours: Hours) -> list[str]:
    """The names of the zones whose clients may be called at `at`; an empty name stands for the firm's."""
    return list(_open_zones(at.replace(second=0, microsecond=0), hours))


@lru_cache(maxsize=16)
def _open_zones(minute: datetime, hours: Hours) -> tuple[str, ...]:
    names = [name for name in zone_names() if is_open(minute, ZoneInfo(name), hours)]
    firm = settings.TIME_ZONE
    if is_open(minute, ZoneInfo(firm), hours):
        names += ["", firm]
    return tuple(names)


def queue(user: User, *, at: datetime, hours: Hours | None = None, limit: int = SHOWN) -> list[Offer]:
    """The clients that wait for `user` now, each once, in order. One query, and two for the hours if not given."""
    return _once(_with_lead(offers(user, at=at, hours=hours))[: limit * 2])[:limit]


def later_today(user: User, *, at: datetime, until: datetime, limit: int = SHOWN) -> list[Task]:
    """What falls due after `at` and before `until`: to be seen, not to be offered. One query."""
    return list(_with_lead(_tasks_of(user).filter(due_at__gt=at, due_at__lt=until).order_by("due_at", "pk"))[:limit])


def next_of(user: User, *, at: datetime) -> Task | None:
    """The task that falls due first after `at`, on whatever day. One query."""
    return _with_lead(_tasks_of(user).filter(due_at__gt=at).order_by("due_at", "pk")).first()


def offer_for(lead_id: int, user: User, *, at: datetime, hours: Hours | None = None) -> Offer | None:
    """Why `user` is to call this client now; None if nothing says so."""
    found = _once(_with_lead(offers(user, at=at, hours=hours).filter(lead_id=lead_id))[:1])
    return found[0] if found else None


def _with_lead(tasks: TaskQuerySet) -> TaskQuerySet:
    lead = ("lead__contact", "lead__source", "lead__responsible", "lead__office", "lead__deal__stage")
    return tasks.select_related("assignee", *lead)


def _once(tasks: Iterable[Task]) -> list[Offer]:
    seen: dict[int | None, Offer] = {}
    for task in tasks:
        seen.setdefault(task.lead_id, Offer(task, Reason(task.reason), task.since))  # type: ignore[attr-defined]
    return list(seen.values())


def _require_on_line(user: User) -> None:
    """Raise Refused `not_on_line`. The colleague's row stays locked, so that a break and this wait for each other."""
    require_transaction()
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    state = shift_state(user.pk)
    if state != ShiftPeriod.State.ON:
        said = _t("You are on a break. Go back on line to get the next client.")
        raise Refused("not_on_line", _t("Go on line to get clients.") if state == OFF else said)


@verb
def next_client(*, by: User) -> Offer | None:
    """Hand `by` the next client and hold them; None when nobody is to be called now.

    Whom `by` holds already is answered again, as long as there is something to do for them. Raises Refused
    `not_on_line` on a break and off line.
    """
    at = clock.now()
    _require_on_line(by)
    hours = CallingHours.current().as_hours()
    held = held_by(by, at=at)
    if held is not None and (offer := offer_for(held.lead_id, by, at=at, hours=hours)):
        take_hold(held.lead_id, by=by, at=at)
        return offer
    tried: set[int | None] = set()
    while True:
        ids = offers(by, at=at, hours=hours).exclude(lead__in=tried).values_list("lead_id", flat=True)[:AT_ONCE]
        candidates = list(dict.fromkeys(ids))
        if not candidates:
            free_holds(by.pk)
            return None
        for lead_id in candidates:
            tried.add(lead_id)
            # Since the list was read somebody may have held the client, saved and gone: look once more.
            if take_hold(lead_id, by=by, at=at) and (offer := offer_for(lead_id, by, at=at, hours=hours)):
                return offer


@verb
def choose_client(lead_id: int, *, by: User) -> Offer | None:
    """Hold a client whom `by` picked from the queue; None if there is nothing to do for them just now.

    Raises Lead.DoesNotExist if they are not theirs to see, Refused `not_on_line`, `not_in_work` for a lead that is
    closed or a duplicate, `held` naming the colleague who holds them.
    """
    at = clock.now()
    _require_on_line(by)
    lead = Lead.objects.visible_to(by).select_related("contact").get(pk=lead_id)
    if lead.is_duplicate or lead.status in CLOSED:
        raise Refused("not_in_work", _t("Lead № %(id)s is not in work any more.") % {"id": lead_id})
    if not take_hold(lead_id, by=by, at=at):
        holder = holder_of(lead_id, at=at)
        name = str(holder.user) if holder else _t("A colleague")
        raise Refused("held", _t("%(name)s took this lead. Here is the next one.") % {"name": name})
    return offer_for(lead_id, by, at=at)


@verb
def skip(lead_id: int, reason: str, *, by: User) -> datetime:
    """Put a client aside in one's own queue for a while, with a reason in words. Returns until when (UTC).

    Raises Lead.DoesNotExist, Forbidden, Invalid without a reason, Refused `duplicate_is_frozen`.
    """
    at = clock.now()
    reason = clean(reason, limit=200)
    if not reason:
        raise Invalid({"reason": _t("Say why the client is skipped")})
    lead = lock_workable(lead_id, by=by)
    note(Event.Kind.SKIPPED, at=at, by=by, lead_id=lead.pk, comment=reason)
    return put_aside(lead.pk, by=by, at=at)


def end_of_day(at: datetime) -> datetime:
    """Midnight after `at` on the firm's clocks, as the end of "today"."""
    return worktime.end_of_day(at, ZoneInfo(settings.TIME_ZONE))
