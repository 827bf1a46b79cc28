"""The product's web application, in which a file makes the next commit the last thing that its process does.

The file named by CRM_FAULT says when: "before" the commit, or "after" it, while nobody has been told yet.
"""

import os
import signal
from pathlib import Path

from django.db.backends.base.base import BaseDatabaseWrapper

from crm.wsgi import application

__all__ = ["application"]
ARMED = Path(os.environ["CRM_FAULT"])
_commit = BaseDatabaseWrapper._commit


def _die() -> None:
    ARMED.unlink()  # whoever comes after this process lives
    os.kill(os.getpid(), signal.SIGKILL)


def commit(self: BaseDatabaseWrapper) -> None:
    when = ARMED.read_text() if ARMED.exists() else ""
    if when == "before":
        _die()
    _commit(self)
    if when == "after":
        _die()


BaseDatabaseWrapper._commit = commit
