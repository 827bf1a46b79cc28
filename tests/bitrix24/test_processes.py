"""Four workers as processes of their own, killed at random, before a portal of which three calls in ten fail."""

import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from django.db import connections

from bitrix24 import line, mirror
from bitrix24.address import parse
from bitrix24.client import Portal
from bitrix24.compare import compare
from bitrix24.limits import LocalBucket
from bitrix24.models import Line
from bitrix24.session import Nothing, Session
from crm import clock
from leads.models import Lead
from outbox import delivery
from outbox.models import Link, Mark
from tests.bitrix24.portal import EVERY, Plan, running
from tests.bitrix24.portal import Portal as Fake
from tests.crm.stack import wait_until
from tests.factories import lead, move, touch
from tests.simulation.parts import Parts
from tests.sizes import NIGHTLY, size

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("catalogues")]

WORKERS, SEED = 4, 20261124
QUICKER = 60  # so many times as fast the workers' clock runs
STAGES = ["NEW", "BFL_DIALING", "BFL_MEETING", "BFL_VISIT", "CONVERTED"]


@dataclass(frozen=True)
class Run:
    """`rate`: calls a second, with which the limits are raised. `beats`: so many beats wake the shipped worker."""

    leads: int
    kills: int
    rate: int
    beats: int = 0

    def __str__(self) -> str:
        return f"{self.leads} leads, {self.kills} kills"


RUNS = [Run(300, 100, 20, beats=2), Run(10_000, 0, 1000)] if NIGHTLY else [Run(4, 4, 60)]


@pytest.fixture
def fake(frozen) -> Iterator[Fake]:
    with running(now=lambda: clock.now().timestamp()) as portal:
        portal.plan = Plan(rate=0.3, seed=SEED, kinds=EVERY)
        portal.crm.hidden_for = 20
        yield portal


def workers_of(fake: Fake, folder: Path, run: Run) -> Parts:
    parts = Parts(folder)
    beat = parts.commands.pop("beat")
    if not run.beats:
        del parts.commands["worker"]
    parts.environment |= {
        "BITRIX24_WEBHOOK_URL": fake.webhook,
        "BITRIX24_ALLOW_INSECURE": "1",
        "BITRIX24_RATE": str(run.rate),
        "DJANGO_SETTINGS_MODULE": "crm.settings",
    }
    for number in range(run.beats):
        parts.commands[f"beat{number}"] = [*beat, "--schedule", str(parts.folder / f"beat{number}")]
    for number in range(WORKERS):
        parts.commands[f"worker{number}"] = [sys.executable, "-m", "tests.bitrix24.one_worker"]
    return parts


def walk(run: Run, luck: Random) -> None:
    """Each lead goes on to its deal, some of them by a touch."""
    rows = [lead(name=f"Клиент {number}") for number in range(run.leads)]
    for status in ("dialing", "meeting", "visit", "contract"):
        for row in rows:
            row.refresh_from_db()
            if status == "dialing" and luck.random() < 0.5:
                touch(row)  # which takes it into work by itself
                continue
            move(Lead.objects.get(pk=row.pk), status)
            if run.kills:
                time.sleep(luck.uniform(0, 0.05))


def press_the_buttons() -> None:
    """What somebody does at the page of the state: try again what was refused, go on after a stop."""
    for pk in list(delivery.parked().values_list("pk", flat=True)):
        delivery.retry(pk)
    if Line.current().stopped_at is not None:
        line.resume()


def is_quiet() -> bool:
    press_the_buttons()
    return not Mark.objects.filter(pending=True).exists()


def kill_at_random(fake: Fake, parts: Parts, run: Run, luck: Random) -> None:
    """Kill while there is work: each time after some more calls, so that most are in the middle of something."""
    for number in range(run.kills):
        then = len(fake.ledger) + luck.randint(1, max(2, 10 * run.leads // run.kills))

        def is_then(then: int = then) -> bool:
            press_the_buttons()
            return len(fake.ledger) >= then

        wait_until(is_then, within=20)
        victim = f"worker{luck.randrange(WORKERS)}"
        parts.kill(victim)
        parts.start(victim)
        if number % 25 == 1:
            parts.flush_broker()


@pytest.mark.parametrize("run", RUNS, ids=str)
def test_acceptance_1_and_2_one_of_each_in_order_whatever_fails(
    run: Run, fake: Fake, frozen, tmp_path, settings
) -> None:
    clock.write_shift(Path(settings.CLOCK_FILE), shown=frozen.now, rate=QUICKER)
    fake.bucket = (25 * run.rate, float(run.rate))
    luck = Random(SEED)
    with workers_of(fake, tmp_path, run) as parts:
        walker = threading.Timer(0, _in_thread, [run, luck])
        walker.start()
        kill_at_random(fake, parts, run, luck)
        walker.join(size(120, 7200))
        assert wait_until(is_quiet, within=size(120, 7200)), parts.said()[-3000:]
        assert "Traceback" not in parts.said()
    assert fake.refused == 0, "the limit of all workers together was kept"
    assert {call.fault for call in fake.ledger} >= (set(EVERY) if NIGHTLY else {"503"}), "each fault has come"
    assert fake.crm.unknown == set(), "every field is one of the tables'"
    for kind in (1, 2, 3):
        origins = fake.crm.by_origin(kind)
        assert {len(items) for items in origins.values()} == {1}
        assert len(origins) == run.leads == len(fake.crm.items[kind])
    assert _out_of_order(fake, run) == []
    fake.plan, fake.bucket = Plan(), None
    settings.BITRIX24_WEBHOOK = parse(fake.webhook, insecure=True)
    portal = Portal(settings.BITRIX24_WEBHOOK, LocalBucket(100_000))
    try:
        reports = list(compare(Session(portal, Nothing())))
    finally:
        portal.close()
    assert [str(report) for report in reports if not report.clean] == []
    assert [report.equal for report in reports[:3]] == [run.leads] * 3
    assert mirror.state().parked == 0


def _in_thread(run: Run, luck: Random) -> None:
    try:
        walk(run, luck)
    finally:
        connections.close_all()


def _out_of_order(fake: Fake, run: Run) -> list[str]:
    """Leads that were told an earlier stage after a later one."""
    told: dict[str, list[int]] = {}
    for call in fake.ledger:
        fields = call.params.get("fields") or {}
        if call.done and int(call.params.get("entityTypeId") or 0) == 1 and "stageId" in fields:
            told.setdefault(str(fields.get("originId")), []).append(STAGES.index(fields["stageId"]))
    assert len(told) == run.leads
    return [origin for origin, ranks in told.items() if any(a > b for a, b in pairwise(ranks))]


def test_F05_killed_between_the_creation_and_the_note_of_it_again_and_again(box, frozen) -> None:
    """What `kill -9` leaves behind at its worst moment, for many at once: ids are unknown, creations happened."""
    box.fake.plan = Plan(rate=0.3, seed=SEED)
    rows = [lead() for _ in range(size(5, 50))]
    box.drain()
    Link.objects.filter(kind__in=["lead", "contact"]).update(remote_id=None, digest="", creating_since=clock.now())
    Mark.objects.filter(kind__in=["lead", "contact"]).update(pending=True)
    frozen.move(minutes=2, seconds=1)
    box.drain()
    assert [len(box.crm.items[kind]) for kind in (1, 3)] == [len(rows)] * 2
    assert {len(items) for items in box.crm.by_origin(1).values()} == {1}
