"""The sentences of notices, in the language of whoever reads, as things stand when they are read (`ux.md`, section 11).

A notice is to be read with its card (`NoticeQuerySet.with_card`). Lists of other apps are named by their addresses.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from team.models import Notice, NoticeKind, User
from team.roles import Right, may

AUDIBLE = frozenset(
    {NoticeKind.NEW_LEAD, NoticeKind.CALL_DUE, NoticeKind.INCOMING_CALL}
)  # for these a short sound may be switched on
ICONS = {
    NoticeKind.NEW_LEAD: "inbox",
    NoticeKind.HANDED_OVER: "inbox",
    NoticeKind.TAKEN_AWAY: "users",
    NoticeKind.REPEAT: "merge",
    NoticeKind.CALL_DUE: "phone",
    NoticeKind.MEETING_DUE: "calendar",
    NoticeKind.OVERDUE: "clock",
    NoticeKind.NOT_CALLED: "missed",
    NoticeKind.NOBODY_ON_LINE: "alert",
    NoticeKind.INCOMING_CALL: "phone",
    NoticeKind.MISSED_CALL: "missed",
}


def sentence(notice: Notice, at: datetime) -> str:
    """What the notice says at `at`."""
    return _SENTENCES[NoticeKind(notice.kind)](notice, at)


def icon(notice: Notice) -> str:
    return ICONS[NoticeKind(notice.kind)]


def address(notice: Notice, reader: User) -> str:
    """Where `reader` sees what the notice is about: a list, the lead, the deal. Empty if it is not theirs any more."""
    listed = _LISTS.get(NoticeKind(notice.kind))
    if listed:
        return reverse("lead-list") + listed
    everything = may(reader, Right.SEE_ALL)
    lead, deal = notice.lead, notice.deal
    if lead is not None and (everything or may(reader, Right.WORK_LEADS) and lead.responsible_id in (reader.pk, None)):
        return reverse("lead-detail", args=[lead.pk])
    if deal is not None and (everything or may(reader, Right.WORK_DEALS) and deal.responsible_id == reader.pk):
        return reverse("deal-detail", args=[deal.pk])
    return ""


_LISTS = {
    NoticeKind.OVERDUE: "?task=overdue",
    NoticeKind.NOT_CALLED: "?attention=not_called",
    NoticeKind.NOBODY_ON_LINE: "?attention=unassigned",
}


def _name(notice: Notice) -> str:
    """Who it is about: the name as it is now, else as it was told, else the number of the lead or deal."""
    name = notice.lead.name if notice.lead else ""
    if not name and notice.data.get("name"):
        name = str(notice.data["name"])
    if name:
        return name
    return _("lead № %(id)s") % {"id": notice.lead_id} if notice.lead_id else str(notice.deal or _("no name"))


def _time(seconds: timedelta) -> str:
    """«20 секунд», «5 минут», «3 часа»."""
    whole = max(0, int(seconds.total_seconds()))
    if whole < 60:
        return ngettext("%(count)s second", "%(count)s seconds", whole) % {"count": whole}
    if whole < 3600:
        return ngettext("%(count)s minute", "%(count)s minutes", whole // 60) % {"count": whole // 60}
    return ngettext("%(count)s hour", "%(count)s hours", whole // 3600) % {"count": whole // 3600}


def _new_lead(notice: Notice, at: datetime) -> str:
    lead = notice.lead
    waits = lead is not None and lead.first_touch_at is None and at - lead.created_at < timedelta(days=1)
    if lead is None or not waits:
        return _("New lead: %(name)s.") % {"name": _name(notice)}
    time = _time(at - lead.created_at)
    return _("New lead: %(name)s. Waiting for %(time)s.") % {"name": _name(notice), "time": time}


def _handed_over(notice: Notice, _at: datetime) -> str:
    return _("A lead was handed over to you: %(name)s.") % {"name": _name(notice)}


def _taken_away(notice: Notice, _at: datetime) -> str:
    return _("%(name)s waited too long and goes on to a colleague.") % {"name": _name(notice)}


def _repeat(notice: Notice, _at: datetime) -> str:
    said = {"name": _name(notice), "id": notice.data.get("duplicate", "—"), "original": notice.lead_id or "—"}
    return _("Duplicate request: %(name)s. Lead %(id)s closed as Duplicate. Original: %(original)s.") % said


def _call_due(notice: Notice, at: datetime) -> str:
    due = _due(notice)
    if due is None or at - due >= timedelta(hours=1):
        return _("%(name)s asked for a call") % {"name": _name(notice)}
    clock = due.astimezone(notice.lead.zone if notice.lead else None).strftime("%H:%M")
    said = {"name": _name(notice), "clock": clock, "time": _time(at - due)}
    if at - due < timedelta(minutes=1):
        return _("%(name)s asked for a call at %(clock)s") % said
    return _("%(name)s asked for a call at %(clock)s — %(time)s ago") % said


def _due(notice: Notice) -> datetime | None:
    return parse_datetime(str(notice.data.get("due_at", "")))


def _meeting_due(notice: Notice, _at: datetime) -> str:
    return _("Confirm the meeting: %(name)s") % {"name": _name(notice)}


def _overdue(notice: Notice, _at: datetime) -> str:
    return ngettext("%(count)s task is overdue", "%(count)s tasks are overdue", notice.count) % {"count": notice.count}


def _not_called(notice: Notice, _at: datetime) -> str:
    said = ngettext("%(count)s new lead has not been called", "%(count)s new leads have not been called", notice.count)
    return said % {"count": notice.count}


def _nobody_on_line(notice: Notice, _at: datetime) -> str:
    count = int(notice.data.get("count", 0))
    said = ngettext("Nobody is on line. %(count)s lead waits.", "Nobody is on line. %(count)s leads wait.", count)
    return said % {"count": count}


RINGS = timedelta(minutes=2)  # for so long a call that came in is told as one that is coming in


def _incoming_call(notice: Notice, at: datetime) -> str:
    """Of a colleague's client nothing but whose they are is told (`reliability.md` A03)."""
    lead = notice.lead
    calling = at - notice.created_at < RINGS
    if lead is not None and not address(notice, notice.recipient):
        said = _("A client of %(name)s is calling") if calling else _("A client of %(name)s has called")
        return said % {"name": lead.responsible or "—"}
    said = _("Incoming call: %(name)s") if calling else _("Has called: %(name)s")
    return said % {"name": _name(notice)}


def _missed_call(notice: Notice, _at: datetime) -> str:
    return _("Missed call: %(name)s. Call back first.") % {"name": _name(notice)}


_SENTENCES: dict[NoticeKind, Callable[[Any, datetime], str]] = {
    NoticeKind.NEW_LEAD: _new_lead,
    NoticeKind.HANDED_OVER: _handed_over,
    NoticeKind.TAKEN_AWAY: _taken_away,
    NoticeKind.REPEAT: _repeat,
    NoticeKind.CALL_DUE: _call_due,
    NoticeKind.MEETING_DUE: _meeting_due,
    NoticeKind.OVERDUE: _overdue,
    NoticeKind.NOT_CALLED: _not_called,
    NoticeKind.NOBODY_ON_LINE: _nobody_on_line,
    NoticeKind.INCOMING_CALL: _incoming_call,
    NoticeKind.MISSED_CALL: _missed_call,
}
