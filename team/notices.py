"""Telling colleagues something: in the change's own transaction, once, and read on every page.

Whoever tells gives the kind and the particulars; the sentence is made when it is read (`team/notice_texts.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import F

from crm import clock
from crm.transactions import require_transaction, verb
from team.models import Notice, NoticeKind, User
from team.roles import Role

MANAGERS = (Role.MANAGER, Role.ADMIN)
SHOWN = 30


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


def managers() -> list[int]:
    """The ids of those who are told what nobody else sees to: heads of the call centre, else administrators."""
    people = dict(User.objects.filter(is_active=True, role__in=MANAGERS).values_list("pk", "role"))
    heads = [pk for pk, role in people.items() if role == Role.MANAGER]
    return heads or list(people)


def newest(user: User) -> list[Notice]:
    """The latest notices of a colleague, unread ones among them, newest first. One query."""
    return list(user.notices.select_related("lead", "deal")[:SHOWN])


@verb
def mark_read(user_id: int, *, until: int | None = None, only: int | None = None) -> int:
    """Mark one's notices as read: all up to the id `until`, or `only` that one. Returns how many became read."""
    unread = Notice.objects.filter(recipient_id=user_id, read_at__isnull=True)
    if only is not None:
        unread = unread.filter(pk=only)
    elif until is not None:
        unread = unread.filter(pk__lte=until)
    return unread.update(read_at=clock.now())
