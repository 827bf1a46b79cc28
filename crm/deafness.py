"""Ends a worker that has become deaf: alive, but taking no job any more (`reliability.md` F13).

Celery is known to lose its consumer now and then when the connection to the broker is renewed. Such a worker answers
every question after its health; only the work stays undone. It ends itself, and whoever keeps it running (the
supervisor of `make run`, the container's restart policy) starts it again.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from typing import Any

from celery import bootsteps
from celery.signals import task_received
from django.db import DatabaseError, close_old_connections

from crm import watchdog
from crm.health import OLDEST_DUE

logger = logging.getLogger(__name__)

SILENCE = 300.0  # seconds without a job; the beat sends some every few seconds
LOOK_EVERY = 30.0  # seconds
GRACE = 30.0  # seconds that a worker gets to finish what it has begun


class Ear(bootsteps.StartStopStep):
    """Listens in the worker's main process, where messages are taken; one thread, which ends with the worker."""

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self.heard_at = time.monotonic()
        self.ended = threading.Event()

    def start(self, worker: Any) -> None:
        """Begin to listen and to look."""
        task_received.connect(self.hear, weak=False)
        threading.Thread(target=self.watch, name="ear", daemon=True).start()

    def stop(self, worker: Any) -> None:
        """Look no more: the worker ends anyway."""
        task_received.disconnect(self.hear)
        self.ended.set()

    def hear(self, **_: Any) -> None:
        """A job has come."""
        self.heard_at = time.monotonic()

    def watch(self) -> None:
        """Look again and again; a worker found deaf is asked to end, then made to."""
        while not self.ended.wait(LOOK_EVERY):
            late = self.undone()
            if late is None:
                continue
            logger.critical("no job has come for %.0f s, but %s: this worker ends to be started again", SILENCE, late)
            os.kill(os.getpid(), signal.SIGTERM)
            if not self.ended.wait(GRACE):
                os._exit(1)

    def undone(self) -> str | None:
        """What should have been done meanwhile by a worker that hears nothing; None while all is well."""
        if time.monotonic() - self.heard_at < SILENCE:
            return None
        close_old_connections()
        try:
            late = watchdog.latest()
        except DatabaseError:  # then it is the database that fails, and another worker would do no better
            return None
        finally:
            close_old_connections()
        if late is None or late.by <= OLDEST_DUE:
            return None
        return f"{late.what} wait for {late.by.total_seconds():.0f} s"
