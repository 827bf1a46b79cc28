"""Writing the journal: who did or saw what. The only way a line gets into it; sealing is `history/chain.py`'s.

What came with a request (its door, address, id) is known to whoever took the request in, and is kept here for the
verbs below it (`circumstances`), so that a verb writes a whole line without knowing that there was a request.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from crm import clock
from crm.transactions import in_turn
from history.models import JournalLine
from team.models import ApiKey, User

Action, Door = JournalLine.Action, JournalLine.Door
LONGEST_WORDS = 2000


@dataclass
class Circumstances:
    """Where an action comes from. `lines` counts those written under it, so that nobody writes a second one."""

    door: str
    address: str | None = None
    request_id: str = ""
    lines: int = 0
    shown: dict[str, list[int]] = field(default_factory=dict)  # kind -> the rows of a list that went out


_circumstances: ContextVar[Circumstances | None] = ContextVar("journal", default=None)


@contextmanager
def circumstances(door: str, *, address: str | None = None, request_id: str = "") -> Iterator[Circumstances]:
    """What is written inside the block came this way."""
    known = Circumstances(door, address, request_id)
    token = _circumstances.set(known)
    try:
        yield known
    finally:
        _circumstances.reset(token)


def shown(kind: str, ids: Iterable[int]) -> None:
    """These rows are on the page that is being made: the journal then knows who was seen, not only what was asked."""
    came = _circumstances.get()
    if came is not None:
        came.shown.setdefault(kind, []).extend(ids)


def write(
    action: str,
    *,
    by: User | None = None,
    key: ApiKey | None = None,
    kind: str = "",
    object_id: int | None = None,
    words: str = "",
    details: Mapping[str, Any] | None = None,
    under: Circumstances | None = None,
) -> JournalLine:
    """Add a line; one query. `by` None is the product itself, or a stranger whom the door knows.

    `words` may name people, `details` may not: codes, numbers and names of columns only (plain JSON). Inside a verb
    the line is committed with it. `under`: for who writes after the request is over.
    """
    came = under or _circumstances.get() or Circumstances(Door.SYSTEM)
    came.lines += 1
    words = words[:LONGEST_WORDS]
    salt = secrets.token_hex(16) if words else ""
    line = JournalLine(
        at=clock.now(),
        by=by,
        role=by.role if by else "",
        key=key,
        door=came.door,
        address=came.address,
        request_id=came.request_id,
        action=action,
        kind=kind,
        object_id=object_id,
        details=dict(details or {}),
        words=words,
        salt=salt,
        words_digest=digest_of_words(salt, words) if words else "",
    )
    if connection.in_atomic_block:
        line.save(force_insert=True)
    else:
        with in_turn():
            line.save(force_insert=True)
    return line


def digest_of_words(salt: str, words: str) -> str:
    """What the chain holds in the place of the words. Without the salt nobody can find out by trying."""
    return hashlib.sha256(f"{salt}{words}".encode()).hexdigest()
