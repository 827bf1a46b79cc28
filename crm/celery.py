"""The Celery application: how messages travel. What the jobs do is in each app's jobs.py, their times in the settings.

A message is only a nudge. It may be lost or come twice, so a job takes ids, may run again without harm, and whatever
must happen is also a row in the database that a periodic job finds. Hence a broker that cannot be reached is logged
and otherwise ignored when a job is sent: it must never turn a saved change into an error.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from typing import Any

from celery import Celery, Task
from celery.signals import setup_logging
from django_structlog.celery.steps import DjangoStructLogInitStep
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

# After a failed send nothing is tried for so many seconds: a broker that swallows connections would cost each of a
# batch's changes the connection timeout.
PAUSE_AFTER_FAILURE = 5.0


class Silence:
    """How long nothing is sent after a failure; one for the process, since all its jobs share the broker."""

    until = 0.0  # time.monotonic()


def _forgiving(send: Callable[[], Any], job: str) -> Any:
    """Send; with the broker away, log it and answer None. Waits at most a second."""
    if time.monotonic() < Silence.until:
        return None
    try:
        return send()
    except (OperationalError, OSError) as error:
        Silence.until = time.monotonic() + PAUSE_AFTER_FAILURE
        logger.warning("the broker cannot be reached (%s): %s waits for the sweep", type(error).__name__, job)
        return None


class Nudge(Task):
    """A job whose message may be lost: sending it never raises for an absent broker."""

    abstract = True

    def apply_async(self, *args: Any, **options: Any) -> Any:
        """Send the job as Celery does; with the broker away, log it and answer None."""
        return _forgiving(lambda: super(Nudge, self).apply_async(*args, **options), self.name)


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
app = Celery("crm", task_cls=Nudge)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(related_name="jobs")
app.steps["worker"].add("crm.deafness.Ear")
app.steps["worker"].add(DjangoStructLogInitStep)  # a job's lines bear the id of the request that sent it


def send(job: str) -> None:
    """Send a job by its name, as forgiving as `Nudge`: for those below the module in which it is written."""
    _forgiving(lambda: app.send_task(job), job)


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Being connected is the point: Celery then leaves the logging of settings.LOGGING alone."""
