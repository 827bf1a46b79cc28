"""What would follow if a call ended in some way just now: told before it is saved. Reads nothing and writes nothing.

The verbs decide; this follows the same rules over the same tasks, and a test compares what was told with what came.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from leads.models import Lead
from leads.pipeline import Status
from tasks.actions import Catalogue
from tasks.cadence import Anchor
from tasks.models import Kind, Task, TaskRule
from tasks.worktime import fit, is_open
from team.models import User

BUSY_AGAIN_AFTER = timedelta(minutes=20)
BUSY_REPEATS_A_DAY = 2


@dataclass(frozen=True)
class Ahead:
    """When the client would be called next (UTC); None: no call would be planned."""

    no_answer: datetime | None
    busy: datetime | None


def look_ahead(
    lead: Lead, tasks: Sequence[Task], catalogue: Catalogue, *, busy_today: int, by: User, at: datetime
) -> Ahead:
    """What an unanswered call at `at` would bring. `tasks` are the lead's open ones and those of its present stay.

    `busy_today` is how many calls were busy before on the client's day. `by` would take a lead that is nobody's.
    """
    following = _next_call(lead, tasks, catalogue, by=by, at=at)
    again = busy_again_at(lead, catalogue, busy_before=busy_today, planned=following is not None, at=at)
    return Ahead(no_answer=following, busy=again or following)


def busy_again_at(
    lead: Lead, catalogue: Catalogue, *, busy_before: int, planned: bool, at: datetime
) -> datetime | None:
    """When to call again after a busy line, beside what the cadence plans; None when the cadence alone goes on.

    After 20 minutes, twice a day at most. Outside calling hours the cadence's own step is soon enough; without one
    (`planned`) the call falls to the beginning of the hours.
    """
    soon = at + BUSY_AGAIN_AFTER
    if busy_before < BUSY_REPEATS_A_DAY and is_open(soon, lead.zone, catalogue.hours):
        return soon
    return None if planned else fit(soon, lead.zone, catalogue.hours)


def _next_call(lead: Lead, tasks: Sequence[Task], catalogue: Catalogue, *, by: User, at: datetime) -> datetime | None:
    calls = [task for task in tasks if task.kind == Kind.CONTACT_CLIENT]
    opened = sorted((task for task in calls if task.state == Task.State.OPEN), key=lambda task: (task.due_at, task.pk))
    until = fit(at, lead.zone, catalogue.hours)
    finished = next((task for task in opened if task.due_at <= until), None)
    left = [task for task in opened if task is not finished]
    stay = replace(lead.as_stay(), assignee_id=lead.responsible_id or by.pk)
    if lead.status == Status.NEW:
        # The touch brings the lead into «Прозвон», as the first step of its cadence; what «Новый» had set ends.
        anchors = {**stay.anchors, Anchor.ENTRY: at}
        entered = replace(stay, status=Status.DIALING, number=stay.number + 1, anchors=anchors)
        plans = catalogue.planned(replace(entered, steps_done={Kind.CONTACT_CLIENT: 1}), at)
        moments = [plan.due_at for plan in plans if plan.kind == Kind.CONTACT_CLIENT and not plan.on_deal]
        return min([*moments, *(task.due_at for task in left if not task.automatic)], default=None)
    if left:
        return left[0].due_at
    steps = [task.step for task in calls if task.automatic and task.stay == lead.stay and task.step is not None]
    rules = [
        (rule, steps_of)
        for rule, steps_of in catalogue.rules
        if rule.kind == Kind.CONTACT_CLIENT and rule.pace == TaskRule.Pace.CADENCE
    ]
    done: dict[str, int] = {Kind.CONTACT_CLIENT.value: max(steps) + 1 if steps else 0}
    plans = Catalogue(rules, catalogue.hours).planned(replace(stay, steps_done=done), at)
    return min((plan.due_at for plan in plans), default=None)
