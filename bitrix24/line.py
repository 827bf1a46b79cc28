"""Whether the portal may be called now, kept in the database so that it holds for all workers and outlives them."""

from __future__ import annotations

import hashlib
import logging
import random
import uuid
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from bitrix24.address import Webhook
from bitrix24.models import Alarm, Line
from crm import clock
from crm.transactions import verb

logger = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 300.0  # seconds
DRIVE = timedelta(seconds=90)  # longer than a run of the job, which ends by itself


def key_of(webhook: Webhook) -> str:
    """A digest by which a changed webhook is known; it opens nothing."""
    return hashlib.sha256(webhook.base.encode()).hexdigest()


def _row() -> None:
    Line.objects.bulk_create([Line(pk=1)], ignore_conflicts=True)


def open_for(webhook: Webhook) -> bool:
    """Whether anything may be sent now. A line that stopped goes on by itself with another webhook."""
    line = Line.current()
    if line.stopped_at is not None:
        if line.stopped_key == key_of(webhook):
            return False
        resume()
    return line.paused_until is None or line.paused_until <= clock.now()


def pause() -> datetime:
    """Leave the portal alone, longer each time in a row. Returns until when."""
    _row()
    row = Line.current()
    seconds = min(FIRST_PAUSE * 2**row.pauses, LONGEST_PAUSE) * random.uniform(1.0, 1.3)
    until = clock.now() + timedelta(seconds=seconds)
    Line.objects.filter(pk=1).update(paused_until=until, pauses=min(row.pauses + 1, 10))
    return until


@verb
def pause_method(method: str, until: datetime) -> None:
    """Leave one method alone until then; others go on."""
    _row()
    line = Line.objects.select_for_update().get(pk=1)
    now = clock.now()
    line.methods = {name: at for name, at in line.methods.items() if datetime.fromisoformat(at) > now}
    line.methods[method] = until.isoformat()
    line.save(update_fields=["methods"])


def stop(webhook: Webhook, reason: str) -> None:
    """Send nothing more until the webhook is another one or somebody says so. Alarms once."""
    _row()
    stopped = Line.objects.filter(Q(stopped_at__isnull=True) | ~Q(stopped_key=key_of(webhook)), pk=1).update(
        stopped_at=clock.now(), stopped_because=reason, stopped_key=key_of(webhook)
    )
    if stopped:
        alarm(f"stopped:{key_of(webhook)[:12]}", reason)


def resume() -> None:
    """Send again: the portal has been put right."""
    Line.objects.filter(pk=1).update(
        stopped_at=None, stopped_because="", stopped_key="", paused_until=None, pauses=0, methods={}
    )
    Alarm.objects.filter(key__startswith="stopped:", closed_at__isnull=True).update(closed_at=clock.now())


def moved(webhook: Webhook, portal: str) -> None:
    """The portal has another name now: calls go there from now on, and an administrator hears of it once."""
    known = Line.objects.filter(pk=1, moved_to=portal, moved_key=key_of(webhook))
    if not known.exists():
        _row()
        Line.objects.filter(pk=1).update(moved_to=portal, moved_key=key_of(webhook))
        alarm(f"moved:{portal}"[:100], _("The portal has a new name: %(portal)s") % {"portal": portal})


def address_of(webhook: Webhook) -> Webhook:
    """Where calls of this webhook go: a renamed portal is not asked under its old name again."""
    line = Line.current()
    return webhook.at(line.moved_to) if line.moved_to and line.moved_key == key_of(webhook) else webhook


def answered(seen: Line) -> None:
    """The portal has answered: pauses begin small again. `seen`: the line as it was before the call."""
    if seen.pauses:
        Line.objects.filter(pk=1, pauses__gt=0).update(pauses=0, paused_until=None)


def told() -> None:
    """An object was told."""
    Line.objects.filter(pk=1).update(told_at=clock.now())


def note_pull(**fields: datetime) -> None:
    """Write down how far one has looked for leads of the portal: `since`, `until`, `at`."""
    _row()
    if "since" in fields:
        Line.objects.filter(pk=1, pulled_since__isnull=True).update(
            pulled_since=fields["since"], pulled_until=fields["since"], pulled_at=fields["since"]
        )
    else:
        Line.objects.filter(pk=1).update(**{f"pulled_{name}": moment for name, moment in fields.items()})


def drive() -> uuid.UUID | None:
    """Take the wheel, so that one job sends at a time and the other workers stay free. None when another has it."""
    _row()
    now, token = clock.now(), uuid.uuid4()
    free = Q(driven_until__isnull=True) | Q(driven_until__lt=now)
    return token if Line.objects.filter(free, pk=1).update(driven_by=token, driven_until=now + DRIVE) else None


def keep(token: uuid.UUID) -> None:
    """Keep the wheel for longer."""
    Line.objects.filter(pk=1, driven_by=token).update(driven_until=clock.now() + DRIVE)


def leave(token: uuid.UUID) -> None:
    """Give the wheel back."""
    Line.objects.filter(pk=1, driven_by=token).update(driven_by=None, driven_until=None)


def alarm(key: str, text: str) -> None:
    """Raise an alarm, or note that its occasion is still there."""
    now = clock.now()
    _known, is_new = Alarm.objects.get_or_create(key=key, defaults={"text": text, "raised_at": now, "seen_at": now})
    if is_new:
        logger.error("Bitrix24: %s", text)
    else:
        Alarm.objects.filter(key=key).update(text=text[:1000], seen_at=now, closed_at=None)


def close_alarms(key: str) -> None:
    """The occasion of an alarm is over."""
    Alarm.objects.filter(key=key, closed_at__isnull=True).update(closed_at=clock.now())


def close_alarm(alarm_id: int) -> None:
    """Somebody has looked at it."""
    Alarm.objects.filter(pk=alarm_id, closed_at__isnull=True).update(closed_at=clock.now())
