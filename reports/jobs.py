"""The reports' part of what the clock does."""

from __future__ import annotations

from celery import shared_task

from reports import digest


@shared_task(name="reports.jobs.send_digests")
def send_digests() -> None:
    """Send managers the daily e-mail once its time has come."""
    digest.send_digests()
