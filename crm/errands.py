"""Long work that somebody asked for: a row with its progress, which a worker claims and carries out in portions.

What an errand does is its app's business. Here is how it is claimed, kept while at work, and goes on after a crash: a
portion first renews the claim and then does its part, in one transaction, so whoever lost the claim stores nothing.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from crm import clock
from crm.transactions import require_transaction, verb

LEASE = timedelta(seconds=60)  # a portion takes less; after it another worker may go on
MOST_BEGINNINGS = 5  # an errand that kills each of its workers is given up


class Errand(models.Model):
    """Base of a table of errands. `done` of `total` portions' units are settled; who asked may look at it."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("who"))
    asked_at = models.DateTimeField(_("asked"), default=clock.now)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    total = models.PositiveIntegerField(_("to do"), default=0)
    done = models.PositiveIntegerField(_("settled"), default=0)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    trouble = models.TextField(_("what went wrong"), blank=True)  # a sentence for who asked
    driver = models.UUIDField(null=True, blank=True, editable=False)  # the claim of the worker that has it
    driven_until = models.DateTimeField(null=True, blank=True, editable=False)
    beginnings = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta:
        abstract = True

    @property
    def is_open(self) -> bool:
        """Is there still something to be done by a worker?"""
        return self.state in (self.State.WAITING, self.State.RUNNING)

    @property
    def percent(self) -> int:
        """How much is settled, 0 to 100."""
        return min(100, 100 * self.done // self.total) if self.total else 0


E = TypeVar("E", bound=Errand)


class Lost(Exception):
    """Another worker has the errand now, or it is over: what was begun is taken back."""


@verb
def claim(model: type[E], pk: int | None = None) -> E | None:
    """The oldest errand that nobody is at (or the one named), now this worker's for LEASE; None if there is none.

    One that has been begun MOST_BEGINNINGS times without an end is marked as failed and passed over.
    """
    at = clock.now()
    free = model._default_manager.filter(state__in=(Errand.State.WAITING, Errand.State.RUNNING))
    free = free.filter(Q(driven_until__isnull=True) | Q(driven_until__lt=at))
    if pk is not None:
        free = free.filter(pk=pk)
    for number in free.order_by("asked_at", "pk").values_list("pk", flat=True)[:20]:
        mine = free.filter(pk=number)
        if mine.filter(beginnings__gte=MOST_BEGINNINGS).update(
            state=Errand.State.FAILED, finished_at=at, trouble=str(_("It was broken off too often."))
        ):
            continue
        token = uuid.uuid4()
        if mine.update(
            state=Errand.State.RUNNING, driver=token, driven_until=at + LEASE, beginnings=F("beginnings") + 1
        ):
            return model._default_manager.select_related("by").get(pk=number)
    return None


def keep(errand: Errand, *, at: datetime | None = None, **changes: Any) -> None:
    """Renew the claim and store `changes`, at the beginning of a portion and in its transaction. Raises Lost."""
    require_transaction()
    at = at or clock.now()
    mine = type(errand)._default_manager.filter(pk=errand.pk, driver=errand.driver, state=Errand.State.RUNNING)
    if not mine.update(driven_until=at + LEASE, **changes):
        raise Lost
    for name, value in changes.items():
        setattr(errand, name, value)


@verb
def finish(errand: Errand, *, trouble: str = "", **changes: Any) -> None:
    """End the errand: done, or failed because of `trouble`. Raises Lost."""
    at = clock.now()
    state = Errand.State.FAILED if trouble else Errand.State.DONE
    keep(errand, at=at, **changes)
    ended = {"state": state, "trouble": trouble, "finished_at": at, "driver": None, "driven_until": None}
    type(errand)._default_manager.filter(pk=errand.pk).update(**ended)
    for name, value in ended.items():
        setattr(errand, name, value)


@verb
def release(errand: Errand) -> None:
    """Put the errand down for others, to be gone on with later. Raises Lost."""
    keep(errand)
    freed = {"state": Errand.State.WAITING, "driver": None, "driven_until": None}
    type(errand)._default_manager.filter(pk=errand.pk).update(**freed)


def drive(model: type[E], carry_out: Callable[[E], None], *, until: float) -> int:
    """Claim errands one after the other and carry each out; those that another worker took over are left to it.

    `carry_out` ends with `finish` or `release`. None is begun after `until` (seconds of the monotonic clock). Returns
    how many were claimed.
    """
    number = 0
    while time.monotonic() < until and (errand := claim(model)) is not None:
        number += 1
        with contextlib.suppress(Lost):
            carry_out(errand)
    return number
