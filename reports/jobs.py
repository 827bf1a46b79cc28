"""The reports' part of what the clock does."""

from __future__ import annotations

from celery import shared_task

from reports import digest, keeping


@shared_task(name="reports.jobs.send_digests")
def send_digests() -> None:
    """Send managers the daily e-mail once its time has come."""
    digest.send_digests()


@shared_task(name="reports.jobs.keep_tallies")
def keep_tallies() -> None:
    """Bring the changes of leads into what the source report keeps counted."""
    keeping.keep()
