"""What people write down about a lead beside its moves and touches: comments, and calls promised to the client."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from crm import clock
from crm.errors import Invalid
from crm.text import clean
from crm.transactions import verb
from history.actions import note
from history.models import Event
from leads.access import lock_workable
from leads.applications import COMMENT
from leads.foresight import busy_again_at
from leads.models import Lead, Touch
from leads.pipeline import CLOSED, Move, wrong_moment
from leads.touch_policy import Channel, Direction, Outcome
from leads.touches import LoggedTouch, NewTouch, touch_locked
from leads.traces import tracing
from tasks.actions import Catalogue, add, cancel
from tasks.models import CallingHours, Kind, Task
from tasks.worktime import fit, is_open, start_of_day
from team.models import User

BUSY_CALL = {"channel": Channel.CALL, "direction": Direction.OUTGOING, "outcome": Outcome.BUSY}


@verb
def comment(lead_id: int, text: str, *, by: User) -> Event:
    """Write a comment into the history of a lead. Comments only add, so they never conflict.

    Raises Lead.DoesNotExist, Forbidden, Invalid, Refused `duplicate_is_frozen`.
    """
    lead = lock_workable(lead_id, by=by)
    text = clean(text, limit=COMMENT, multiline=True)
    if not text:
        raise Invalid({"text": _("Write the comment")})
    return note(Event.Kind.COMMENT, at=clock.now(), by=by, lead_id=lead.pk, comment=text)


@verb
def log_conversation(
    lead_id: int, new: NewTouch, *, by: User, then: Move | None = None, call_back_at: datetime | None = None
) -> LoggedTouch:
    """Record a touch and what was agreed in it: a move, or a call promised for `call_back_at` (aware).

    The promised call takes the place of the automatic one, which the client does not wait for. A repeat application's
    task stays. Raises what `log_touch` raises; Invalid if that time cannot be, or the lead is closed.
    """
    now = clock.now()
    lead = lock_workable(lead_id, by=by)
    with tracing(lead, by=by) as trace:
        trace.touch = touch_locked(lead, new, by=by, then=then, now=now)
        if call_back_at is not None:
            _promise(lead, call_back_at, by=by, at=now)
    return LoggedTouch(trace.touch, created=True)


@verb
def log_busy(lead_id: int, new: NewTouch, *, by: User) -> LoggedTouch:
    """Record a call that found the line busy, and set the next one: in 20 minutes, at most twice on a client's day.

    Beside it the cadence goes on as after an unanswered call. Raises what `log_touch` raises; Invalid if the lead is
    closed.
    """
    now = clock.now()
    lead = lock_workable(lead_id, by=by)
    with tracing(lead, by=by) as trace:
        trace.touch = touch_locked(lead, new, by=by, now=now)
        if lead.status in CLOSED:
            raise Invalid({"outcome": _("This lead is closed: nobody calls it back.")})
        if not lead.do_not_call:
            _call_again_soon(lead, trace.touch, by=by, at=now)
    return LoggedTouch(trace.touch, created=True)


def _call_again_soon(lead: Lead, touch: Touch, *, by: User, at: datetime) -> None:
    planned = Task.objects.open().filter(lead_id=lead.pk, kind=Kind.CONTACT_CLIENT).exists()
    before = lead.touches.exclude(pk=touch.pk).filter(at__gte=start_of_day(at, lead.zone), **BUSY_CALL).count()
    again = busy_again_at(lead, Catalogue.read(lead.status), busy_before=before, planned=planned, at=at)
    if again is not None:
        assignee = lead.responsible_id or by.pk
        add(lead_id=lead.pk, due_at=again, assignee_id=assignee, by=by, at=at, kind=Kind.CONTACT_CLIENT)


def _night(earliest: datetime, lead: Lead) -> str:
    """«У клиента будет ночь. Ближайшее время — …», on the client's clock."""
    return _("The client is not called at that time. The earliest: %(time)s, their time.") % {
        "time": earliest.astimezone(lead.zone).strftime("%d.%m.%Y, %H:%M")
    }


def _promise(lead: Lead, call_back_at: datetime, *, by: User, at: datetime) -> Task:
    """Set the promised call, in the place of the automatic one. Raises Invalid if that time cannot be."""
    if lead.status in CLOSED:
        raise Invalid({"call_back_at": _("This lead is closed: nobody calls it back.")})
    if said := wrong_moment(call_back_at, at):
        raise Invalid({"call_back_at": said})
    hours = CallingHours.current().as_hours()
    if not is_open(call_back_at, lead.zone, hours):
        raise Invalid({"call_back_at": _night(fit(call_back_at, lead.zone, hours), lead)})
    superseded = Q(lead_id=lead.pk, kind=Kind.CONTACT_CLIENT, automatic=True, repeat=False)
    cancel(superseded, at=at, by=by)
    assignee = lead.responsible_id or by.pk
    kind = Kind.CONTACT_CLIENT
    return add(lead_id=lead.pk, due_at=call_back_at, assignee_id=assignee, by=by, at=at, kind=kind, promised=True)
