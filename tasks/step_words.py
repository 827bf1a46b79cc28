"""A step of a task rule in words, and whether the steps of a cadence follow each other in time. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from tasks.cadence import Anchor, Step, due
from tasks.worktime import ALL_DAYS, Days, Hours

# An early and a late moment to count from, and hours that nothing lies outside of.
_SAMPLES = (datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 1, 18, tzinfo=UTC))
_ANY_TIME = Hours(time.min, time.max, Days(working=ALL_DAYS))


def in_words(step: Step) -> str:
    """«Через 1 день в 10:00 после прихода в статус», «За 2 ч до встречи», «Сразу»: in the reader's language."""
    days = _days(step)
    minutes = _span(abs(step.minutes))
    if not days and not step.at_time:
        if not step.minutes:
            return _at_once(step.anchor)
        return capfirst(_related(minutes, step.anchor, before=step.minutes < 0))
    said = _related(days, step.anchor, before=step.days < 0) if days else _on_the_day(step.anchor)
    if step.at_time:
        said += " " + _("at %(time)s") % {"time": step.at_time.strftime("%H:%M")}
    if step.minutes:
        said += ", " + (_("%(span)s earlier") if step.minutes < 0 else _("%(span)s later")) % {"span": minutes}
    return capfirst(said)


def _days(step: Step) -> str:
    count = abs(step.days)
    if not count:
        return ""
    if step.working_days:
        return ngettext("%(count)s working day", "%(count)s working days", count) % {"count": count}
    return ngettext("%(count)s day", "%(count)s days", count) % {"count": count}


def _span(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    parts = []
    if hours:
        parts.append(_("%(count)d h") % {"count": hours})
    if rest:
        parts.append(pgettext("minutes", "%(count)d min") % {"count": rest})
    return " ".join(parts)


def _related(span: str, anchor: Anchor, *, before: bool) -> str:
    told = {"span": span}
    if anchor == Anchor.MEETING:
        return (_("%(span)s before the meeting") if before else _("%(span)s after the meeting")) % told
    if anchor == Anchor.CALLBACK:
        return (_("%(span)s before the promised call") if before else _("%(span)s after the promised call")) % told
    return (_("%(span)s before the status") if before else _("in %(span)s")) % told


def _at_once(anchor: Anchor) -> str:
    return {
        Anchor.ENTRY: _("At once"),
        Anchor.MEETING: _("At the time of the meeting"),
        Anchor.CALLBACK: _("At the time of the promised call"),
    }[anchor]


def _on_the_day(anchor: Anchor) -> str:
    return {
        Anchor.ENTRY: _("the same day"),
        Anchor.MEETING: _("on the day of the meeting"),
        Anchor.CALLBACK: _("on the day of the promised call"),
    }[anchor]


def out_of_order(steps: Sequence[Step]) -> int | None:
    """The place (from 0) of the first step that falls due before the one ahead of it; None when they grow in time.

    Steps that count from different moments cannot be compared, nor those whose order depends on the time of day.
    """
    for place, (before, after) in enumerate(zip(steps, steps[1:], strict=False), 1):
        if before.anchor == after.anchor and all(_moment(after, of) < _moment(before, of) for of in _SAMPLES):
            return place
    return None


def _moment(step: Step, anchor: datetime) -> datetime:
    """When the step is due, were there no calling hours."""
    if step.working_days and step.at_time is None:
        step = replace(step, at_time=time(9))
    found = due(step, {step.anchor: anchor}, ZoneInfo("UTC"), _ANY_TIME)
    assert found is not None  # nothing lies outside these hours
    return found
