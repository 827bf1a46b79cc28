"""Who is in a lead's card at present, told to others who open it (`ux.md` 7). It blocks nobody.

Kept in the cache alone: a card that is opened or worked in notes its visitor there, and without a cache nobody is told.
What a lead is, this module does not know: whoever notes a visit has seen to it that the visitor may be there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache

from team.holds import holder_of
from team.models import Hold, User

LASTS = timedelta(minutes=2)  # after the last sign of life
Visits = dict[int, tuple[str, float]]  # colleague -> name, when (seconds since 1970)


@dataclass(frozen=True)
class Visitor:
    """A colleague who is there; `calls_since` while they hold the client, to call them."""

    pk: int
    name: str
    calls_since: datetime | None = None


def visit(lead_id: int, user: User, *, at: datetime) -> Visits:
    """Note that `user` does something in a card. Returns who has been there lately, them among others.

    Of two at one moment the later one may hide the other until their next sign of life.
    """
    visits = _visits(lead_id, at=at)
    visits[user.pk] = (user.name or user.username, at.timestamp())
    cache.set(_key(lead_id), visits, timeout=LASTS.total_seconds())
    return visits


def look(lead_id: int, user: User, *, active: bool, at: datetime) -> list[Visitor]:
    """Who else is in a card that `user` has open; `active` renews their own visit. One query.

    Nobody to who was not let into the card: only a visit that `visit` has noted is renewed or answered.
    """
    visits = _visits(lead_id, at=at)
    if user.pk not in visits and cache.get(_key(lead_id, user.pk)) is None:
        return []
    if active:
        visits = visit(lead_id, user, at=at)
    return others(visits, holder_of(lead_id, at=at), user)


def others(visits: Mapping[int, tuple[str, float]], hold: Hold | None, user: User) -> list[Visitor]:
    """The colleagues of `visits` and who holds the client, without `user`; the caller first, then the latest."""
    seen = sorted(visits.items(), key=lambda item: -item[1][1])
    found = {pk: Visitor(pk, name) for pk, (name, _seconds) in seen if pk != user.pk}
    if hold is not None and hold.user_id != user.pk:
        found.pop(hold.user_id, None)
        caller = Visitor(hold.user_id, hold.user.name or hold.user.username, hold.since)
        return [caller, *found.values()]
    return list(found.values())


def let_in(lead_id: int, user: User, *, at: datetime) -> Visits:
    """The same as `visit` for who has just opened the card; an open page may ask who else is there from now on."""
    cache.set(_key(lead_id, user.pk), 1, timeout=12 * 3600)
    return visit(lead_id, user, at=at)


def _visits(lead_id: int, *, at: datetime) -> Visits:
    kept: Visits = cache.get(_key(lead_id)) or {}
    oldest = (at - LASTS).timestamp()
    return {pk: visit for pk, visit in kept.items() if visit[1] > oldest}


def _key(lead_id: int, user_id: int | None = None) -> str:
    return f"card:{lead_id}" if user_id is None else f"card:{lead_id}:{user_id}"
