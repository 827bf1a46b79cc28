"""The history's part of what the clock does."""

from __future__ import annotations

from celery import shared_task

from history import chain


@shared_task(name="history.jobs.seal_journal")
def seal_journal() -> None:
    """Put the lines of the journal that wait into its chain."""
    chain.seal()
