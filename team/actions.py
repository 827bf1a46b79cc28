"""What is done about people: giving and withdrawing keys, going on and off line, the profile and the password."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError
from django.utils.translation import gettext as _

from crm import clock
from crm.errors import Invalid
from crm.nudges import HAND_OUT, nudge
from crm.outages import is_outage
from crm.transactions import verb
from team.holds import free_holds
from team.models import ApiKey, ShiftPeriod, User

OFF = "off"
IMPORT = "import of files"
USE_NOTED_EVERY = timedelta(minutes=1)
PROFILE = ("name", "email", "language", "theme", "sound", "shortcuts")
SHIFT_STATES = (*ShiftPeriod.State.values, OFF)


@verb
def issue_key(
    user_id: int, *, kind: str = ApiKey.Kind.FULL, name: str = "", expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """Give `user_id` a new key. Returns it with its secret, which cannot be had again.

    Raises Invalid for a moment of expiry that is over.
    """
    if expires_at is not None and expires_at <= clock.now():
        raise Invalid({"expires_at": _("This moment is over")})
    key, plain = ApiKey.draft(user=User.objects.get(pk=user_id), kind=kind, name=name)
    key.expires_at = expires_at
    key.save()
    return key, plain


@verb
def import_key(*, by: User) -> ApiKey:
    """The key in whose name files are imported, so that their external ids are known again (`reliability.md` I02).

    There is one for all importers. It is withdrawn from the first and opens no door; nobody has its secret.
    """
    key = ApiKey.objects.filter(name=IMPORT, kind=ApiKey.Kind.INTAKE, revoked_at__isnull=False).order_by("pk").first()
    if key is None:
        key, _plain = ApiKey.draft(user=by, kind=ApiKey.Kind.INTAKE, name=IMPORT)
        key.revoked_at = clock.now()
        key.save()
    return key


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
    User.objects.select_for_update(no_key=True).get(pk=user_id)  # two tabs pressing at once must not open two periods
    now = clock.now()
    current = ShiftPeriod.objects.filter(user_id=user_id, ended_at__isnull=True).first()
    if (current.state if current else OFF) == state:
        return state
    if current:
        current.ended_at = now
        current.save(update_fields=["ended_at"])
    if state != ShiftPeriod.State.ON:
        free_holds(user_id)
    else:
        nudge(HAND_OUT)
    if state != OFF:
        ShiftPeriod.objects.create(user_id=user_id, state=state, started_at=now)
    return state


@verb
def edit_profile(user_id: int, changes: Mapping[str, Any]) -> User:
    """Change what a colleague says of themselves: fields of PROFILE (clean values). Returns them as they now are.

    Raises Invalid for an e-mail that another colleague has, since people sign in with it, or an unknown choice.
    """
    user = User.objects.select_for_update().get(pk=user_id)
    wanted = {name: changes[name] for name in PROFILE if name in changes}
    wrong = {
        name: _("One of: %(words)s") % {"words": ", ".join(known)}
        for name, known in (("language", User.Language.values), ("theme", User.Theme.values))
        if name in wanted and wanted[name] not in known
    }
    email = wanted.get("email", "")
    if email and User.objects.filter(email__iexact=email).exclude(pk=user.pk).exists():
        wrong["email"] = _("Another colleague has this e-mail")
    if wrong:
        raise Invalid(wrong)
    for name, value in wanted.items():
        setattr(user, name, value)
    user.save(update_fields=list(wanted))
    return user


@verb
def change_password(user_id: int, password: str) -> User:
    """Give a colleague a password that the settings' validators have passed. All their sessions end by it."""
    user = User.objects.select_for_update().get(pk=user_id)
    user.set_password(password)
    user.save(update_fields=["password"])
    return user


def shift_state(user_id: int) -> str:
    """`on`, `break` or `off`. One query."""
    current = ShiftPeriod.objects.filter(user_id=user_id, ended_at__isnull=True).values_list("state", flat=True).first()
    return current or OFF


def note_use(key: ApiKey, *, at: datetime) -> None:
    """Remember that a key was used, at most once a minute: a busy landing page must not write at every call."""
    if key.last_used_at is not None and at - key.last_used_at < USE_NOTED_EVERY:
        return
    # Not a verb: it joins no other change, and a busy database must not turn a call away because of it.
    try:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=at)
    except DatabaseError as error:
        if not is_outage(error):
            raise
