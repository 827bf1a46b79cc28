"""When «Недозвон» is earned (`domain.md`): enough touches, over enough days, far enough apart, none of them answered.

Pure: takes the touches and the moment, counts, and says in words what is missing. The screen shows the same count as
progress; every door asks it through `actions.change_status`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from django.db.models import TextChoices
from django.utils.formats import date_format
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext, pgettext_lazy

NOON = time(12)
EVENING = time(17)


class Channel(TextChoices):
    CALL = "call", pgettext_lazy("channel", "Call")
    WHATSAPP = "whatsapp", "WhatsApp"
    TELEGRAM = "telegram", "Telegram"
    MAX = "max", "MAX"
    SMS = "sms", _("SMS")
    EMAIL = "email", _("E-mail")
    OFFICE = "office", _("Office")


class Direction(TextChoices):
    OUTGOING = "outgoing", _("Outgoing")
    INCOMING = "incoming", _("Incoming")


class Outcome(TextChoices):
    ANSWERED = "answered", _("Answered")
    NO_ANSWER = "no_answer", _("No answer")
    BUSY = "busy", _("Busy or hung up")
    UNAVAILABLE = "unavailable", _("Switched off")
    WRONG_NUMBER = "wrong_number", _("Wrong number reached")
    SENT = "sent", _("Message sent")
    REPLIED = "replied", _("Replied")
    NO_SHOW = "no_show", _("Did not come")


REACHED = frozenset({Outcome.ANSWERED, Outcome.REPLIED})
ATTEMPTS = frozenset({Outcome.NO_ANSWER, Outcome.BUSY, Outcome.UNAVAILABLE, Outcome.WRONG_NUMBER, Outcome.SENT})
MESSAGES = frozenset({Channel.WHATSAPP, Channel.TELEGRAM, Channel.MAX, Channel.SMS, Channel.EMAIL})


@dataclass(frozen=True)
class Policy:
    """How much is enough. `day_parts` (of morning, afternoon, evening) and `messages` are off at 0."""

    touches: int = 6
    days: int = 3
    gap: timedelta = timedelta(minutes=60)
    day_parts: int = 0
    messages: int = 0


class Attempt(Protocol):
    @property
    def at(self) -> datetime: ...
    @property
    def channel(self) -> str: ...
    @property
    def direction(self) -> str: ...
    @property
    def outcome(self) -> str: ...


@dataclass(frozen=True)
class Progress:
    """How far a lead has come towards «Недозвон»: what was made against what the policy asks for."""

    policy: Policy
    touches: int
    days: int
    day_parts: int
    messages: int
    answered_at: datetime | None
    next_counts_at: datetime | None  # an attempt before this moment will not count; None: it counts at once

    @property
    def earned(self) -> bool:
        asked = self.policy
        return self.answered_at is None and (
            self.touches >= asked.touches
            and self.days >= asked.days
            and self.day_parts >= asked.day_parts
            and self.messages >= asked.messages
        )


def _day_part(local: datetime) -> int:
    return 0 if local.time() < NOON else 1 if local.time() < EVENING else 2


def progress(
    policy: Policy, touches: Iterable[Attempt], *, opened_at: datetime, zone: ZoneInfo, at: datetime
) -> Progress:
    """Count the touches made since `opened_at`. `zone` is the client's: days and parts of the day are theirs.

    An outgoing attempt of any channel counts if it came at least the gap after the last one that counted. A touch in
    which the client was reached, in either direction, means that «Недозвон» is not the reason.
    """
    counted: list[Attempt] = []
    answered_at: datetime | None = None
    for touch in sorted((touch for touch in touches if touch.at >= opened_at), key=lambda touch: touch.at):
        if touch.outcome in REACHED:
            answered_at = touch.at
        elif (
            touch.direction == Direction.OUTGOING
            and touch.outcome in ATTEMPTS
            and (not counted or touch.at - counted[-1].at >= policy.gap)
        ):
            counted.append(touch)
    local = [touch.at.astimezone(zone) for touch in counted]
    free_at = counted[-1].at + policy.gap if counted else None
    return Progress(
        policy=policy,
        touches=len(counted),
        days=len({moment.date() for moment in local}),
        day_parts=len({_day_part(moment) for moment in local}),
        messages=sum(touch.channel in MESSAGES for touch in counted),
        answered_at=answered_at,
        next_counts_at=free_at if free_at and free_at > at else None,
    )


def _moment(moment: datetime, zone: ZoneInfo, at: datetime) -> str:
    local, today = moment.astimezone(zone), at.astimezone(zone).date()
    return local.strftime("%H:%M") if local.date() == today else date_format(local, "j E, H:i")


def missing(done: Progress, *, zone: ZoneInfo, at: datetime) -> str:
    """What is missing, as a sentence with times of the client's `zone`; empty when it is earned.

    More than is asked for is told as what is asked for: «6 из 6», not «8 из 6».
    """
    if done.earned:
        return ""
    if done.answered_at is not None:
        return _t("The client was reached at %(time)s: “Could not reach” is not the reason.") % {
            "time": _moment(done.answered_at, zone, at)
        }
    asked = done.policy
    said = _t("%(made)s of %(asked)s on %(days)s of %(asked_days)s made") % {
        "made": min(done.touches, asked.touches),
        "asked": npgettext("out of", "%(count)s touch", "%(count)s touches", asked.touches) % {"count": asked.touches},
        "days": min(done.days, asked.days),
        "asked_days": npgettext("out of", "%(count)s day", "%(count)s days", asked.days) % {"count": asked.days},
    }
    if done.day_parts < asked.day_parts:
        said += _t(", in %(parts)s of %(asked)s parts of the day") % {"parts": done.day_parts, "asked": asked.day_parts}
    if done.messages < asked.messages:
        said += _t(", messages: %(made)s of %(asked)s") % {"made": done.messages, "asked": asked.messages}
    if done.next_counts_at:
        said += _t("; the next one counts from %(time)s") % {"time": _moment(done.next_counts_at, zone, at)}
    return said
