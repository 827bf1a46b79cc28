"""Who is calling whom: a client held for one colleague for some minutes, and clients put aside in a queue.

A hold keeps a client out of other people's queues. It locks nothing: whoever opens the card may still work it
(`ux.md` 7). What a queue is, the leads know.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from crm.transactions import require_transaction, verb
from team.models import Hold, Skip, User

HELD_FOR = timedelta(minutes=15)
PUT_ASIDE_FOR = timedelta(minutes=30)  # a client who was skipped


def take_hold(lead_id: int, *, by: User, at: datetime) -> bool:
    """Hold a client for `by` from `at` on, or renew it; whom they held before becomes free. False: another holds them.

    Two at once are settled by the unique index: the later one waits for the first and gets False.
    """
    require_transaction()
    Hold.objects.filter(user=by).exclude(lead_id=lead_id).delete()
    Hold.objects.filter(lead_id=lead_id, expires_at__lte=at).exclude(user=by).delete()
    until = at + HELD_FOR
    Hold.objects.bulk_create([Hold(user=by, lead_id=lead_id, since=at, expires_at=until)], ignore_conflicts=True)
    return Hold.objects.filter(user=by, lead_id=lead_id).update(expires_at=until) == 1


@verb
def renew_hold(lead_id: int, *, by: User, at: datetime) -> datetime | None:
    """Go on holding a client whom `by` holds. Returns until when (UTC), None if it is not theirs now."""
    until = at + HELD_FOR
    renewed = Hold.objects.filter(user=by, lead_id=lead_id, expires_at__gt=at).update(expires_at=until)
    return until if renewed else None


@verb
def free_holds(user_id: int) -> None:
    """Let go of the client whom a colleague holds: on a break, at the end of the shift, on sign-out."""
    Hold.objects.filter(user_id=user_id).delete()


def free(lead_id: int, *, by: User | None) -> None:
    """`by` has saved something about the client: whoever is next may have them."""
    require_transaction()
    if by is not None:
        Hold.objects.filter(user=by, lead_id=lead_id).delete()


def held_by(user: User, *, at: datetime) -> Hold | None:
    """The client whom a colleague holds at `at`. One query."""
    return Hold.objects.filter(user=user, expires_at__gt=at).first()


def holder_of(lead_id: int, *, at: datetime) -> Hold | None:
    """Who holds a client at `at`, with the colleague. One query."""
    return Hold.objects.filter(lead_id=lead_id, expires_at__gt=at).select_related("user").first()


def take_up(lead_id: int, *, by: User) -> None:
    """The client whom `by` has put aside belongs to their queue again."""
    require_transaction()
    Skip.objects.filter(user=by, lead_id=lead_id).delete()


def put_aside(lead_id: int, *, by: User, at: datetime, wait: timedelta = PUT_ASIDE_FOR) -> datetime:
    """Let go of a client and leave them out of the queue of `by` for a while. Returns until when (UTC)."""
    require_transaction()
    until = at + wait
    free(lead_id, by=by)
    Skip.objects.update_or_create(user=by, lead_id=lead_id, defaults={"until": until})
    return until
