"""The mirror's part of what the clock does. It may run twice, late, or not at all: what is due stays due."""

from __future__ import annotations

from celery import shared_task

from bitrix24 import mirror
from crm.nudges import TELL_OUTSIDE

LANES = 2  # more would not be quicker at the portal's limit, and it asks for no more


@shared_task(name=TELL_OUTSIDE)
def push() -> None:
    """Tell the portal what is due."""
    mirror.push_due(lanes=LANES)
