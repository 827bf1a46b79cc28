"""The daily e-mail to managers: what is late, what waits, what is due today, in numbers and in their language.

It names no client, since mail leaves the firm; a manager finds them behind the same numbers on the team's page. Each
e-mail is claimed before it is sent: two workers send it once, and one that dies meanwhile leaves it to another, which
takes it once the claim has run out. Nothing is held open in the database while the mail server is asked.
"""

from __future__ import annotations

import logging
from datetime import date, datetime, time, timedelta
from smtplib import SMTPException
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Count, Q
from django.utils import translation
from django.utils.translation import gettext as _

from crm import clock
from crm.templatetags.crm_format import day as day_in_words
from crm.transactions import verb
from leads.attention import Attention, wanting
from leads.counting import midnight
from leads.models import Lead
from leads.pipeline import Status
from tasks.models import EscalationPolicy, Task
from team.models import Digest, User
from team.notices import managers

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)  # longer than any mail server is waited for
WAITING = (Attention.NOT_CALLED, Attention.UNASSIGNED, Attention.NO_TASK)


def send_digests() -> int:
    """Send today's e-mails that are due and not sent, one to each manager with an address. Returns how many were sent.

    "Today" and the time are the firm's. A mail server that refuses is logged; the e-mail is tried again after LEASE.
    """
    at = clock.now()
    today = at.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    sent = 0
    for user in unsent(at):
        if not _claim(user.pk, today, at=at):
            continue
        try:
            message(user, today, at=at).send()
        except (OSError, SMTPException) as error:
            # The text of the error may hold the address.
            logger.error("the daily e-mail was not sent (%s): look at EMAIL_URL", type(error).__name__)
            continue
        _note_sent(user.pk, today)
        sent += 1
    return sent


def due_since(at: datetime) -> datetime | None:
    """The moment from which today's e-mails are due; None before it, or when they are switched off. One query."""
    policy = EscalationPolicy.current()
    local = at.astimezone(ZoneInfo(settings.TIME_ZONE))
    if not policy.digest or local.time() < policy.digest_at:
        return None
    return midnight(local.date()) + _since_midnight(policy.digest_at)


def _since_midnight(moment: time) -> timedelta:
    return timedelta(hours=moment.hour, minutes=moment.minute, seconds=moment.second)


def unsent(at: datetime) -> list[User]:
    """Managers whose e-mail of today is due and not sent. At most three queries."""
    if due_since(at) is None:
        return []
    today = at.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    got = Digest.objects.filter(day=today, sent_at__isnull=False).values("recipient")
    return list(User.objects.filter(pk__in=managers()).exclude(email="").exclude(pk__in=got).order_by("pk"))


@verb
def _claim(user_id: int, day: date, *, at: datetime) -> bool:
    """Whether the e-mail is now ours to send: nobody has sent it or is just sending it."""
    Digest.objects.bulk_create([Digest(recipient_id=user_id, day=day, claimed_until=at)], ignore_conflicts=True)
    free = Digest.objects.filter(recipient_id=user_id, day=day, sent_at__isnull=True, claimed_until__lte=at)
    return free.update(claimed_until=at + LEASE) == 1


@verb
def _note_sent(user_id: int, day: date) -> None:
    Digest.objects.filter(recipient_id=user_id, day=day).update(sent_at=clock.now())


def message(user: User, today: date, *, at: datetime) -> EmailMessage:
    """The e-mail of a day for one manager, in their language."""
    with translation.override(user.language or settings.LANGUAGE_CODE):
        subject = _("The call centre on %(day)s") % {"day": day_in_words(today)}
        return EmailMessage(subject, "\n".join(_lines(today, at)) + "\n", to=[user.email])


def _lines(today: date, at: datetime) -> list[str]:
    """The body. Six queries."""
    late = Task.objects.overdue(at).values_list("assignee", "assignee__name").annotate(n=Count("pk"))
    rows = [(_one_line(name) if pk else _("Nobody's"), n) for pk, name, n in late.order_by("-n", "assignee__name")]
    lines = [f"{_('Overdue tasks')}: {sum(n for _name, n in rows)}"]
    lines += [f"  {name}: {n}" for name, n in rows]
    lines.append("")
    lines += [f"{what.label}: {wanting(Lead.objects.originals(), what, at=at).count()}" for what in WAITING]
    starts, ends = midnight(today), midnight(today + timedelta(days=1))
    meetings = Lead.objects.originals().filter(Q(status=Status.MEETING, meeting_at__gte=starts, meeting_at__lt=ends))
    lines.append(f"{_('Meetings today')}: {meetings.count()}")
    return lines


def _one_line(name: str) -> str:
    """A colleague's name that can begin or break no line of its own."""
    return " ".join(name.split())
