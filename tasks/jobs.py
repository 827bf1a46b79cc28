"""The tasks' part of what the clock does. Each job asks what is due and not yet told, so it may run twice or late."""

from __future__ import annotations

from celery import shared_task

from tasks import reminders


@shared_task(name="tasks.jobs.remind")
def remind() -> None:
    """Tell assignees of promises that fall due."""
    while reminders.remind():
        pass


@shared_task(name="tasks.jobs.escalate")
def escalate() -> None:
    """Tell managers of what is late."""
    while reminders.escalate():
        pass
