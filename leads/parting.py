"""A call that ends after its client was handed over to a colleague: the touch is still recorded (`ux.md` 7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from crm import clock
from crm.transactions import verb
from history.models import Event
from leads.access import lock_lead, refuse_duplicate, require_call_centre
from leads.models import Lead, Touch
from leads.touch_policy import Channel
from leads.touches import LoggedTouch, NewTouch, touch_locked
from leads.traces import tracing
from team.models import Hold, User

LATELY = timedelta(minutes=30)
AT_ONCE = timedelta(seconds=60)


def lately_theirs(lead_id: int, user: User, *, at: datetime) -> Lead:
    """A lead that was handed over while `user` had it before them. Three queries at most.

    Raises Lead.DoesNotExist unless it is somebody else's now, and `user` holds the client or has had the lead lately.
    """
    lead = Lead.objects.with_card().exclude(responsible=user).get(pk=lead_id, responsible__isnull=False)
    handed = Event.objects.filter(lead_id=lead_id, kind=Event.Kind.RESPONSIBLE, at__gte=at - LATELY)
    if not Hold.objects.filter(user=user, lead_id=lead_id).exists() and not handed.filter(old=str(user.pk)).exists():
        raise Lead.DoesNotExist
    return lead


@verb
def log_parting_touch(lead_id: int, new: NewTouch, *, agreed: str, by: User) -> LoggedTouch:
    """Record the touch of who had the lead until it was handed over. What was `agreed` is kept in its comment.

    It moves nothing and promises nothing: that is now the colleague's to do. Raises Lead.DoesNotExist as
    `lately_theirs` does, Forbidden, Invalid, Refused `duplicate_is_frozen`.
    """
    now = clock.now()
    lead = lock_lead(lead_id, by=None)
    require_call_centre(by)
    lately_theirs(lead_id, by, at=now)
    refuse_duplicate(lead)
    told = replace(new, comment="\n".join(filter(None, (new.comment, agreed))))
    with tracing(lead, by=by) as trace:
        trace.touch = touch_locked(lead, told, by=by, now=now)
    return LoggedTouch(trace.touch, created=True)


def call_beside(touch: Touch) -> Touch | None:
    """The call of a colleague to the same client, recorded within a minute before this one. One query, or none."""
    if touch.channel != Channel.CALL or touch.by_id is None:
        return None
    since = touch.created_at - AT_ONCE
    calls = Touch.objects.filter(lead_id=touch.lead_id, channel=Channel.CALL, created_at__gte=since)
    return calls.exclude(by=touch.by_id).exclude(by=None).select_related("by").order_by("-created_at", "-pk").first()
