"""What is done about people: giving and withdrawing keys, going on and off line."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta

from django.db import OperationalError
from django.utils.translation import gettext as _

from crm import clock
from crm.errors import Invalid
from crm.transactions import verb
from team.models import ApiKey, ShiftPeriod, User

OFF = "off"
USE_NOTED_EVERY = timedelta(minutes=1)
SHIFT_STATES = (*ShiftPeriod.State.values, OFF)


@verb
def issue_key(user_id: int, *, kind: str = ApiKey.Kind.FULL, name: str = "") -> tuple[ApiKey, str]:
    """Give `user_id` a new key. Returns it with its secret, which cannot be had again."""
    key, plain = ApiKey.draft(user=User.objects.get(pk=user_id), kind=kind, name=name)
    key.save()
    return key, plain


@verb
def revoke_key(key_id: int) -> None:
    """Withdraw a key for good; it stays listed. Repeating it changes nothing."""
    ApiKey.objects.filter(pk=key_id, revoked_at__isnull=True).update(revoked_at=clock.now())


@verb
def set_shift(user_id: int, state: str) -> str:
    """Go `on` line, on a `break` or `off`. Returns the state; setting the same again is no change.

    Raises Invalid for another word.
    """
    if state not in SHIFT_STATES:
        raise Invalid({"state": _("One of: %(words)s") % {"words": ", ".join(SHIFT_STATES)}})
    User.objects.select_for_update().get(pk=user_id)  # two tabs pressing at once must not open two periods
    now = clock.now()
    current = ShiftPeriod.objects.filter(user_id=user_id, ended_at__isnull=True).first()
    if (current.state if current else OFF) == state:
        return state
    if current:
        current.ended_at = now
        current.save(update_fields=["ended_at"])
    if state != OFF:
        ShiftPeriod.objects.create(user_id=user_id, state=state, started_at=now)
    return state


def shift_state(user_id: int) -> str:
    """`on`, `break` or `off`. One query."""
    current = ShiftPeriod.objects.filter(user_id=user_id, ended_at__isnull=True).values_list("state", flat=True).first()
    return current or OFF


def note_use(key: ApiKey, *, at: datetime) -> None:
    """Remember that a key was used, at most once a minute: a busy landing page must not write at every call."""
    if key.last_used_at is not None and at - key.last_used_at < USE_NOTED_EVERY:
        return
    # Not a verb: it joins no other change, and a busy database must not turn a call away because of it.
    with contextlib.suppress(OperationalError):
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=at)
