"""Four workers as processes of their own, killed at random, before a portal of which three calls in ten fail."""

import sys
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from bitrix24 import mirror
from bitrix24.address import parse
from bitrix24.client import Portal
from bitrix24.compare import compare
from bitrix24.limits import LocalBucket
from bitrix24.session import Nothing, Session
from crm import clock
from leads.models import Lead
from outbox import delivery
from outbox.models import Link, Mark
from tests.bitrix24.portal import Plan, running
from tests.bitrix24.portal import Portal as Fake
from tests.crm.stack import wait_until
from tests.factories import lead, move, touch
from tests.simulation.parts import Parts
from tests.sizes import size

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("catalogues")]

LEADS, KILLS = size(4, 300), size(4, 100)
WORKERS, SEED = 4, 20261124
QUICKER = 60  # so many times as fast the workers' clock runs
RATE = size(60, 20)  # calls a second; the portal's limits are raised with it
STAGES = ["NEW", "BFL_DIALING", "BFL_MEETING", "BFL_VISIT", "CONVERTED"]


@pytest.fixture
def fake(frozen) -> Iterator[Fake]:
    with running(now=lambda: clock.now().timestamp()) as portal:
        portal.bucket = (25 * RATE, float(RATE))
        portal.plan = Plan(rate=0.3, seed=SEED)
        portal.crm.hidden_for = 20
        yield portal


def workers_of(fake: Fake, folder) -> Parts:
    parts = Parts(folder, beat=False)
    del parts.commands["worker"]
    parts.environment |= {
        "BITRIX24_WEBHOOK_URL": fake.webhook,
        "BITRIX24_ALLOW_INSECURE": "1",
        "BITRIX24_RATE": str(RATE),
        "DJANGO_SETTINGS_MODULE": "crm.settings",
    }
    for number in range(WORKERS):
        parts.commands[f"worker{number}"] = [sys.executable, "-m", "tests.bitrix24.one_worker"]
    return parts


def walk(luck: Random) -> None:
    """Each lead goes on to its deal, some of them by a touch."""
    rows = [lead(name=f"Клиент {number}") for number in range(LEADS)]
    for status in ("dialing", "meeting", "visit", "contract"):
        for row in rows:
            row.refresh_from_db()
            if status == "dialing" and luck.random() < 0.5:
                touch(row)  # which takes it into work by itself
                continue
            move(Lead.objects.get(pk=row.pk), status)
            time.sleep(luck.uniform(0, 0.05))


def is_quiet() -> bool:
    for pk in list(delivery.parked().values_list("pk", flat=True)):
        delivery.retry(pk)  # as somebody does who presses the button
    return not Mark.objects.filter(pending=True).exists()


def test_acceptance_1_and_2_one_of_each_in_order_whatever_fails(fake: Fake, frozen, tmp_path, settings) -> None:
    clock.write_shift(Path(settings.CLOCK_FILE), shown=frozen.now, rate=QUICKER)
    luck = Random(SEED)
    with workers_of(fake, tmp_path) as parts:
        walker = threading.Timer(0, _in_thread, [luck])
        walker.start()
        for number in range(KILLS):
            time.sleep(luck.uniform(0.1, 0.6))
            victim = f"worker{luck.randrange(WORKERS)}"
            parts.kill(victim)
            parts.start(victim)
            if number % 25 == 1:
                parts.flush_broker()
        walker.join(1200)
        assert wait_until(is_quiet, within=size(120, 3600)), parts.said()[-3000:]
        assert "Traceback" not in parts.said()
    assert fake.refused == 0, "the limit of all workers together was kept"
    assert fake.crm.unknown == set(), "every field is one of the tables'"
    for kind, count in ((1, LEADS), (2, LEADS), (3, LEADS)):
        origins = fake.crm.by_origin(kind)
        assert {len(items) for items in origins.values()} == {1}
        assert len(origins) == count == len(fake.crm.items[kind])
    assert _out_of_order(fake) == []
    fake.plan, fake.bucket = Plan(), None
    settings.BITRIX24_WEBHOOK = parse(fake.webhook, insecure=True)
    portal = Portal(settings.BITRIX24_WEBHOOK, LocalBucket(100_000))
    try:
        reports = list(compare(Session(portal, Nothing())))
    finally:
        portal.close()
    assert [str(report) for report in reports if not report.clean] == []
    assert [report.equal for report in reports[:3]] == [LEADS] * 3
    assert mirror.state().parked == 0


def _in_thread(luck: Random) -> None:
    from django.db import connections

    try:
        walk(luck)
    finally:
        connections.close_all()


def _out_of_order(fake: Fake) -> list[str]:
    """Leads that were told an earlier stage after a later one."""
    told: dict[str, list[int]] = {}
    for call in fake.ledger:
        fields = call.params.get("fields") or {}
        if call.done and int(call.params.get("entityTypeId") or 0) == 1 and "stageId" in fields:
            told.setdefault(str(fields.get("originId")), []).append(STAGES.index(fields["stageId"]))
    assert len(told) == LEADS
    return [origin for origin, ranks in told.items() if any(a > b for a, b in pairwise(ranks))]


def test_F05_killed_between_the_creation_and_the_note_of_it_again_and_again(box, frozen) -> None:
    """What `kill -9` leaves behind at its worst moment, for many at once: ids are unknown, creations happened."""
    rows = [lead() for _ in range(size(5, 50))]
    box.drain()
    Link.objects.filter(kind__in=["lead", "contact"]).update(remote_id=None, digest="", creating_since=clock.now())
    Mark.objects.filter(kind__in=["lead", "contact"]).update(pending=True)
    frozen.move(minutes=2, seconds=1)
    box.drain()
    assert [len(box.crm.items[kind]) for kind in (1, 3)] == [len(rows)] * 2
    assert {len(items) for items in box.crm.by_origin(1).values()} == {1}
