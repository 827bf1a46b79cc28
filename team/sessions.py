"""Sessions of people: how long they last, which ones somebody has, and how they end (`reliability.md`, S03).

A session ends after IDLE without work, unless its person chose to stay signed in, and after LONGEST in any case. What
only a program sends (a key) has no session.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.contrib.auth import logout
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.http import HttpRequest

from crm import clock
from crm.transactions import verb
from team.models import SignedIn, User

IDLE = timedelta(minutes=60)
LONGEST = timedelta(hours=12)
NOTED_EVERY = timedelta(minutes=5)  # the last work is as exact as this, so that not every page writes a session
BEGAN, WORKED, STAYS = "began", "worked", "stays"  # in the session; moments in epoch seconds
CONFIRMED = "confirmed"  # in the session: its person has shown the code of their second factor
_PASSED = "passed"
PASSED_FOR = timedelta(minutes=5)
BROWSERS = [
    ("YaBrowser", "Yandex Browser"), ("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"),
    ("Chrome", "Chrome"), ("Safari", "Safari"),
]  # fmt: skip
SYSTEMS = [
    ("Windows", "Windows"), ("Android", "Android"), ("iPhone|iPad", "iOS"), ("Mac OS", "macOS"), ("Linux", "Linux"),
]  # fmt: skip


@dataclass(frozen=True)
class Place:
    """One session as its person sees it: where, since when, and whether it is the one they look from."""

    id: int
    browser: str  # «Chrome · Windows»; empty for what no browser is known by
    address: str
    began_at: datetime
    worked_at: datetime
    here: bool


@dataclass(frozen=True)
class Passed:
    """Somebody whose password was right and whose code is awaited; kept in a session in which nobody is signed in."""

    user_id: int
    stays: bool
    way_on: str  # an address of ours

    def remember(self, session: SessionBase) -> None:
        session[_PASSED] = [self.user_id, self.stays, self.way_on, clock.now().timestamp()]

    @classmethod
    def of(cls, session: SessionBase) -> Passed | None:
        """Whose code is awaited; None once that has taken too long."""
        if _PASSED not in session:
            return None
        user_id, stays, way_on, at = session[_PASSED]
        return cls(user_id, stays, way_on) if clock.now().timestamp() - at <= PASSED_FOR.total_seconds() else None

    @staticmethod
    def forget(session: SessionBase) -> None:
        session.pop(_PASSED, None)


@verb
def begin(session: SessionBase, user: User, headers: Mapping[str, str], address: str | None, *, stays: bool) -> None:
    """Put a sign-in on record, and its limits into the session, which has its key already."""
    now = clock.now()
    session[BEGAN] = session[WORKED] = now.timestamp()
    session[STAYS] = stays
    SignedIn.objects.filter(user=user, began_at__lt=now - LONGEST).delete()
    SignedIn.objects.update_or_create(
        session_key=session.session_key,
        defaults={
            "user": user, "began_at": now, "address": address, "browser": browser_of(headers.get("User-Agent", "")),
        },
    )  # fmt: skip


def browser_of(agent: str) -> str:
    """«Chrome · Windows» of what a browser says about itself."""
    found = (next((name for sign, name in known if re.search(sign, agent)), "") for known in (BROWSERS, SYSTEMS))
    return " · ".join(name for name in found if name)


def is_over(session: SessionBase) -> bool:
    """Whether a session has outlived its limits. One that has none, since no sign-in page made it, goes on."""
    if BEGAN not in session:
        return False
    now = clock.now().timestamp()
    idle = not session.get(STAYS) and now - session[WORKED] > IDLE.total_seconds()
    return idle or now - session[BEGAN] > LONGEST.total_seconds()


def note_work(session: SessionBase) -> None:
    """Somebody works in it: keeps the moment, at most every few minutes."""
    now = clock.now().timestamp()
    if BEGAN in session and now - session[WORKED] > NOTED_EVERY.total_seconds():
        session[WORKED] = now


def end_here(request: HttpRequest) -> None:
    """End the session of this request; the person is a stranger from now on."""
    forget(request.session.session_key)
    logout(request)


@verb
def forget(key: str | None) -> None:
    """Take a session that ends off the record."""
    SignedIn.objects.filter(session_key=key or "").delete()


@verb
def renamed(old: str | None, new: str | None) -> None:
    """The session has got another key, as it does with a new password."""
    SignedIn.objects.filter(session_key=old or "").update(session_key=new or "")


def places_of(user: User, *, here: str | None) -> list[Place]:
    """The sessions that somebody has, this one first, then the newest first. Two queries."""
    records = {row.session_key: row for row in SignedIn.objects.filter(user=user, began_at__gt=clock.now() - LONGEST)}
    found = []
    for stored in Session.objects.filter(session_key__in=records):
        record, kept = records[stored.session_key], stored.get_decoded()
        worked = datetime.fromtimestamp(kept.get(WORKED, record.began_at.timestamp()), UTC)
        place = Place(
            record.pk, record.browser, record.address or "", record.began_at, worked, stored.session_key == here
        )
        found.append(place)
    return sorted(found, key=lambda place: (not place.here, -place.began_at.timestamp()))


@verb
def end_place(user_id: int, place_id: int) -> None:
    """End one session of this person. One that has ended, or is another's, changes nothing."""
    _end(user_id, only=place_id)


@verb
def end_others(user_id: int, *, but: str | None = None) -> int:
    """End all sessions of this person that are on record, but that with the key `but`. Returns how many."""
    return _end(user_id, but=but)


def _end(user_id: int, *, only: int | None = None, but: str | None = None) -> int:
    rows = SignedIn.objects.filter(user_id=user_id).exclude(session_key=but or "")
    if only is not None:
        rows = rows.filter(pk=only)
    keys = list(rows.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    rows.delete()
    return len(keys)
