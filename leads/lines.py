"""The timeline as the card shows it: each entry with its look; what rules did is told at the move that caused it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from history.models import Event
from leads.models import Lead
from leads.pipeline import Status
from leads.timeline import Entry
from leads.touch_policy import MESSAGES, REACHED, Channel, Direction

LOOKS = {
    Event.Kind.CREATED: "lead",
    Event.Kind.IMPORTED: "lead",
    Event.Kind.REPEAT: "duplicate",
    Event.Kind.MARKED_DUPLICATE: "duplicate",
    Event.Kind.RESENT: "duplicate",
    Event.Kind.RETIRED: "duplicate",
    Event.Kind.RESPONSIBLE: "owner",
    Event.Kind.DEAL_OPENED: "deal",
    Event.Kind.STAGE: "deal",
    Event.Kind.COMMENT: "comment",
}
NAMES_A_LEAD = (Event.Kind.REPEAT, Event.Kind.MARKED_DUPLICATE)


@dataclass
class Line:
    """What `_timeline_entry.html` draws."""

    kind: str
    title: str
    at: datetime
    author: str
    text: str = ""
    tag: str = ""
    box: str = ""
    recording: str = ""
    undo_url: str = ""
    url: str = ""
    link: str = ""


def lines(
    entries: Sequence[Entry], lead: Lead, *, deal_url: str = "", undo: tuple[Entry, str] | None = None
) -> list[Line]:
    """Entries as lines. Tasks that rules set or took back are told in the text of the move of the same moment.

    `undo` names the entry that can be taken back, and the address for it.
    """
    moves = {entry.at for entry in entries if _is_move(entry)}
    touches = {entry.at for entry in entries if entry.kind == "touch"}
    told: dict[tuple[datetime, str], list[str]] = {}
    shown = []
    for entry in entries:
        action = entry.data.get("action", "")
        follows = entry.at in touches and (action == "done" or bool(entry.data.get("automatic")))
        if entry.kind == "task" and (follows or (entry.at in moves and action != "done" and entry.data["automatic"])):
            told.setdefault((entry.at, action), []).append(entry.data["title"])
        else:
            shown.append(entry)
    found = []
    for entry in shown:
        line = _line(entry, lead, deal_url)
        if undo is not None and entry is undo[0]:
            line.undo_url = undo[1]
        actions: tuple[str, ...] = ()
        if entry.kind == "touch":
            # The move that came of the touch stands above it and has told what it brought.
            actions = ("done", "created", "cancelled")
        elif _is_move(entry):
            actions = ("created", "cancelled")
        line.text = "\n".join(filter(None, (line.text, _tasks(told, entry.at, actions))))
        found.append(line)
    return found


def _is_move(entry: Entry) -> bool:
    return entry.kind == "status" or entry.data.get("event") == Event.Kind.CREATED


def _tasks(told: dict[tuple[datetime, str], list[str]], at: datetime, actions: Sequence[str]) -> str:
    """What became of tasks at that moment, in words; told once."""
    words = {
        "done": _("Done: %(titles)s"),
        "created": _("Tasks set: %(titles)s"),
        "cancelled": _("Tasks cancelled: %(titles)s"),
    }
    said = []
    for action in actions:
        titles = dict.fromkeys(told.pop((at, action), []))
        if titles:
            said.append(words[action] % {"titles": ", ".join(_("“%(title)s”") % {"title": title} for title in titles)})
    return ". ".join(said)


def _line(entry: Entry, lead: Lead, deal_url: str) -> Line:
    data: dict[str, Any] = entry.data
    line = Line(_look(entry), entry.text, entry.at, str(entry.by) if entry.by else "")
    if entry.kind == "touch":
        channel = Channel(data["channel"])
        if channel == Channel.CALL:
            line.title = entry.text.partition(": ")[2] or entry.text
        line.tag = _("undone") if data["undone"] else _("touch %(number)s") % {"number": data["number"]}
        if channel in MESSAGES:
            line.box = data["comment"]
        else:
            line.text = data["comment"]
        line.recording = data["recording_url"]
        return line
    line.text = data.get("comment", "")
    event = data.get("event")
    if event in NAMES_A_LEAD and str(data["new"]).isdecimal():
        line.url = reverse("lead-detail", args=[int(data["new"])])
        line.link = _("Open № %(id)s") % {"id": data["new"]}
    elif event in (Event.Kind.DEAL_OPENED, Event.Kind.STAGE) and deal_url:
        line.url, line.link = deal_url, _("Open the deal")
    return line


def _look(entry: Entry) -> str:
    data = entry.data
    if entry.kind == "task":
        return "task"
    if entry.kind == "status":
        return "meeting" if data["to"] == Status.MEETING else "status"
    if entry.kind == "change":
        return LOOKS.get(data["event"], "change")
    if data["channel"] == Channel.CALL:
        if data["direction"] == Direction.INCOMING:
            return "call_in"
        return "call_ok" if data["outcome"] in REACHED else "call_miss"
    return {Channel.SMS: "sms", Channel.EMAIL: "email", Channel.OFFICE: "office"}.get(data["channel"], "message")
