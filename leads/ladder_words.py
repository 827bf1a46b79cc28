"""A ladder as texts for the piece `_touch_ladder.html`: what each step is called and its time on the client's clock."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _

from crm.templatetags.crm_format import moment
from leads.ladder import Ladder, Rung, State
from leads.touch_policy import Channel

STYLES = {State.DONE: "done", State.PASSED: "done", State.NOW: "now"}


def in_words(ladder: Ladder, *, zone: ZoneInfo, at: datetime) -> dict[str, Any]:
    """`title` («Касание 3 из 6»), `about` (the kind of task), `steps` for the piece, `note` where it has ended.

    Times are of the client's `zone`.
    """
    told = {"place": ladder.place, "total": len(ladder.rungs)}
    with timezone.override(zone):
        steps = [_step(rung, at=at) for rung in ladder.rungs]
    note = ""
    if ladder.reached:
        note = _("The client was reached: the touches stopped.")
    elif ladder.used_up:
        note = _("All planned touches are made.")
    return {
        "kind": ladder.kind.value,
        "title": _("Touch %(place)s of %(total)s") % told,
        "about": ladder.kind.label,
        "steps": steps,
        "note": note,
    }


def _step(rung: Rung, *, at: datetime) -> dict[str, Any]:
    return {
        "n": rung.number,
        "state": STYLES.get(rung.state, ""),
        "title": _title(rung, at=at),
        "when": moment(rung.at) if rung.at else "",
    }


def _title(rung: Rung, *, at: datetime) -> str:
    if rung.state == State.DONE:
        return rung.touch.get_outcome_display() if rung.touch else _("Ticked off")
    if rung.state in (State.PASSED, State.NOT_NEEDED):
        return _("Not needed")
    if rung.promised:
        return _("Promised call")
    if rung.state == State.NOW and rung.at is not None and rung.at <= at:
        return _("Now")
    return str(Channel(rung.channel).label) if rung.channel in Channel.values else _("Planned")
