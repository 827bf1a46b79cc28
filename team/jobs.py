"""The team's part of what the clock does."""

from __future__ import annotations

from celery import shared_task

from team import shifts


@shared_task(name="team.jobs.end_shifts")
def end_shifts() -> None:
    """Take off line whose shift is over."""
    shifts.end_shifts()
