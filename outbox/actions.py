"""Marking objects as changed, in the transaction of the change."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable

from django.conf import settings

from crm import clock
from crm.nudges import TELL_OUTSIDE, nudge
from crm.transactions import once_at_the_end, require_transaction
from outbox.models import Mark

SECONDS_BETWEEN_NUDGES = 1.0


class Nudged:
    """When this process last woke the mirror: a storm of changes is one nudge a second, the sweep finds the rest."""

    at = float("-inf")  # time.monotonic()


def mark(kind: str, object_id: int) -> None:
    """The outside has to hear of this object (kind: the model's name in lower case)."""
    mark_all([(kind, object_id)])


def mark_all(objects: Iterable[tuple[str, int]]) -> None:
    """The same for several objects. All marks of a verb, whoever makes them, are one query at its end."""
    require_transaction()
    once_at_the_end(_write, objects)


def _write(objects: set[tuple[str, int]]) -> None:
    now = clock.now()
    rows = [
        Mark(kind=kind, object_id=object_id, change=uuid.uuid4(), pending=True, marked_at=now)
        # sorted: two verbs that mark the same objects take the rows in one order and cannot deadlock
        for kind, object_id in sorted(objects)
    ]
    Mark.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["kind", "object_id"],
        update_fields=["change", "pending", "marked_at"],
        batch_size=2000,
    )
    if rows and settings.BITRIX24_WEBHOOK is not None and time.monotonic() - Nudged.at > SECONDS_BETWEEN_NUDGES:
        Nudged.at = time.monotonic()
        nudge(TELL_OUTSIDE)
