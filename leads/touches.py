"""Recording touches: attempts to reach a client, or theirs to reach us, with what they do to tasks and status.

A touch and the move that follows from it are one change; the move itself is made in `leads/actions.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from crm import clock
from crm.errors import Invalid, Refused
from crm.transactions import require_transaction, verb
from deals.models import Deal
from leads.access import lock_workable
from leads.actions import enter, move_locked, take_if_free
from leads.models import Lead, Touch
from leads.pipeline import SIGNED, JunkReason, Move, Status
from leads.touch_policy import REACHED, Channel, Direction, Outcome
from leads.traces import tracing
from outbox.actions import mark_all
from tasks.actions import call_again, cancel, complete_oldest, plan_following, put_off, stop_cadence
from tasks.models import Kind
from team.holds import free
from team.models import ApiKey, User
from team.roles import Right, may

BACKDATING = timedelta(hours=24)
TRY_AGAIN = timedelta(minutes=30)
"""A meeting that could not be confirmed by a call is tried again after so long."""
OF_MEETING = (Kind.SEND_ADDRESS, Kind.CONFIRM_MEETING)


@dataclass(frozen=True)
class NewTouch:
    """A touch as it is told: codes of `touch_policy`, `at` None for now."""

    channel: str
    outcome: str
    direction: str = Direction.OUTGOING
    at: datetime | None = None
    comment: str = ""
    recording_url: str = ""
    external_id: str = ""
    sends_address: bool = False  # the message that «Отправить адрес» asks for


@dataclass(frozen=True)
class LoggedTouch:
    touch: Touch
    created: bool  # False: the same external_id was recorded before


@verb
def log_touch(
    lead_id: int, new: NewTouch, *, by: User | None, key: ApiKey | None = None, then: Move | None = None
) -> LoggedTouch:
    """Record an attempt to reach the client (or theirs to reach us), and the move that followed from it, if any.

    A `new` lead goes to `dialing` unless `then` takes it further. The open task that the touch fulfils is finished;
    an unanswered one plans the next step of the cadence. With `key`, an `external_id` is recorded once.
    Raises Lead.DoesNotExist, Forbidden, Invalid, Refused `duplicate_is_frozen` and what `change_status` raises.
    """
    now = clock.now()
    if key is not None and new.external_id:
        known = Touch.objects.filter(api_key=key, external_id=new.external_id).first()
        if known:
            return LoggedTouch(known, created=False)
    lead = lock_workable(lead_id, by=by)
    with tracing(lead, by=by if key is None else None) as trace:
        trace.touch = touch_locked(lead, new, by=by, key=key, then=then, now=now)
    return LoggedTouch(trace.touch, created=True)


def touch_locked(
    lead: Lead, new: NewTouch, *, by: User | None, now: datetime, key: ApiKey | None = None, then: Move | None = None
) -> Touch:
    """Record a touch on a locked lead, with what follows from it."""
    require_transaction()
    at = new.at or now
    _check_touch(lead, new, at=at, by=by, key=key, now=now)
    touch = Touch.objects.create(
        lead=lead,
        channel=new.channel,
        direction=new.direction,
        outcome=new.outcome,
        at=at,
        comment=new.comment,
        recording_url=new.recording_url,
        external_id=new.external_id,
        api_key=key,
        by=by,
        created_at=now,
    )
    take_if_free(lead, by=by, at=now)
    lead.handed_at = lead.passed_by = None
    missed = new.channel == Channel.CALL and new.direction == Direction.INCOMING and new.outcome not in REACHED
    if missed and lead.status != Status.JUNK:
        lead.missed_call_at = at
    elif not missed:
        lead.missed_call_at = None
    lead.touches_count += 1
    lead.first_touch_at = min(lead.first_touch_at or at, at)
    lead.last_touch_at = max(lead.last_touch_at or at, at)
    if new.outcome == Outcome.NO_SHOW and lead.no_show_at is None:
        lead.no_show_at = at
    lead.save()
    _settle_tasks(lead, new, by=by, at=now, then=then)
    if missed:
        _call_back_missed(lead, at=now)
    free(lead.pk, by=by)
    mark_all([("touch", touch.pk), ("lead", lead.pk)])
    return touch


def _settle_tasks(lead: Lead, new: NewTouch, *, by: User | None, at: datetime, then: Move | None) -> None:
    """What a touch does to tasks and status."""
    # A missed call of the client's is a touch, but nobody has got in contact by it.
    ours = new.direction == Direction.OUTGOING
    kind = Touch.TASK_KINDS.get(Channel(new.channel)) if ours or new.outcome in REACHED else None
    if kind:
        complete_oldest(lead.pk, kind, at=at, zone=lead.zone, by=by)
    if lead.status == Status.MEETING:
        _settle_meeting(lead, new, by=by, at=at)
    if then is not None:
        move_locked(lead, then, by=by, at=at)
    elif lead.status == Status.NEW:
        # The touch that brings a lead into the cadence is its first step.
        enter(lead, Move(Status.DIALING), by=by, at=at, steps_done={kind: 1} if kind else {})
    elif new.outcome == Outcome.NO_SHOW:
        if not lead.do_not_call:
            call_again(lead_id=lead.pk, assignee_id=lead.responsible_id, at=at, zone=lead.zone)
    elif kind and new.outcome not in REACHED:
        plan_following(lead.as_stay(), kind, at=at)
    elif kind:
        # They have been reached: nobody goes on trying to reach them. What was agreed is the operator's to say.
        stop_cadence(lead.pk, at=at)


def _settle_meeting(lead: Lead, new: NewTouch, *, by: User | None, at: datetime) -> None:
    """What a touch does to the tasks of a booked meeting.

    Its address was sent, when the message was made for that; it is confirmed by whom we reached, by voice or in
    writing. A call in vain is made again a little later, as long as that is before the meeting. Who did not come is
    neither sent the address nor asked to confirm any more.
    """
    if new.sends_address:
        complete_oldest(lead.pk, Kind.SEND_ADDRESS, at=at, zone=lead.zone, by=by)
    if new.outcome in REACHED and new.channel != Channel.OFFICE:
        while complete_oldest(lead.pk, Kind.CONFIRM_MEETING, at=at, zone=lead.zone, by=by):
            pass  # of the day before and of two hours before: both may be due, and one word answers both
    elif new.outcome == Outcome.NO_SHOW:
        cancel(Q(lead_id=lead.pk, kind__in=OF_MEETING, automatic=True), at=at, by=by)
    elif new.channel == Channel.CALL and new.direction == Direction.OUTGOING:
        put_off(lead.pk, Kind.CONFIRM_MEETING, at=at, wait=TRY_AGAIN, before=lead.meeting_at, zone=lead.zone)


def _call_back_missed(lead: Lead, *, at: datetime) -> None:
    """The client called in vain: they are called back now, by whoever has to do with them."""
    if lead.do_not_call or lead.status == Status.JUNK:
        return
    if lead.status in SIGNED:
        deal = Deal.objects.get(lead_id=lead.pk)
        call_again(deal_id=deal.pk, assignee_id=deal.responsible_id, at=at, zone=lead.zone)
    else:
        call_again(lead_id=lead.pk, assignee_id=lead.responsible_id, at=at, zone=lead.zone)


def _check_touch(
    lead: Lead, new: NewTouch, *, at: datetime, by: User | None, key: ApiKey | None, now: datetime
) -> None:
    if (
        lead.junk_reason == JunkReason.NO_ANSWER
        and new.outcome in REACHED
        and lead.opened_at <= at
        and at <= lead.status_changed_at
    ):
        raise Refused("no_answer_stands", _said_that_nobody_was_reached(lead), allowed=[])
    wrong: dict[str, str] = {}
    for name, value, codes in (
        ("channel", new.channel, Channel.values),
        ("direction", new.direction, Direction.values),
        ("outcome", new.outcome, Outcome.values),
    ):
        if value not in codes:
            wrong[name] = _("One of: %(words)s") % {"words": ", ".join(codes)}
    if at > now:
        wrong["at"] = _("A touch cannot be in the future")
    elif at < lead.created_at:
        wrong["at"] = _("A touch cannot be before the lead arrived")
    elif at < now - BACKDATING and not (may(by, Right.BACKDATE_FREELY) or (key and key.kind == ApiKey.Kind.INTAKE)):
        wrong["at"] = _("A touch can be entered up to 24 hours later")
    if new.outcome == Outcome.NO_SHOW:
        if new.channel != Channel.OFFICE:
            wrong["outcome"] = _("“Did not come” belongs to the office")
        elif lead.status != Status.MEETING:
            wrong["outcome"] = _("“Did not come” is for a lead with a meeting")
    if wrong:
        raise Invalid(wrong)


def _said_that_nobody_was_reached(lead: Lead) -> str:
    """A conversation before the closing would make «Недозвон» untrue; the two never stand together."""
    return _(
        "The lead was closed as “Could not reach” at %(time)s. To record an earlier conversation, the head of the call"
        " centre reopens the lead first."
    ) % {"time": timezone.localtime(lead.status_changed_at).strftime("%d.%m.%Y, %H:%M")}
