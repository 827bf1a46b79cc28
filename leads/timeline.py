"""What happened to a lead, newest first, as people and the API read it: history, touches and tasks in one row.

Only reads. The sentences are made here, in the reader's language, from the codes that history keeps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Case, CharField, F, Q, Value, When, Window
from django.db.models.functions import Cast, RowNumber
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from deals.models import Stage
from history.models import Event
from leads.models import Lead, Touch
from leads.pipeline import JunkReason, Status
from leads.touch_policy import Channel, Outcome
from sources.models import Source
from tasks.models import Task
from team.models import User

# Moments are often shared (a move, its tasks): what shares the last moment of a page belongs on that page.
SPARE = 20
LONGEST_VALUE = 80
# Of a deal's own history the lead shows where the deal stands; its sums and people are the deal's.
SHOWN_OF_DEAL = (Event.Kind.DEAL_OPENED, Event.Kind.STAGE)


@dataclass(frozen=True)
class Entry:
    """One line. `kind` is status, touch, task or change; `by` None means the product itself («автоматически»).

    `data` holds the codes behind the sentence, as plain JSON: `event` (the kind of history row) with what it says, or
    the touch, or the task with its `action` (created, done, cancelled).
    """

    kind: str
    at: datetime
    by: User | None
    text: str
    data: dict[str, Any]


def timeline(lead: Lead, *, limit: int = 30, before: datetime | None = None, only: str = "") -> list[Entry]:
    """The newest `limit` entries of a lead (older than `before`), newest first. At most four queries.

    Entries that share the moment of the last one come with it, so that `before` = that moment asks for the next page.
    `only` = "touch", "comment" or "change" (of fields, owner and status) leaves out everything else.
    """
    reach = limit + SPARE
    touches = list(_touches(lead, before)[:reach]) if only in ("", "touch") else []
    events = list(_only(_events(lead, before), only)[:reach]) if only != "touch" else []
    tasks = [] if only else list(_tasks(lead, before)[:reach])
    tell = _Teller(lead.zone, _names(events))
    found = [
        *(_Placed(event.at, 0 if event.kind == Event.Kind.CREATED else 3, event.pk, event) for event in events),
        *(_Placed(touch.at, 1, touch.pk, touch) for touch in touches),
        *(placed for task in tasks for placed in _moments(task) if before is None or placed.at < before),
    ]
    found.sort(key=lambda placed: (placed.at, placed.rank, placed.pk), reverse=True)
    page = found[:limit]
    page += [placed for placed in found[limit:] if placed.at == page[-1].at]
    return [tell.entry(placed) for placed in page]


@dataclass(frozen=True)
class _Placed:
    """A row in its place: of what shares a moment, the touch came before the move, the move before its tasks."""

    at: datetime
    rank: int
    pk: int
    row: Event | Touch | Task
    action: str = ""


def _events(lead: Lead, before: datetime | None) -> Any:
    rows = Event.objects.filter(Q(deal__isnull=True) | Q(kind__in=SHOWN_OF_DEAL), lead_id=lead.pk)
    rows = rows.select_related("by").order_by("-at", "-pk")
    return rows.filter(at__lt=before) if before else rows


def _only(events: Any, only: str) -> Any:
    if only == "comment":
        return events.filter(kind=Event.Kind.COMMENT)
    return events.exclude(kind=Event.Kind.COMMENT) if only == "change" else events


def _touches(lead: Lead, before: datetime | None) -> Any:
    """Each with its `number` among the lead's touches, oldest first; None for one that was taken back."""
    rows = Touch.with_undone.filter(lead_id=lead.pk).select_related("by").order_by("-at", "-pk")
    if before:
        rows = rows.filter(at__lt=before)
    # What was taken back has no place among those that count.
    number = Window(RowNumber(), partition_by=[F("undone_at")], order_by=[F("at").asc(), F("pk").asc()])
    return rows.annotate(number=Case(When(undone_at=None, then=number)))


def _tasks(lead: Lead, before: datetime | None) -> Any:
    """By the last thing that happened to each (before that moment)."""
    rows = Task.objects.filter(lead_id=lead.pk).select_related("created_by", "closed_by")
    closed = Q(closed_at__isnull=False)
    if before:
        rows = rows.filter(Q(created_at__lt=before) | Q(closed_at__lt=before))
        closed &= Q(closed_at__lt=before)
    return rows.annotate(last=Case(When(closed, then=F("closed_at")), default=F("created_at"))).order_by("-last", "-pk")


def _moments(task: Task) -> Iterator[_Placed]:
    yield _Placed(task.created_at, 5, task.pk, task, "created")
    if task.closed_at is not None:
        done = task.state == Task.State.DONE
        yield _Placed(task.closed_at, 2 if done else 4, task.pk, task, "done" if done else "cancelled")


