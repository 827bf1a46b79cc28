"""Periodic jobs that belong to no app: the tick, by which /readyz sees that beat, broker and worker are alive."""

from __future__ import annotations

import time

from celery import shared_task
from django.core.cache import cache

TICK_KEY = "tick"


@shared_task(name="crm.jobs.tick")
def tick() -> None:
    """Write down the moment: epoch seconds of the real clock, since a test's shifted one must not look like a stop."""
    cache.set(TICK_KEY, time.time(), timeout=None)


def last_tick_age() -> float | None:
    """Seconds since a tick went through, or None when none is on record."""
    at = cache.get(TICK_KEY)
    return None if at is None else max(0.0, time.time() - at)
