"""Taking many marks of one kind at once, for a caller who tells of them together. The rules are those of `delivery.py`:
a mark is one worker's for a while, and a change that comes meanwhile is told next.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import F, QuerySet

from crm import clock
from crm.transactions import verb
from outbox.actions import mark_all
from outbox.delivery import LEASE, MOST_TROUBLE, LeaseLost, due
from outbox.models import Mark


@dataclass
class HeldTogether:
    """Objects of one kind that are this worker's; `changes` by object id, as they were when they were taken."""

    kind: str
    lease: uuid.UUID
    changes: dict[int, uuid.UUID] = field(default_factory=dict)

    def _mine(self) -> QuerySet[Mark]:
        return Mark.objects.filter(kind=self.kind, lease=self.lease)

    def renew(self) -> None:
        """Keep all that is left of them. Raises LeaseLost when another worker has taken any."""
        if self._mine().update(leased_until=clock.now() + LEASE) < len(self.changes):
            raise LeaseLost

    def told(self, object_ids: Iterable[int]) -> None:
        """These were told as they were when they were taken."""
        ids = list(object_ids)
        marks = self._mine().filter(object_id__in=ids)
        done = {"attempts": 0, "trouble": "", "due_at": clock.now(), "lease": None, "leased_until": None}
        marks.filter(tried=F("change")).update(pending=False, **done)
        marks.update(**done)  # those that have changed since: told next
        for object_id in ids:
            self.changes.pop(object_id, None)

    def park(self, object_id: int, reason: str) -> None:
        """The other side does not take it: it waits for a person."""
        self._let_go(object_id, parked_at=clock.now(), attempts=1, trouble=reason[:MOST_TROUBLE])

    def later(self, object_id: int, at: datetime, reason: str = "") -> None:
        """It is not its turn before `at`."""
        self._let_go(object_id, due_at=at, trouble=reason[:MOST_TROUBLE])

    def _let_go(self, object_id: int, **fields: object) -> None:
        self.changes.pop(object_id, None)
        self._mine().filter(object_id=object_id).update(lease=None, leased_until=None, **fields)

    def release(self) -> None:
        """Give the rest back as they are."""
        self._mine().update(lease=None, leased_until=None)
        self.changes.clear()


def lease_together(kind: str, object_ids: list[int]) -> HeldTogether:
    """Take what of these objects is due and nobody's; an object without a mark gets one. Four queries."""
    known = set(Mark.objects.filter(kind=kind, object_id__in=object_ids).values_list("object_id", flat=True))
    if unmarked := [pk for pk in object_ids if pk not in known]:
        verb(mark_all)((kind, pk) for pk in unmarked)
    now, held = clock.now(), HeldTogether(kind, uuid.uuid4())
    due(now).filter(kind=kind, object_id__in=object_ids).update(
        lease=held.lease, leased_until=now + LEASE, tried=F("change"), parked_at=None
    )
    held.changes = dict(held._mine().values_list("object_id", "change"))
    return held
