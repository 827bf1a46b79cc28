"""Telling the assignee when a promise falls due, and the managers when something is late; each task once.

Both ask the table what is due and not yet told, and claim it by the same update, so they may run twice, late or at
once (`reliability.md`, D7). Each call takes the longest due first and at most AT_ONCE; the job calls until nothing is
left. A task whose due time is changed is told of anew: whoever changes it empties both marks (`tasks/actions.py`).
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F, Q

from crm import clock
from crm.transactions import verb
from tasks.actions import CHASING
from tasks.models import EscalationPolicy, Kind, Task
from team.models import NoticeKind
from team.notices import managers, tell, tell_of_heap

AT_ONCE = 1000


@verb
def remind() -> int:
    """Tell assignees of promised calls and of meetings to confirm that have fallen due; others wait in the queue.

    A promise to somebody who has since asked not to be called is told to nobody. Returns how many tasks were due.
    """
    at = clock.now()
    due = _claim(Q(reminded_at__isnull=True, due_at__lte=at))
    Task.objects.filter(pk__in=[task.pk for task in due]).update(reminded_at=at)
    for task in due:
        kind = _notice_of(task)
        asked_not_to = task.kind in CHASING and task.silent_since is not None  # type: ignore[attr-defined]
        if kind is not None and task.assignee_id is not None and not asked_not_to:
            key = f"task:{task.pk}:{task.due_at.isoformat()}"
            told = {"due_at": task.due_at.isoformat(), "task": task.pk}
            tell([task.assignee_id], kind, key=key, at=at, lead_id=task.lead_id, deal_id=task.deal_id, **told)
    return len(due)


def _notice_of(task: Task) -> NoticeKind | None:
    if task.kind == Kind.CONFIRM_MEETING:
        return NoticeKind.MEETING_DUE
    callback = task.kind == Kind.CONTACT_CLIENT and task.due_at == task.callback_at  # type: ignore[attr-defined]
    return NoticeKind.CALL_DUE if task.promised or callback else None


@verb
def escalate() -> int:
    """Tell the managers of tasks that are late by the policy's minutes. Returns how many became known as late."""
    at = clock.now()
    patience = timedelta(minutes=EscalationPolicy.current().overdue_minutes)
    late = _claim(Q(escalated_at__isnull=True, due_at__lte=at - patience))
    Task.objects.filter(pk__in=[task.pk for task in late]).update(escalated_at=at)
    if late:
        tell_of_heap(managers(), NoticeKind.OVERDUE, count=len(late), at=at, oldest=late[0].due_at.isoformat())
    return len(late)


def _claim(which: Q) -> list[Task]:
    """Open tasks of `which`, the longest due first, locked; what another run has just claimed is left out."""
    rows = Task.objects.open().filter(which).order_by("due_at", "pk")
    rows = rows.annotate(callback_at=F("lead__callback_at"), silent_since=F("lead__contact__do_not_call_at"))
    return list(rows.select_for_update(of=("self",), no_key=True, skip_locked=True)[:AT_ONCE])
