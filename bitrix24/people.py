"""Who of the portal's users is which colleague: found by e-mail, asked again after an hour when not found.

A row without an e-mail was chosen by an administrator and is never looked for.
"""

from __future__ import annotations

from datetime import timedelta

from bitrix24.models import Colleague
from bitrix24.outcomes import Refusal
from bitrix24.session import Session
from crm import clock
from outbox.delivery import Later
from team.models import User

AGAIN_AFTER = timedelta(hours=1)


def remote_user(session: Session, user: User | None) -> int | None:
    """The portal's user for a colleague, or None: then the portal keeps whom it has. At most one call."""
    if user is None:
        return None
    return session.once(("person", user.pk, user.email), lambda: _found(session, user))


def _found(session: Session, user: User) -> int | None:
    known = Colleague.objects.filter(user=user).first()
    now = clock.now()
    if known is not None and known.remote_id and not known.email:
        return known.remote_id
    if not user.email:
        return None
    if known is not None and known.email == user.email and (known.remote_id or now - known.looked_at < AGAIN_AFTER):
        return known.remote_id
    try:
        found = session.call("user.get", FILTER={"EMAIL": user.email, "ACTIVE": True})
    except (Refusal, Later):
        return None  # a webhook without the right to see users mirrors all the rest
    number = int(found[0]["ID"]) if found else None
    Colleague.objects.update_or_create(user=user, defaults={"remote_id": number, "email": user.email, "looked_at": now})
    return number
