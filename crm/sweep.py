"""The clock's jobs without the broker: they run in this process while no tick comes through (`reliability.md`, D5).

Beat and worker speak through the broker, so with it dead nobody would hand leads out or remind of promises. Each job
asks what is due and claims it, so it does not matter that a worker may come back meanwhile and run the same ones.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.db import close_old_connections, connection

from crm.celery import app
from crm.jobs import last_tick_age
from crm.schedule import EVERY

logger = logging.getLogger(__name__)

SILENCE = 30.0  # seconds without a tick after which the jobs are run here; the tick comes every 5
LOOK_EVERY = 5.0  # seconds
TICK = "crm.jobs.tick"  # not run here: it says that broker and worker are alive


def is_silent() -> bool:
    """Whether no tick has come through for SILENCE; a cache that is away with the broker tells of none."""
    age = last_tick_age()
    return age is None or age > SILENCE


def run_due(done: dict[str, float], now: float) -> list[str]:
    """Run the jobs whose turn has come since `done` (job -> seconds of a monotonic clock, brought up to date).

    A job that fails is logged and keeps no other from running. Returns the names of those that were run.
    """
    turn = [job for job, every in EVERY if job != TICK and now - done.get(job, -every) >= every]
    app.autodiscover_tasks(related_name="jobs", force=True)
    for job in turn:
        done[job] = now
        if not connection.in_atomic_block:
            close_old_connections()  # one that broke under the job before, or has come of age
        try:
            app.tasks[job]()
        except Exception as error:
            logger.error("%s failed (%s); it is run again at its next turn", job, type(error).__name__)
    return turn


def watch(until: Callable[[], bool], *, look_every: float = LOOK_EVERY) -> None:
    """Run the jobs while it is silent, until `until()`; otherwise only look, every `look_every` seconds.

    Just after a start it waits for SILENCE, as beat and worker are starting too.
    """
    done: dict[str, float] = {}
    quiet_since: float | None = None
    began = time.monotonic()
    while not until():
        now = time.monotonic()
        if is_silent() and now - began >= SILENCE:
            if quiet_since is None:
                quiet_since = now
                logger.warning("no tick for %.0f s: the periodic jobs run here until one comes", SILENCE)
            run_due(done, now)
        elif quiet_since is not None:
            quiet_since = None
            logger.warning("the tick is back: the worker runs the periodic jobs again")
        wait_until = now + look_every
        while time.monotonic() < wait_until and not until():
            time.sleep(0.2)
