"""A mirror in a box: the fake portal on the product's own (frozen) clock, and rounds of the job one after another."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bitrix24 import mirror
from bitrix24.address import parse
from bitrix24.client import Portal
from bitrix24.compare import Report, compare
from bitrix24.limits import LocalBucket
from bitrix24.models import Hint, Line
from bitrix24.session import Nothing, Session
from crm import clock
from outbox import delivery
from outbox.models import Link, Mark
from tests.bitrix24.portal import Portal as Fake
from tests.bitrix24.portal import running


class Mirror:
    """`fake` is the portal. `round()` is one run of the job; `drain()` lets time pass until nothing is left to do."""

    def __init__(self, fake: Fake, frozen: Any) -> None:
        self.fake = fake
        self.frozen = frozen
        self.crm = fake.crm

    def round(self) -> int:
        return mirror.push_due(within=60)

    def compared(self) -> list[Report]:
        """Both sides field by field."""
        portal = mirror.connect(mirror.settings.BITRIX24_WEBHOOK)
        try:
            return list(compare(Session(portal, Nothing())))
        finally:
            portal.close()

    def drain(self, rounds: int = 400, *, patient: bool = False) -> None:
        """Move the clock on, to what is due next, until all that is not parked has been told.

        `patient`: what is parked is tried again each time, as somebody who presses the button would.
        """
        for _ in range(rounds):
            self.round()
            for pk in delivery.parked().values_list("pk", flat=True) if patient else []:
                delivery.retry(pk)
            left = Mark.objects.filter(pending=True, parked_at__isnull=True)
            if not left.exists() and not Hint.objects.filter(due_at__lte=clock.now()).exists():
                return
            waits = [clock.now() + timedelta(seconds=1), *left.values_list("due_at", flat=True)[:1]]
            line = Line.current()
            waits += [line.paused_until] if line.paused_until else []
            self.frozen.set(max(waits))
        raise AssertionError(f"not drained: {list(left.values('kind', 'object_id', 'trouble')[:5])}")

    def twin(self, row: Any) -> dict[str, Any]:
        """What the portal has of a contact, lead or deal of ours."""
        kind = type(row).__name__.lower()
        number = Link.objects.get(kind=kind, object_id=row.pk).remote_id
        return self.crm.items[{"lead": 1, "deal": 2, "contact": 3}[kind]][number]

    def marked(self, row: Any) -> Mark:
        return Mark.objects.get(kind=type(row).__name__.lower(), object_id=row.pk)


@pytest.fixture
def fake(frozen: Any) -> Iterator[Fake]:
    with running(now=lambda: clock.now().timestamp()) as portal:
        yield portal


@pytest.fixture
def box(fake: Fake, frozen: Any, catalogues: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Mirror:
    settings.BITRIX24_WEBHOOK = parse(fake.webhook, insecure=True)

    def connect(webhook: Any) -> Portal:
        return Portal(webhook, LocalBucket(100_000), timeout=httpx.Timeout(0.5), sleep=lambda _: None)

    monkeypatch.setattr(mirror, "connect", connect)
    monkeypatch.setattr("outbox.actions.nudge", lambda job: None)
    return Mirror(fake, frozen)
