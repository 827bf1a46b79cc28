"""Why a lead in work has no open task. A lead without one is a fault unless something here explains it.

`why` is pure; `standing.read_standing` reads what it needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Q
from django.utils.translation import gettext as _

from history.models import Event
from leads.ladder import Ladder
from leads.models import Lead, Touch
from leads.pipeline import CLOSED
from leads.touch_policy import REACHED, Channel, Direction, Progress, missing
from tasks.models import Task


class Why(StrEnum):
    """The stated reasons, the first that holds is the one that is told."""

    DO_NOT_CALL = "do_not_call"
    REACHED = "reached"
    NO_ANSWER_OFFERED = "no_answer_offered"
    NO_ANSWER_LATER = "no_answer_later"
    UNANSWERED = "unanswered"
    TICKED_OFF = "ticked_off"
    IMPORTED = "imported"
    NO_RULE = "no_rule"


@dataclass(frozen=True)
class Reason:
    """Why there is no task, as a code and as a sentence in the reader's language."""

    code: Why
    said: str


def why(
    lead: Lead,
    *,
    tasks: Iterable[Task],
    touches: Iterable[Touch],
    ladder: Sequence[Ladder],
    progress: Progress | None,
    has_rule: bool,
    imported: bool,
    at: datetime,
) -> Reason | None:
    """The reason why `lead` has nothing open at `at`; None if it has, needs nothing, or if nothing explains it.

    `tasks` are those of its present stay and its open ones, `touches` those since it was last opened, `ladder` its
    cadences; `progress` counts towards «Недозвон». `has_rule`: does a rule set tasks in its status? `imported`: was
    its status taken over as a fact?
    """
    known = list(tasks)
    if lead.is_duplicate or lead.status in CLOSED or any(task.state == Task.State.OPEN for task in known):
        return None
    if lead.do_not_call:
        return Reason(Why.DO_NOT_CALL, _("The client asked not to be called."))
    here = sorted((one for one in touches if one.created_at >= lead.status_changed_at), key=lambda one: one.created_at)
    last = here[-1] if here else None
    if last is not None and last.outcome in REACHED:
        return Reason(Why.REACHED, _("The client was reached; what comes next has not been agreed."))
    if ladder and any(one.used_up for one in ladder):
        return _used_up(lead, progress, at=at)
    done = [task for task in known if task.state == Task.State.DONE]
    if any(task.closed_by_id is not None and not _was_touched(task, here) for task in done):
        return Reason(Why.TICKED_OFF, _("The task was ticked off; what comes next has not been said."))
    if last is not None and (last.direction == Direction.OUTGOING or last.channel == Channel.OFFICE):
        return Reason(Why.UNANSWERED, _("The attempt was in vain; no further touch is planned in this status."))
    if imported:
        return Reason(Why.IMPORTED, _("Taken over from the former base."))
    if not has_rule:
        return Reason(Why.NO_RULE, _("No task rule is for this status."))
    return None


def _was_touched(task: Task, touches: Sequence[Touch]) -> bool:
    return any(touch.created_at == task.closed_at for touch in touches)


def _used_up(lead: Lead, progress: Progress | None, *, at: datetime) -> Reason:
    if progress is not None and progress.earned:
        return Reason(Why.NO_ANSWER_OFFERED, _("All touches are made: the lead can be closed as “Could not reach”."))
    lacks = missing(progress, zone=lead.zone, at=at) if progress else ""
    return Reason(Why.NO_ANSWER_LATER, _("All planned touches are made. %(missing)s.") % {"missing": lacks.rstrip(".")})


def tasks_of_stay(lead: Lead) -> list[Task]:
    """The tasks that say where the lead stands: its open ones, the steps of its present stay, what was closed in it.

    One query.
    """
    here = Q(state=Task.State.OPEN) | Q(stay=lead.stay) | Q(closed_at__gte=lead.status_changed_at)
    return list(Task.objects.filter(here, lead_id=lead.pk).order_by("due_at", "pk"))


def is_imported(lead: Lead) -> bool:
    """Whether the lead's present status was taken over as a fact from the firm's old base. One query."""
    return Event.objects.filter(lead_id=lead.pk, kind=Event.Kind.IMPORTED, at__gte=lead.status_changed_at).exists()
