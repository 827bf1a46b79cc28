"""Taking back what a person has just done to a lead: a touch, a move that made no deal, a hand-over, a task ticked off.

Not a move of `pipeline.py`: the lead becomes what it was before, what the action set is taken back, and history keeps
both (`domain.md`, Lead). Whoever acted may do it for FOR, as long as nobody has changed the lead since.

For pages: `last_action` finds what somebody has just done, `token_of` makes the `<token>` of `/undo/<token>/` of it. An
action on many leads passes one `action` (a UUID) to each verb that takes it, such as `editing.assign`; one token takes
all of it back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core import signing
from django.db.models import CharField, Model, OuterRef, Q, Subquery
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, JSONObject
from django.utils.translation import gettext as _

from crm import clock
from crm.errors import Refused
from crm.templatetags.crm_ui import surname
from crm.transactions import verb
from history.actions import note
from history.models import Event
from leads.access import lock_lead
from leads.models import Lead, Touch, Trace
from leads.timeline import Entry
from leads.traces import COLUMNS, TASK_COLUMNS, columns_of
from outbox.actions import mark_all
from tasks.models import Task
from team.holds import take_up
from team.models import User
from team.notices import take_back

FOR = timedelta(minutes=15)
KEPT = timedelta(days=1)  # the traces themselves
SALT = "undo"
TOO_LATE = "undo_too_late"
# What they say about a lead changes nothing on it.
REMARKS = (Event.Kind.COMMENT, Event.Kind.SKIPPED)
SEEN_OF_TASK = ("state", "due_at", "repeat", "assignee_id")  # reminders and escalation go on beside


@dataclass(frozen=True)
class Undone:
    """The leads on which it was taken back, and the sentence for each on which it could not be."""

    leads: list[int] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)


def token_of(action: UUID) -> str:
    """The signed name of an action, for an address."""
    return signing.dumps(action.hex, salt=SALT)


def action_of(token: str) -> UUID | None:
    """The action of a token of ours; None for anything else."""
    try:
        return UUID(hex=signing.loads(token, salt=SALT))
    except (signing.BadSignature, ValueError, TypeError, AttributeError):
        return None


def last_action(lead_id: int, by: User) -> Trace | None:
    """The newest action of `by` on a lead, if it is fresh and was not taken back. One query."""
    fresh = Trace.objects.filter(lead_id=lead_id, by=by, at__gt=clock.now() - FOR).select_related("touch")
    trace = fresh.order_by("-pk").first()
    return trace if trace is not None and trace.undone_at is None else None


@dataclass(frozen=True)
class Recent:
    """What somebody has done to a lead a moment ago and can take back still."""

    action: UUID
    touch_id: int | None

    def entry(self, entries: Iterable[Entry], by: User) -> Entry | None:
        """The entry of the timeline at which it is offered: the touch, else the move or the hand-over."""
        kinds = (Event.Kind.STATUS, Event.Kind.RESPONSIBLE)
        for entry in entries:
            if self.touch_id is not None:
                if entry.kind == "touch" and entry.data["id"] == self.touch_id:
                    return entry
            elif entry.data.get("event") in kinds and entry.by == by:
                return entry
        return None


def newest_trace(by: User, *, at: datetime) -> Subquery:
    """A column of leads for `recent`: the newest action of `by` on each, if it is fresh."""
    fresh = Trace.objects.filter(lead_id=OuterRef("pk"), by=by, at__gt=at - FOR).order_by("-pk")
    told = JSONObject(
        action=Cast("action", CharField()),
        touch="touch_id",
        undone=Q(undone_at__isnull=False),
        was=KT("before__lead__version"),
        version=KT("after__lead__version"),
        touches=KT("after__lead__touches_count"),
    )
    return Subquery(fresh.values(told=told)[:1])


def recent(lead: Lead, told: dict[str, Any] | None) -> Recent | None:
    """The action of `newest_trace`, while the lead is as it was left. The verb looks at the tasks as well."""
    if not told or told["undone"] or (int(told["version"]), int(told["touches"])) != (lead.version, lead.touches_count):
        return None
    if told["touch"] is None and told["was"] == told["version"]:
        return None  # a task set on many leads: its message takes it back, no entry of the card is about it
    return Recent(UUID(told["action"]), told["touch"])


def undo(action: UUID, *, by: User) -> Undone:
    """Take back an action of `by`, lead by lead, each in its own transaction; a second time changes nothing.

    Raises Refused `undo_too_late` if it cannot be taken back on any lead.
    """
    leads = list(Trace.objects.filter(action=action, by=by).order_by("lead_id").values_list("lead_id", flat=True))
    if not leads:
        raise Refused(TOO_LATE, _("It cannot be undone any more."), allowed=[])
    undone = Undone()
    for lead_id in leads:
        try:
            undo_on(lead_id, action, by=by)
        except Refused as refusal:
            undone.refused[lead_id] = refusal.detail
        else:
            undone.leads.append(lead_id)
    if not undone.leads:
        raise Refused(TOO_LATE, undone.refused[leads[0]], allowed=[])
    return undone


@verb
def undo_on(lead_id: int, action: UUID, *, by: User) -> Lead:
    """Take an action of `by` back on one lead. Returns the lead; one that is taken back already stays as it is.

    Raises Trace.DoesNotExist if `by` has done no such thing; Refused `undo_too_late` after FOR, or if somebody has
    changed the lead since, naming who.
    """
    now = clock.now()
    trace = Trace.objects.get(action=action, lead_id=lead_id, by=by)
    original_id = trace.after["lead"].get("duplicate_of_id")
    if original_id is not None:  # both in the order of their ids, as when one was marked as the other's duplicate
        pair = Lead.objects.filter(pk__in=[lead_id, original_id]).order_by("pk")
        list(pair.select_for_update(no_key=True))
    lead = lock_lead(lead_id, by=None)
    trace = Trace.objects.get(pk=trace.pk)  # as it is under the lock: of two presses the second finds it taken back
    if trace.undone_at is not None:
        return lead
    if trace.at <= now - FOR:
        minutes = int(FOR.total_seconds() // 60)
        raise Refused(TOO_LATE, _("Too late to undo: more than %(minutes)s minutes ago") % {"minutes": minutes})
    tasks = _require_unchanged(trace, lead)
    _put_back(trace, lead, tasks, by=by, at=now)
    return lead


def _require_unchanged(trace: Trace, lead: Lead) -> dict[int, Task]:
    """Raise Refused if anything has changed the lead since. Returns the tasks that the action changed, locked."""
    after: dict[str, Any] = trace.after["tasks"]
    here = Q(lead_id=lead.pk) | Q(deal__lead_id=lead.pk)
    added = Q(state=Task.State.OPEN, automatic=True, created_at__gte=trace.at)
    rows = Task.objects.filter(here, Q(pk__in=[int(pk) for pk in after]) | added).order_by("pk")
    tasks = {task.pk: task for task in rows.select_for_update(of=("self",))}
    kept: dict[str, Any] = trace.after["lead"]
    same = columns_of(lead, list(kept)) == kept and {str(pk) for pk in tasks} == set(after)
    if same:
        seen = ((columns_of(task, SEEN_OF_TASK), after[str(pk)]) for pk, task in tasks.items())
        same = all(now == {name: then[name] for name in SEEN_OF_TASK} for now, then in seen)
    if same and "duplicate_of_id" in trace.after["lead"]:
        # A later application on this number belongs to the original that was chosen; so does the number then.
        later = Lead.objects.filter(contact=lead.contact, contact__isnull=False, pk__gt=lead.pk)
        same = not later.exclude(pk__in=trace.before["duplicates"]).exists()
    if not same:
        raise Refused(TOO_LATE, _who_changed(trace), allowed=[])
    return tasks


def _who_changed(trace: Trace) -> str:
    """«Отменить уже нельзя: лид изменил Орлов»."""
    lead_id, since = trace.lead_id, trace.at
    event = Event.objects.filter(lead_id=lead_id, at__gte=since).exclude(kind__in=REMARKS).exclude(by=trace.by)
    touch = Touch.objects.filter(lead_id=lead_id, created_at__gte=since).exclude(by=trace.by)
    task = Task.objects.filter(lead_id=lead_id, closed_at__gte=since).exclude(closed_by=trace.by)
    finders = (
        lambda: event.select_related("by").order_by("-pk").values_list("by__name", flat=True).first(),
        lambda: touch.order_by("-pk").values_list("by__name", flat=True).first(),
        lambda: task.order_by("-closed_at").values_list("closed_by__name", flat=True).first(),
    )
    who = next((name for find in finders if (name := find())), None)
    if who:
        return _("Too late to undo: %(who)s changed the lead") % {"who": surname(who)}
    if event.exists():
        return _("Too late to undo: the system changed the lead")
    return _("Too late to undo: you have changed the lead since")


def _put_back(trace: Trace, lead: Lead, tasks: dict[int, Task], *, by: User, at: datetime) -> None:
    before, after = trace.before["lead"], trace.after["lead"]
    moved = before["stay"] != after["stay"]
    event = None
    if moved:
        event = Event.objects.filter(lead_id=lead.pk, kind=Event.Kind.STATUS).order_by("-pk").first()
    for name in set(before) - {"version", "stay"}:
        setattr(lead, name, _python(lead, name, before[name]))
    lead.version += 1
    if moved:
        lead.stay += 1  # a number that no task has: the stay that was left begins anew, with its own tasks
        Task.objects.filter(lead_id=lead.pk, automatic=True, stay=before["stay"]).update(stay=lead.stay)
    lead.save(update_fields=[name.removesuffix("_id") for name in COLUMNS])
    _put_tasks_back(trace, tasks, stay=lead.stay if moved else None, by=by, at=at)
    changed = [("lead", lead.pk), *(("task", pk) for pk in tasks)]
    if trace.touch_id is not None:
        Touch.objects.filter(pk=trace.touch_id).update(undone_at=at)
        changed.append(("touch", trace.touch_id))
    if moved_along := _put_duplicates_back(trace, lead):
        changed += [("lead", pk) for pk in moved_along]
    _tell_history(trace, lead, event, tasks, by=by, at=at)
    take_up(lead.pk, by=by)
    if "responsible_id" in after and after["responsible_id"] != by.pk:
        take_back(f"handed:{lead.pk}:{after['version']}")
    trace.undone_at = at
    trace.save(update_fields=["undone_at"])
    mark_all(changed)


def _put_tasks_back(trace: Trace, tasks: dict[int, Task], *, stay: int | None, by: User, at: datetime) -> None:
    """What the action set is cancelled, and is no step of a rule any more; what it closed or put off is as it was."""
    before: dict[str, Any] = trace.before["tasks"]
    made = [pk for pk in tasks if str(pk) not in before]
    Task.objects.filter(pk__in=made, state=Task.State.OPEN).update(
        state=Task.State.CANCELLED, closed_at=at, closed_by=by
    )
    Task.objects.filter(pk__in=made).update(step=None)
    restored = [task for pk, task in tasks.items() if str(pk) in before]
    for task in restored:
        for name, value in before[str(task.pk)].items():
            setattr(task, name, _python(task, name, value))
    Task.objects.bulk_update(restored, [name.removesuffix("_id") for name in TASK_COLUMNS])


def _python(row: Model, name: str, value: Any) -> Any:
    """A column of a trace as the model holds it."""
    column: Any = row._meta.get_field(name.removesuffix("_id"))
    return value if value is None else column.to_python(value)


def _put_duplicates_back(trace: Trace, lead: Lead) -> list[int]:
    """What had pointed at the lead before it was marked as a duplicate itself points at it again. Returns their ids.

    After a hand-over they follow the responsible, as ever.
    """
    ids: list[int] = trace.before.get("duplicates", [])
    theirs = Lead.objects.filter(Q(pk__in=ids) | Q(duplicate_of_id=lead.pk)).order_by("pk")
    changes_hands = "responsible_id" in trace.after["lead"]
    if not ids and not changes_hands:
        return []
    rows = list(theirs)
    for row in rows:
        row.duplicate_of_id, row.responsible_id = lead.pk, lead.responsible_id
        row.version += 1
    Lead.objects.bulk_update(rows, ["duplicate_of", "responsible", "version"])
    return [row.pk for row in rows]


def _tell_history(
    trace: Trace, lead: Lead, event: Event | None, tasks: dict[int, Task], *, by: User, at: datetime
) -> None:
    before, after = trace.before["lead"], trace.after["lead"]
    told: dict[str, Any] = {}
    if event is not None:
        told["status"] = [event.new, event.old]
    if trace.touch is not None:
        told["touch"] = {"id": trace.touch.pk, "channel": trace.touch.channel, "outcome": trace.touch.outcome}
    if "responsible_id" in before:
        told["responsible"] = [after["responsible_id"], before["responsible_id"]]
    if not told:
        finished = [task.title for task in tasks.values() if str(task.pk) in trace.before["tasks"]]
        told |= {"finished": finished} if finished else {"tasks": [task.title for task in tasks.values()]}
    note(
        Event.Kind.UNDONE,
        at=at,
        by=by,
        lead_id=lead.pk,
        old=event.pk if event else "",
        new=lead.status,
        reason=lead.junk_reason,
        **told,
    )
    if original_id := after.get("duplicate_of_id"):
        note(Event.Kind.UNDONE, at=at, by=by, lead_id=original_id, duplicate=lead.pk)


@verb
def forget_traces() -> int:
    """Throw away what is too old to be taken back. Returns how many rows."""
    return Trace.objects.filter(at__lt=clock.now() - KEPT).delete()[0]
