"""Waking a job as soon as a change is committed, for speed alone: the periodic sweep finds the same work by itself.

Jobs are named, not imported: what nudges them lies below them, and the worker knows their names.
"""

from __future__ import annotations

from django.db import transaction

from crm.celery import send

HAND_OUT = "leads.jobs.hand_out"
CARRY_FILES = "leads.jobs.carry_files"
CARRY_BULK = "leads.jobs.carry_bulk"
TELL_OUTSIDE = "bitrix24.jobs.push"


def nudge(job: str) -> None:
    """Send the job of that name once the present transaction is committed.

    A broker that is away costs at most a second and is otherwise no error (`crm/celery.py`).
    """
    transaction.on_commit(lambda: send(job), robust=True)
