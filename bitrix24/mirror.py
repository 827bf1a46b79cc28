"""Running the mirror: one round of telling what is due, and what there is to say about how it is doing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connections
from django.db.models import Min
from django.db.models.functions import Greatest

from bitrix24 import limits, line, pull
from bitrix24.address import Webhook
from bitrix24.client import Portal
from bitrix24.models import Alarm, Line
from bitrix24.push import ORDER, teller
from bitrix24.session import Nothing, Session
from crm import clock
from outbox.delivery import Closed, deliver_due, due, parked
from outbox.models import Mark

OLDEST_DUE = timedelta(minutes=5)
"""A mark that has been due for longer means that nothing drains (`reliability.md`, F13)."""


def is_on() -> bool:
    """Whether there is a portal to mirror to."""
    return settings.BITRIX24_WEBHOOK is not None


def connect(webhook: Webhook) -> Portal:
    """The portal behind the webhook, with the settings' limit. Close it."""
    bucket = limits.bucket(settings.REDIS_URL, settings.BITRIX24_RATE, settings.SILENCE)
    return Portal(webhook, bucket)


def push_due(*, within: float = 20.0, lanes: int = 1) -> int:
    """Tell the portal what is due, for at most `within` seconds; one worker does so at a time. Returns how many.

    `lanes` objects are told of side by side: a portal that takes its time to answer would else not be asked as often as
    it allows. Nothing happens while there is no webhook, or the line is paused or stopped.
    """
    webhook = settings.BITRIX24_WEBHOOK
    if webhook is None or not line.open_for(webhook):
        return 0
    wheel = line.drive()
    if wheel is None:
        return 0
    portal = connect(webhook)
    portal.webhook = line.address_of(webhook)
    try:
        with ThreadPoolExecutor(max_workers=lanes) as others:
            beside = [others.submit(_in_thread, portal, within) for _ in range(lanes - 1)]
            told = _deliver(portal, within, first=True)
            return told + sum(lane.result() for lane in beside)
    finally:
        portal.close()
        line.leave(wheel)


def _deliver(portal: Portal, within: float, *, first: bool = False) -> int:
    try:
        if first:
            pull.look(Session(portal, Nothing()))
        return deliver_due(teller(portal), order=ORDER, within=within)
    except Closed:
        return 0


def _in_thread(portal: Portal, within: float) -> int:
    try:
        return _deliver(portal, within)
    finally:
        connections.close_all()


@dataclass(frozen=True)
class State:
    """How the mirror is doing, in figures."""

    on: bool
    pending: int
    parked: int
    oldest_due: datetime | None
    idle_for: timedelta
    line: Line
    alarms: int
    at: datetime

    @property
    def waits(self) -> bool:
        """Whether the line is paused or stopped."""
        paused = self.line.paused_until is not None and self.line.paused_until > self.at
        return paused or self.line.stopped_at is not None

    @property
    def stuck(self) -> bool:
        """Whether something is due for too long although the line is open, and nothing was told meanwhile either."""
        return self.idle_for > OLDEST_DUE

    @property
    def healthy(self) -> bool:
        """Whether nobody has to act."""
        return not self.on or not (self.parked or self.line.stopped_at or self.stuck)

    @property
    def drained_in(self) -> timedelta:
        """How long the backlog takes at the portal's limit, at about two calls an object."""
        return timedelta(seconds=round(2 * self.pending / settings.BITRIX24_RATE))


def idle_for(at: datetime) -> timedelta:
    """For how long something has been due while the portal may be called and nothing was told. Two queries at most."""
    oldest = _oldest_due(at) if is_on() else None
    if oldest is None:
        return timedelta()
    known = Line.current()
    if known.stopped_at is not None or (known.paused_until is not None and known.paused_until > at):
        return timedelta()
    return at - max(oldest, known.told_at or oldest)


def _oldest_due(at: datetime) -> datetime | None:
    oldest: datetime | None = due(at).aggregate(oldest=Min(Greatest("due_at", "marked_at")))["oldest"]
    return oldest


def state() -> State:
    """How the mirror is doing now. Seven queries."""
    at = clock.now()
    return State(
        on=is_on(),
        pending=Mark.objects.filter(pending=True).count(),
        parked=parked().count(),
        oldest_due=_oldest_due(at),
        idle_for=idle_for(at),
        line=Line.current(),
        alarms=Alarm.objects.filter(closed_at__isnull=True).count(),
        at=at,
    )
