"""Writing history. The only way a line gets into it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from crm.transactions import require_transaction
from history.models import Event
from team.models import User


def note(
    kind: Event.Kind,
    *,
    at: datetime,
    by: User | None = None,
    lead_id: int | None = None,
    deal_id: int | None = None,
    contact_id: int | None = None,
    old: object = "",
    new: object = "",
    reason: str = "",
    comment: str = "",
    **data: Any,
) -> Event:
    """Record that it happened, inside the transaction of the change. `by` None is the product itself.

    `data` takes plain JSON values only (times as ISO strings, money as strings).
    """
    require_transaction()
    return Event.objects.create(
        kind=kind,
        at=at,
        by=by,
        lead_id=lead_id,
        deal_id=deal_id,
        contact_id=contact_id,
        old=str(old),
        new=str(new),
        reason=reason,
        comment=comment,
        data=data,
    )


def note_all(events: Iterable[Event]) -> None:
    """Record many at once (set-wise intake, merging, demo), inside the transaction of the change."""
    require_transaction()
    Event.objects.bulk_create(events, batch_size=2000)
