"""The first load of a base that was there before the mirror: by imports in the order of its dates, which start no
robots and keep the dates, then tasks and touches in batches. It can be stopped at any moment and goes on where it was.

Whatever it leaves behind (an unknown outcome, a refused row) is the ordinary mirror's, by the same marks and links.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.utils import translation

from bitrix24 import line
from bitrix24.client import Portal
from bitrix24.load_items import Page, preview, tell_items
from bitrix24.load_timeline import tell_notes
from bitrix24.session import Nothing, Session
from contacts.models import Contact
from deals.models import Deal
from leads.models import Lead, Touch
from outbox.delivery import Failed, Later, LeaseLost
from outbox.models import Link, Mark
from outbox.together import lease_together
from tasks.models import Task

AT_ONCE = 200
"""Objects that are looked up together; they are imported by 20, as the portal allows."""
MODELS: dict[str, type[Model]] = {"contact": Contact, "lead": Lead, "deal": Deal, "task": Task, "touch": Touch}


@dataclass
class Tally:
    """Objects by kind: made there, found there and linked, brought up to date, left to the ordinary mirror."""

    counts: dict[str, dict[str, int]] = field(default_factory=dict)

    def add(self, kind: str, what: str, count: int = 1) -> None:
        if not count:
            return
        of = self.counts.setdefault(kind, {})
        of[what] = of.get(what, 0) + count

    def lines(self) -> Iterator[str]:
        for kind, of in self.counts.items():
            yield f"{kind}: " + ", ".join(f"{what} {count}" for what, count in of.items() if count)


def load(
    portal: Portal,
    tally: Tally,
    *,
    dry: bool = False,
    within: float = float("inf"),
    say: Callable[[str], object] = lambda said: None,
    now: Callable[[], float] = time.monotonic,
) -> None:
    """Bring everything to the portal that it does not have yet; `dry` only asks what would be done. `tally` counts.

    Ends after `within` seconds at the latest. Raises Closed when the line stops or pauses, Busy when another job sends,
    Refusal when the portal takes no imports at all.
    """
    wheel = line.drive()
    if wheel is None:
        raise Busy
    ends, memory = now() + within, dict[Any, Any]()
    try:
        with translation.override(settings.LANGUAGE_CODE):
            for kind, model in MODELS.items():
                if dry and kind in {"task", "touch"}:
                    tally.add(kind, "create", _missing(model, kind).count())
                    continue
                for ids in _pages(model, kind):
                    if now() >= ends:
                        return
                    line.keep(wheel)
                    if dry:
                        for what, count in preview(Session(portal, Nothing()), kind, model, ids).items():
                            tally.add(kind, what, count)
                    else:
                        _tell(portal, memory, kind, ids, tally)
                    say(f"{kind}: {sum(tally.counts.get(kind, {}).values())}")
    finally:
        line.leave(wheel)


class Busy(Exception):
    """Another job is sending at present."""


def _missing(model: type[Model], kind: str) -> QuerySet[Any]:
    """Objects that have no twin, or one that was never told of: linked by an import, or by its number."""
    told = Link.objects.filter(kind=kind, object_id=OuterRef("pk"), remote_id__isnull=False).exclude(digest="")
    rows = model._default_manager.filter(~Exists(told))
    waits = Mark.objects.filter(kind=kind, object_id=OuterRef("pk"), parked_at__isnull=False)
    rows = rows.filter(~Exists(waits))
    return rows.filter(state=Task.State.OPEN) if model is Task else rows


def _pages(model: type[Model], kind: str) -> Iterator[list[int]]:
    """Their ids, oldest first, AT_ONCE together. What a page leaves behind does not come again in this run."""
    after: Q = Q()
    while True:
        rows = list(
            _missing(model, kind).filter(after).order_by("created_at", "pk").values_list("created_at", "pk")[:AT_ONCE]
        )
        if not rows:
            return
        yield [pk for _at, pk in rows]
        at, pk = rows[-1]
        after = Q(created_at__gt=at) | Q(created_at=at, pk__gt=pk)


def _tell(portal: Portal, memory: dict[Any, Any], kind: str, ids: list[int], tally: Tally) -> None:
    held = lease_together(kind, ids)
    counted: list[str] = []
    page = Page(kind, [pk for pk in ids if pk in held.changes], Session(portal, held, memory), held, counted.append)
    try:
        tell_notes(page) if kind in {"task", "touch"} else tell_items(page)
    except (Later, Failed, LeaseLost):
        pass  # the ordinary mirror goes on with them
    finally:
        held.release()
        for what in counted:
            tally.add(kind, what)
        tally.add(kind, "left", len(ids) - len(counted))
