"""Telling the outside what is marked: one object at a time, oldest first, each by one worker. Knows kinds and ids only.

How an object is told is the caller's function; it says by an exception what became of it. One object's trouble never
holds up the others, and a mark made while its object is being told stays for the next round.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When

from crm import clock
from outbox.models import Mark

LEASE = timedelta(minutes=2)
DELAYS = (1, 5, 30, 60, 180, 600, 1800)
"""Seconds after each unclear failure, the last one before the mark is parked; jitter comes on top."""
MOST_ATTEMPTS = len(DELAYS) + 1
AT_ONCE = 50  # marks looked up together
MOST_TROUBLE = 1000  # characters


class Later(Exception):
    """It is not this object's turn before `at` (aware). No attempt is used up."""

    def __init__(self, at: datetime, reason: str = "") -> None:
        super().__init__(reason)
        self.at = at


class Failed(Exception):
    """Unclear whether it arrived: try again after a while, at most MOST_ATTEMPTS times."""


class Rejected(Exception):
    """The other side does not take it; a repetition would not help. The mark is parked with these words."""


class Closed(Exception):
    """Nothing can be told at present, of no object. No attempt is used up."""


class LeaseLost(Exception):
    """Another worker has taken the object over, so that nothing more may be sent for it."""


@dataclass
class Held:
    """A mark that is this worker's for a while."""

    pk: int
    kind: str
    object_id: int
    change: uuid.UUID
    lease: uuid.UUID
    attempts: int

    def mine(self) -> QuerySet[Mark]:
        return Mark.objects.filter(pk=self.pk, lease=self.lease)

    def renew(self) -> None:
        """Keep the object for another LEASE from now. Raises LeaseLost. Call it before whatever is sent."""
        if not self.mine().update(leased_until=clock.now() + LEASE):
            raise LeaseLost


Tell = Callable[[Held], None]


def parked() -> QuerySet[Mark]:
    """Marks that wait for a person: given up, and their object has not changed since."""
    return Mark.objects.filter(pending=True, parked_at__isnull=False, tried=F("change"))


def due(at: datetime) -> QuerySet[Mark]:
    """Marks to tell of at `at`, held by nobody."""
    free = Q(leased_until__isnull=True) | Q(leased_until__lt=at)
    waits_for_a_person = Q(parked_at__isnull=False, tried__isnull=False, tried=F("change"))
    return Mark.objects.filter(free, pending=True, due_at__lte=at).exclude(waits_for_a_person)


def lease(mark: Mark, *, at: datetime) -> Held | None:
    """Take the mark, unless it was told, changed or taken since it was read. One conditional update."""
    token = uuid.uuid4()
    fresh = mark.parked_at is not None  # a newer change of an object that was given up begins anew
    taken = due(at).filter(pk=mark.pk, change=mark.change)
    if not taken.update(
        lease=token,
        leased_until=at + LEASE,
        tried=mark.change,
        parked_at=None,
        attempts=0 if fresh else mark.attempts,
    ):
        return None
    return Held(mark.pk, mark.kind, mark.object_id, mark.change, token, 0 if fresh else mark.attempts)


def deliver_one(held: Held, tell: Tell) -> bool:
    """Tell of one object and write down what became of it. True when it was told. Raises Closed."""
    try:
        tell(held)
    except Later as later:
        _release(held, due_at=later.at, trouble=str(later)[:MOST_TROUBLE])
    except Closed:
        _release(held)
        raise
    except LeaseLost:
        return False
    except Rejected as rejected:
        _park(held, str(rejected))
    except Failed as failed:
        _failed(held, str(failed))
    except Exception as error:
        _failed(held, type(error).__name__)  # its text may hold anything
        raise
    else:
        told = {"attempts": 0, "trouble": "", "due_at": clock.now()}
        # Another change came meanwhile: the mark stays pending, and the newer change is told next.
        if not held.mine().filter(change=held.change).update(pending=False, lease=None, leased_until=None, **told):
            _release(held, **told)
        return True
    return False


def _release(held: Held, **fields: object) -> None:
    held.mine().update(lease=None, leased_until=None, **fields)


def _park(held: Held, reason: str) -> None:
    now = clock.now()
    _release(held, parked_at=now, attempts=held.attempts + 1, trouble=reason[:MOST_TROUBLE])


def _failed(held: Held, reason: str) -> None:
    attempts = held.attempts + 1
    if attempts >= MOST_ATTEMPTS:
        _park(held, reason)
        return
    delay = DELAYS[attempts - 1] * random.uniform(1.0, 1.3)
    due_at = clock.now() + timedelta(seconds=delay)
    _release(held, attempts=attempts, due_at=due_at, trouble=reason[:MOST_TROUBLE])


def deliver_due(
    tell: Tell,
    *,
    order: Sequence[str] = (),
    within: float = 20.0,
    now: Callable[[], float] = time.monotonic,
) -> int:
    """Tell what is due, kinds in `order` and the oldest first in each, for at most `within` seconds.

    Were the oldest first whatever its kind, a crowd of rows that wait for another one, which a newer change has put
    behind them, would take all turns.

    Never to be called inside a verb, whose transaction would hide the leases from other workers.

    Returns how many objects were told. Raises Closed when nothing can be told at present.
    """
    ends, told, seen = now() + within, 0, 0
    rank = Case(
        *(When(kind=kind, then=Value(place)) for place, kind in enumerate(order)),
        default=Value(len(order)),
        output_field=IntegerField(),
    )
    while now() < ends:
        marks = list(due(clock.now()).order_by(rank, "marked_at", "pk")[:AT_ONCE])
        if not marks:
            break
        seen = 0
        for mark in marks:
            if now() >= ends:
                return told
            held = lease(mark, at=clock.now())
            if held is not None:
                seen += 1
                told += deliver_one(held, tell)
        if not seen:  # others hold them all
            break
    return told


def retry(mark_id: int) -> bool:
    """Try a parked mark again, at once and with all attempts. False when it is not parked (any more)."""
    fields = {"attempts": 0, "parked_at": None, "tried": None, "due_at": clock.now()}
    return bool(parked().filter(pk=mark_id).update(**fields))


def skip(mark_id: int) -> bool:
    """Tell nothing of a parked object until it changes again. False when it is not parked (any more)."""
    return bool(parked().filter(pk=mark_id).update(pending=False, parked_at=None, attempts=0))