Names = Mapping[tuple[str, str], str]


def _names(events: Iterable[Event]) -> Names:
    """What the people, sources and stages that `events` speak of are called. One query, or none."""
    people, sources, stages = set(), set(), set()
    for event in events:
        if event.kind == Event.Kind.RESPONSIBLE:
            people |= {int(key) for key in (event.old, event.new) if key.isdecimal()}
        elif event.kind == Event.Kind.UNDONE:
            people |= {pk for pk in event.data.get("responsible", []) if pk}
        elif event.kind in SHOWN_OF_DEAL:
            stages |= {event.old, event.new} - {""}
        elif event.kind == Event.Kind.EDITED:
            sources |= set(event.data.get("changes", {}).get("source", []))
        elif "source" in event.data:
            sources.add(event.data["source"])
    english = (get_language() or "").startswith("en")
    stage_name = Case(When(~Q(name_en=""), then=F("name_en")), default=F("name")) if english else F("name")
    parts = [
        model.objects.filter(**{f"{key}__in": wanted})
        .order_by()
        .annotate(sort=Value(word, CharField()), code_=Cast(key, CharField()), said=Cast(name, CharField()))
        .values_list("sort", "code_", "said")
        for model, word, key, name, wanted in (
            (User, "person", "pk", F("name"), people),
            (Source, "source", "code", F("name"), sources),
            (Stage, "stage", "code", stage_name, stages),
        )
        if wanted
    ]
    if not parts:
        return {}
    rows = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
    return {(sort, key): name for sort, key, name in rows}


@dataclass(frozen=True)
class _Teller:
    """Makes entries of rows; times in sentences are of the client's zone."""

    zone: ZoneInfo
    names: Names

    def entry(self, placed: _Placed) -> Entry:
        row = placed.row
        if isinstance(row, Touch):
            return Entry("touch", placed.at, row.by, self._touch(row), _touch_data(row))
        if isinstance(row, Task):
            by = row.created_by if placed.action == "created" else row.closed_by
            return Entry("task", placed.at, by, _task(row, placed.action), _task_data(row, placed.action))
        kind = "status" if row.kind == Event.Kind.STATUS else "change"
        return Entry(kind, placed.at, row.by, self._event(row), _event_data(row))

    def _touch(self, touch: Touch) -> str:
        said = {"channel": touch.get_channel_display(), "outcome": touch.get_outcome_display()}
        if touch.direction == "incoming":
            return _("%(channel)s, incoming: %(outcome)s") % said
        return _("%(channel)s: %(outcome)s") % said

    def _event(self, event: Event) -> str:
        match event.kind:
            case Event.Kind.STATUS:
                return self._move(event)
            case Event.Kind.CREATED:
                said = self._name("source", event.data.get("source", ""))
                if event.reason == JunkReason.DUPLICATE:
                    return _("A repeat application came in: %(source)s. Closed as “Duplicate”") % {"source": said}
                return _("The lead came in: %(source)s") % {"source": said}
            case Event.Kind.REPEAT:
                return _("The client applied again: lead № %(id)s closed as “Duplicate”") % {"id": event.new}
            case Event.Kind.MARKED_DUPLICATE:
                return _("Lead № %(id)s was marked as a duplicate of this one") % {"id": event.new}
            case Event.Kind.RESPONSIBLE:
                return self._hand_over(event)
            case Event.Kind.SKIPPED:
                return _("Skipped in the queue: %(reason)s") % {"reason": event.comment}
            case Event.Kind.EDITED:
                return self._changes(event.data.get("changes", {}))
            case Event.Kind.PHONE:
                return _("A phone number was given")
            case Event.Kind.DEAL_OPENED:
                return _("Deal %(deal)s created: %(stage)s") % {
                    "deal": f"Д-{event.deal_id or 0:04d}",
                    "stage": self._name("stage", event.new),
                }
            case Event.Kind.STAGE:
                return _("Deal stage: %(old)s → %(new)s") % {
                    "old": self._name("stage", event.old),
                    "new": self._name("stage", event.new),
                }
            case Event.Kind.UNDONE:
                return _("Undone: %(what)s") % {"what": self._undone(event.data)}
            case Event.Kind.RETIRED:
                return _("A newer application on this number has become the original")
            case Event.Kind.RESENT:
                return _("The same application was sent again with other contents; nothing was changed")
            case Event.Kind.IMPORTED:
                return _("Taken over from the old base: %(status)s") % {"status": _status(event.new)}
        return str(event.get_kind_display())

    def _name(self, sort: str, key: str) -> str:
        return self.names.get((sort, key), key)

    def _move(self, event: Event) -> str:
        new = _status(event.new)
        if event.new == Status.JUNK and event.reason:
            new = f"{new}: {_label(JunkReason, event.reason)}"
        said = f"{_status(event.old)} → {new}"
        if event.old == event.new == Status.MEETING:
            said = _("The meeting was moved")
        for name in ("meeting_at", "callback_at"):
            if name in event.data:
                said += f", {self._moment(event.data[name])}"
        return said

    def _moment(self, told: str) -> str:
        try:
            return date_format(datetime.fromisoformat(told).astimezone(self.zone), "j E, H:i")
        except ValueError:
            return told

    def _hand_over(self, event: Event) -> str:
        said = {"old": self._name("person", event.old), "new": self._name("person", event.new)}
        if event.data.get("passed_by"):
            minutes = int(event.data.get("minutes", 0))
            sentence = ngettext(
                "Back to the common queue: nobody has called for %(minutes)s minute (%(old)s)",
                "Back to the common queue: nobody has called for %(minutes)s minutes (%(old)s)",
                minutes,
            )
            return sentence % {**said, "minutes": minutes}
        if event.by_id is None and event.new and not event.old:
            return _("Handed to an operator on line: %(new)s") % said
        if not event.old:
            return _("Owner: %(new)s") % said
        return _("Owner: %(old)s → %(new)s") % said

    def _undone(self, data: Mapping[str, Any]) -> str:
        """What was taken back: the touch, else the move, else the hand-over, else the task."""
        if "touch" in data:
            return f"{_label(Channel, data['touch']['channel'])}: {_label(Outcome, data['touch']['outcome'])}"
        if "duplicate" in data:
            return _("lead № %(id)s as a duplicate") % {"id": data["duplicate"]}
        if "status" in data:
            new, old = data["status"]
            return _("the meeting was moved") if new == old else f"{_status(old)} → {_status(new)}"
        if "finished" in data:
            return _("Done: %(title)s") % {"title": ", ".join(map(str, data["finished"]))}
        if "tasks" in data:
            return _("Task set: %(title)s") % {"title": ", ".join(map(str, data["tasks"]))}
        new, old = (self._name("person", str(pk or "")) for pk in data.get("responsible", ["", ""]))
        return _("Owner: %(old)s → %(new)s") % {"old": old or "—", "new": new or "—"}

    def _changes(self, changes: Mapping[str, Any]) -> str:
        said = []
        for name, pair in changes.items():
            label = str(getattr(Lead._meta.get_field(name), "verbose_name", name)) if name in _FIELDS else name
            if name == "utm" or not isinstance(pair, list) or len(pair) != 2:
                said.append(label)
                continue
            old, new = (self._name("source", str(value or "")) if name == "source" else value for value in pair)
            said.append(f"{label}: {_short(old)} → {_short(new)}")
        return _("Changed: %(changes)s") % {"changes": "; ".join(said)}


