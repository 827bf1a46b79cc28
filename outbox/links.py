"""Under which id the outside knows an object of ours, written down by whoever learns it: the mirror, or an import.

An import of another system's export gives each object it makes that system's id in the transaction that makes it:

    known_outside([OutsideId("lead", lead.pk, lead.created_at, 4711), …])

The mirror then brings the object there up to date, and makes no second one. Before it makes anything an import asks
`objects_known_as("lead", ids)` which of its rows are here already, be it from an earlier import or because the mirror
has told the outside of them. Kinds are the models' names in lower case: contact, lead, deal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from crm.transactions import require_transaction
from outbox.models import Link

ROWS_AT_ONCE = 500


@dataclass(frozen=True)
class OutsideId:
    """An object of ours (`kind`, `object_id`), when it was made here (aware, its created_at), and its id outside."""

    kind: str
    object_id: int
    made_at: datetime
    remote_id: int


def origin_of(kind: str, object_id: int, made_at: datetime) -> str:
    """The name of an object outside. It follows from the object alone, so a restored database finds the same twin, and
    from the moment it was made, so that a number given anew after a restore names another.
    """
    return f"{kind}-{object_id}-{int(made_at.timestamp() * 1000)}"


def link_of(kind: str, object_id: int, made_at: datetime) -> Link:
    """The object's link, made at the first call."""
    origin = origin_of(kind, object_id, made_at)
    return Link.objects.get_or_create(kind=kind, object_id=object_id, defaults={"origin": origin})[0]


def known_outside(ids: Iterable[OutsideId]) -> None:
    """Write down that these objects are there already. Two queries for 500 of them.

    An object keeps the first id that it was given, and an id its first object; what says otherwise is passed over.
    """
    require_transaction()
    given = list(ids)
    rows = [Link(kind=x.kind, object_id=x.object_id, origin=origin_of(*_key(x)), remote_id=x.remote_id) for x in given]
    Link.objects.bulk_create(rows, ignore_conflicts=True, batch_size=ROWS_AT_ONCE)
    by_origin = {row.origin: row.remote_id for row in rows}
    for start in range(0, len(rows), ROWS_AT_ONCE):
        here = [row.origin for row in rows[start : start + ROWS_AT_ONCE]]
        # Objects that were here before and of which the outside has not been told yet: mostly none.
        for link in Link.objects.filter(origin__in=here, remote_id__isnull=True, creating_since__isnull=True):
            if not Link.objects.filter(kind=link.kind, remote_id=by_origin[link.origin]).exists():
                Link.objects.filter(pk=link.pk, remote_id__isnull=True).update(remote_id=by_origin[link.origin])


def objects_known_as(kind: str, remote_ids: Iterable[int]) -> dict[int, int]:
    """Our objects by their ids outside; what is not known is missing. A query for 500 ids."""
    wanted = list(remote_ids)
    found: dict[int | None, int] = {}
    for start in range(0, len(wanted), ROWS_AT_ONCE):
        rows = Link.objects.filter(kind=kind, remote_id__in=wanted[start : start + ROWS_AT_ONCE])
        found.update(rows.values_list("remote_id", "object_id"))
    return {remote_id: object_id for remote_id, object_id in found.items() if remote_id is not None}


def _key(given: OutsideId) -> tuple[str, int, datetime]:
    return given.kind, given.object_id, given.made_at
