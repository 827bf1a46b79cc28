"""The Celery application: how messages travel. What the jobs do is in each app's jobs.py, their times in the settings.

A message is only a nudge. It may be lost or come twice, so a job takes ids, may run again without harm, and whatever
must happen is also a row in the database that a periodic job finds. Hence a broker that cannot be reached is logged
and otherwise ignored when a job is sent: it must never turn a saved change into an error.
"""

from __future__ import annotations

import logging
import os
import time
from typing import Any

from celery import Celery, Task
from celery.signals import setup_logging
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

# After a failed send nothing is tried for so many seconds: a broker that swallows connections would cost each of a
# batch's changes the connection timeout.
PAUSE_AFTER_FAILURE = 5.0


class Nudge(Task):
    """A job whose message may be lost: sending it waits at most a second for the broker and never raises for it."""

    abstract = True
    _silent_until = 0.0  # time.monotonic(); shared by all jobs of the process, since they share the broker

    def apply_async(self, *args: Any, **options: Any) -> Any:
        """Send the job as Celery does; with the broker away, log it and answer None."""
        if time.monotonic() < Nudge._silent_until:
            return None
        try:
            return super().apply_async(*args, **options)
        except (OperationalError, OSError) as error:
            Nudge._silent_until = time.monotonic() + PAUSE_AFTER_FAILURE
            logger.warning("the broker cannot be reached (%s): %s waits for the sweep", type(error).__name__, self.name)
            return None


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
app = Celery("crm", task_cls=Nudge)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(related_name="jobs")


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Being connected is the point: Celery then leaves the logging of settings.LOGGING alone."""