_FIELDS = frozenset({"name", "email", "comment", "debt_amount", "city", "utm", "source"})


def _short(value: object) -> str:
    text = " ".join(str(value or "—").split())
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _label(choices: Any, code: str) -> str:
    """The label of a code, or the code where an old base knew others."""
    return str(choices(code).label) if code in choices.values else code


def _status(code: str) -> str:
    return _label(Status, code)


def _task(task: Task, action: str) -> str:
    said = {"title": task.title}
    if action == "done":
        return _("Task done: %(title)s") % said
    if action == "cancelled":
        return _("Task cancelled: %(title)s") % said
    return _("Task set: %(title)s") % said


def _touch_data(touch: Any) -> dict[str, Any]:
    return {
        "id": touch.pk,
        "channel": touch.channel,
        "direction": touch.direction,
        "outcome": touch.outcome,
        "comment": touch.comment,
        "recording_url": touch.recording_url,
        "number": touch.number,
        "undone": touch.undone_at is not None,
    }


def _task_data(task: Task, action: str) -> dict[str, Any]:
    return {
        "id": task.pk,
        "action": action,
        "kind": task.kind,
        "title": task.title,
        "due_at": task.due_at.isoformat(),
        "automatic": task.automatic,
    }


def _event_data(event: Event) -> dict[str, Any]:
    told = {"event": event.kind, "old": event.old, "new": event.new, "reason": event.reason, "comment": event.comment}
    if event.kind == Event.Kind.STATUS:
        told |= {"from": event.old, "to": event.new}
    if event.kind == Event.Kind.DEAL_OPENED:
        return told | {"deal": event.deal_id}  # the sums are the deal's to show
    # What intake keeps to recognise an application by is for intake alone.
    return {**{name: value for name, value in event.data.items() if name != "digest"}, **told}
