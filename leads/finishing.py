"""Finishing a task by hand, on a lead or a deal: on a lead its cadence goes on as after an unanswered touch, and it can
be taken back (`leads/undo.py`).
"""

from __future__ import annotations

from crm import clock
from crm.transactions import verb
from leads.access import lock_lead
from leads.traces import tracing
from tasks.actions import CHASING, complete, plan_following
from tasks.models import Task
from team.models import User


@verb
def finish_task(task_id: int, *, by: User) -> Task:
    """Finish a task. A task that is done already stays as it is.

    A call or a message that is ticked off without a touch is followed by the next step of its cadence, so that the
    client is not forgotten. Raises Task.DoesNotExist if `by` may not see it, Refused `task_is_cancelled`.
    """
    task = Task.objects.visible_to(by).get(pk=task_id)
    if task.lead_id is None:
        return complete(task_id, by=by)
    # The lead before its task: the order of locks. Who may see the task has been asked.
    lead = lock_lead(task.lead_id, by=None)
    if not Task.objects.open().filter(pk=task_id).exists():
        return complete(task_id, by=by)
    with tracing(lead, by=by):
        done = complete(task_id, by=by)
        if done.kind in CHASING:
            plan_following(lead.as_stay(), done.kind, at=clock.now())
    return done
