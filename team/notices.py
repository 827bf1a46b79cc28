"""Telling colleagues something: in the change's own transaction, once, and read on every page.

Whoever tells gives the kind and the particulars; the sentence is made when it is read (`team/notice_texts.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Max, Q

from crm import clock
from crm.transactions import require_transaction, verb
from team.models import Notice, NoticeKind, NoticeQuerySet, User
from team.roles import Role

MANAGERS = (Role.MANAGER, Role.ADMIN)
SHOWN = 50  # on the page
TOASTS = 3  # of what is new, over a page


def tell(
    recipients: Iterable[int],
    kind: NoticeKind,
    *,
    key: str,
    at: datetime,
    lead_id: int | None = None,
    deal_id: int | None = None,
    **data: Any,
) -> None:
    """Tell each colleague (ids) once: a `key` they have been told before changes nothing. One query.

    `key` names the occasion, such as ``call:<task>:<due>``; `data` takes plain JSON values (times as ISO strings).
    """
    require_transaction()
    Notice.objects.bulk_create(
        [
            Notice(recipient_id=pk, kind=kind, key=key, created_at=at, lead_id=lead_id, deal_id=deal_id, data=data)
            for pk in sorted(set(recipients))
        ],
        ignore_conflicts=True,
    )


def tell_of_heap(recipients: Iterable[int], kind: NoticeKind, *, count: int, at: datetime, **data: Any) -> None:
    """Tell each colleague that `count` more things lie on a heap; what they have not read yet grows instead. 2 queries.

    `data` describes the newest of them.
    """
    require_transaction()
    for pk in sorted(set(recipients)):
        grown = Notice.objects.filter(recipient_id=pk, kind=kind, key="", read_at__isnull=True).update(
            count=F("count") + count, created_at=at, data=data
        )
        if not grown:
            Notice.objects.create(recipient_id=pk, kind=kind, count=count, created_at=at, data=data)


def take_back(key: str) -> None:
    """What was told under that `key` is no longer so: nobody who has not read it yet needs to. One query."""
    require_transaction()
    Notice.objects.filter(key=key, read_at__isnull=True).delete()


def managers() -> list[int]:
    """The ids of those who are told what nobody else sees to: heads of the call centre, else administrators."""
    people = dict(User.objects.filter(is_active=True, role__in=MANAGERS).values_list("pk", "role"))
    heads = [pk for pk, role in people.items() if role == Role.MANAGER]
    return heads or list(people)


def unread(user: User) -> NoticeQuerySet:
    """What a colleague has not read yet, newest first."""
    return user.notices.filter(read_at__isnull=True)


def newest(user: User) -> list[Notice]:
    """The latest notices of a colleague, the unread ones first, with what their sentences need. One query."""
    rows = user.notices.with_card().order_by(F("read_at").asc(nulls_first=True), "-created_at", "-id")
    return list(rows[:SHOWN])


@dataclass(frozen=True)
class Seen:
    """What a page has shown already: how many were unread, the newest id of them all, and the moment it was made."""

    unread: int
    last_id: int
    at: datetime


def news(user: User, seen: Seen, *, at: datetime) -> tuple[Seen, list[Notice]] | None:
    """What has come since `seen`: the state now, and the new ones, newest first. None if nothing changed; one query.

    A notice is new by its id, since its moment is that of the change and may lie before a page that was made meanwhile;
    a heap keeps its id and is new when it has grown.
    """
    rows = unread(user)
    now = rows.aggregate(n=Count("pk"), last=Max("pk"), newest=Max("created_at"))
    grown = now["newest"] is not None and now["newest"] > seen.at
    last_id = now["last"] or 0
    if now["n"] == seen.unread and last_id <= seen.last_id and not grown:
        return None
    fresh = rows.filter(Q(pk__gt=seen.last_id) | Q(key="", created_at__gt=seen.at)).with_card()
    latest = max(at, now["newest"]) if grown else at
    return Seen(now["n"], max(last_id, seen.last_id), latest), list(fresh[:TOASTS])


@verb
def mark_read(user_id: int, *, until: int | None = None, seen_at: datetime | None = None) -> int:
    """Mark one's notices as read: all, or those up to the id `until` that have not grown after `seen_at`.

    Returns how many became read; of others' notices none does.
    """
    rows = Notice.objects.filter(recipient_id=user_id, read_at__isnull=True)
    if until is not None:
        rows = rows.filter(pk__lte=until)
    if seen_at is not None:
        rows = rows.filter(created_at__lte=seen_at)
    return rows.update(read_at=clock.now())
