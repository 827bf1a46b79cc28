"""Marking objects as changed, in the transaction of the change."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from crm import clock
from crm.transactions import require_transaction
from outbox.models import Mark


def mark(kind: str, object_id: int) -> None:
    """The outside has to hear of this object (kind: the model's name in lower case). One query."""
    mark_all([(kind, object_id)])


def mark_all(objects: Iterable[tuple[str, int]]) -> None:
    """The same for several objects, in one query; doubles are taken once, in one order for all callers."""
    require_transaction()
    now = clock.now()
    rows = [
        Mark(kind=kind, object_id=object_id, change=uuid.uuid4(), pending=True, marked_at=now)
        # sorted: two verbs that mark the same objects take the rows in one order and cannot deadlock
        for kind, object_id in sorted(set(objects))
    ]
    Mark.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["kind", "object_id"],
        update_fields=["change", "pending", "marked_at"],
        batch_size=2000,
    )
