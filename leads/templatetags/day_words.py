"""Why a client is called now, in words: the band over their name, and their line in the queue."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import template
from django.utils.translation import gettext, ngettext, pgettext

from crm.templatetags.crm_format import NBSP, age, day_short, hhmm, moment, stopwatch
from crm.templatetags.crm_ui import task_icon
from leads.queue import Offer, Reason
from tasks.models import Task

register = template.Library()


def _waited(passed: timedelta) -> str:
    """«2 минуты», «1 час», «3 дня»: as in «прошло 2 минуты»; empty under a minute."""
    minutes = max(0, passed // timedelta(minutes=1))
    if not minutes:
        return ""
    if minutes < 60:
        said = ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}
    elif minutes < 24 * 60:
        said = ngettext("%(count)s hour", "%(count)s hours", minutes // 60) % {"count": minutes // 60}
    else:
        said = ngettext("%(count)s day", "%(count)s days", passed.days) % {"count": passed.days}
    return said.replace(" ", NBSP)


def _when(since: datetime, at: datetime) -> str:
    """«12:40» today, else «вчера, 18:00»."""
    said = moment(since)
    return hhmm(since) if at - since < timedelta(hours=24) and said.startswith(gettext("today")) else said


@register.filter
def why(offer: Offer, at: datetime) -> str:
    """«Клиент просил перезвонить в 12:40 — прошло 2 минуты»."""
    waited = _waited(at - offer.since)
    told = {"time": _when(offer.since, at), "title": offer.task.title}
    if offer.reason == Reason.NEW:
        if not waited:
            seconds = max(0, int((at - offer.since).total_seconds()))
            waited = ngettext("%(count)s second", "%(count)s seconds", seconds) % {"count": seconds}
        return gettext("New lead. Waiting for a call: %(time)s.") % {"time": waited}
    said = {
        Reason.MISSED_CALL: gettext("The client called at %(time)s and nobody answered") % told,
        Reason.PROMISED: gettext("The client asked for a call at %(time)s") % told,
        Reason.REPEAT: gettext("The client applied again: %(time)s") % told,
        Reason.MEETING: gettext("Meeting %(when)s: %(title)s")
        % {"when": moment(offer.lead.meeting_at), "title": offer.task.title[:1].lower() + offer.task.title[1:]},
        Reason.CADENCE: gettext("The next touch was planned for %(time)s: %(title)s") % told,
        Reason.POSTPONED: gettext("The decision was postponed until %(time)s") % told,
    }.get(offer.reason, gettext("Task for %(time)s: %(title)s") % told)
    return gettext("%(said)s — %(waited)s ago") % {"said": said, "waited": waited} if waited else said


@register.filter
def in_short(offer: Offer) -> str:
    """«Перезвонить, обещано», «Новый · Квиз», «Написать в WhatsApp»."""
    if offer.reason == Reason.PROMISED:
        return gettext("Call back, promised")
    if offer.reason == Reason.NEW:
        return f"{offer.lead.get_status_display()} · {offer.lead.source.name}"
    if offer.reason == Reason.MISSED_CALL:
        return str(Reason.MISSED_CALL.label)
    return _of_task(offer.task)


def _of_task(task: Task) -> str:
    count = task.lead.touches_count if task.lead else 0
    if not count:
        return task.title
    return f"{task.title} · {ngettext('%(count)s touch', '%(count)s touches', count) % {'count': count}}"


@register.filter
def later_in_short(task: Task) -> str:
    """What is due later today, in the words of the queue."""
    return gettext("Call back, promised") if task.promised else _of_task(task)


@register.filter
def offer_icon(offer: Offer) -> str:
    return {Reason.MISSED_CALL: "missed", Reason.NEW: "inbox"}.get(offer.reason) or task_icon(offer.task.kind)


@register.filter
def offer_time(offer: Offer) -> str:
    """The due time, of another day its date; of a new lead, how long it has waited."""
    if offer.reason == Reason.NEW:
        return age(offer.since)
    said = moment(offer.task.due_at)
    return hhmm(offer.task.due_at) if said.startswith(gettext("today")) else day_short(offer.task.due_at)


@register.filter
def in_minutes(passed: timedelta | None) -> str:
    """«3 мин», from an hour on «1 ч 20 мин»; nothing is a dash."""
    if passed is None:
        return "—"
    if passed < timedelta(hours=1):
        said = pgettext("minutes", "%(count)d min") % {"count": passed // timedelta(minutes=1)}
        return str(said.replace(" ", NBSP))
    return stopwatch(passed)
