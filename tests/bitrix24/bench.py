"""Two figures of the mirror over a base of some size: `python -m tests.bitrix24.bench load|outage`.

`load`: which share of the portal's 2 calls a second a first load uses while there is work (at least 95 %).
`outage`: whether pages and changes are slower while the portal is away and 5,000 changes wait, and how those drain.
DATA_DIR names the folder of the base; an empty one is filled with demonstration leads.
"""

from __future__ import annotations

import argparse
import os
import statistics
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402

from bitrix24 import line, mirror  # noqa: E402
from bitrix24.address import parse  # noqa: E402
from bitrix24.client import Portal  # noqa: E402
from bitrix24.limits import LocalBucket  # noqa: E402
from bitrix24.load import Tally, load  # noqa: E402
from bitrix24.models import Line  # noqa: E402
from leads.editing import edit_lead  # noqa: E402
from leads.models import Lead  # noqa: E402
from outbox.delivery import Closed  # noqa: E402
from outbox.models import Mark  # noqa: E402
from team.models import User  # noqa: E402
from tests.bitrix24.portal import Portal as Fake  # noqa: E402
from tests.bitrix24.portal import running  # noqa: E402

RATE, BURST = 2, 50  # the usual plans


def fill(leads: int) -> None:
    """Make the base if there is none."""
    call_command("migrate", interactive=False, verbosity=0)
    call_command("loadcatalogs", verbosity=0)
    if not Lead.objects.exists():
        call_command("demo", leads=leads, months=12, verbosity=0)


def loads(minutes: float, answers_after: float, rate: int) -> None:
    """Load for so long at the usual limits, and say which share of them was used."""
    with running() as fake:
        fake.bucket, fake.delay = (BURST * rate // RATE, float(rate)), answers_after
        portal = Portal(parse(fake.webhook, insecure=True), LocalBucket(rate))
        tally, began, worked = Tally(), time.monotonic(), time.process_time()
        while (left := minutes * 60 - (time.monotonic() - began)) > 0:
            try:
                load(portal, tally, within=left)
                break
            except Closed:
                time.sleep(0.5)
        portal.close()
        took, requests = time.monotonic() - began, len(fake.requests())
        print("\n".join(tally.lines()))
        print(f"{requests} requests in {took:.0f} s: {requests / took / rate:.1%} of {rate} a second")
        print(
            f"{(time.process_time() - worked) / requests * 1000:.0f} ms of a processor for each, the portal's included"
        )
        print(f"refused by the portal's limit: {fake.refused}")


def outage(changes: int) -> None:
    """Pages and changes with the mirror off and with the portal away, in pairs; then the backlog is drained."""
    setup_test_environment()
    settings.ALLOWED_HOSTS = ["testserver"]
    manager = User.objects.filter(username="manager").get()
    client = Client()
    client.force_login(manager, "django.contrib.auth.backends.ModelBackend")
    ids = list(Lead.objects.filter(contact__isnull=False).order_by("-pk").values_list("pk", flat=True)[:changes])
    Mark.objects.filter(pending=True).update(pending=False)
    gone = parse("http://127.0.0.1:9/rest/1/abc/", insecure=True)
    settings.BITRIX24_WEBHOOK = gone
    for number, pk in enumerate(ids):
        edit_lead(pk, {"comment": f"правка {number}"}, by=manager)
    print(f"waiting: {mirror.state().pending}")
    stop = threading.Event()

    def worker() -> None:
        while not stop.wait(1):
            with suppress(Exception):
                mirror.push_due(within=5)
        connections.close_all()

    thread = threading.Thread(target=worker, daemon=True)
    thread.start()
    for name, act in {
        "the list": lambda pk: client.get("/leads/"),
        "a card": lambda pk: client.get(f"/leads/{pk}/"),
        "a change": lambda pk: edit_lead(pk, {"city": f"Город {time.monotonic()}"}, by=manager),
    }.items():
        _pairs(name, act, ids, gone)
    stop.set()
    thread.join(10)
    attempts = Mark.objects.filter(attempts__gt=0).count()
    print(f"attempts burnt: {attempts}; backlog shown: {mirror.state().pending}")
    with running() as fake:
        _drain(fake)


def _pairs(name: str, act: Callable[[int], object], ids: list[int], gone: object) -> None:
    """The same act with the mirror off and on in turn; the median of the pairs' differences."""
    off, on = [], []
    for pk in ids[:60]:
        for webhook, times in ((None, off), (gone, on)):
            settings.BITRIX24_WEBHOOK = webhook
            began = time.perf_counter()
            act(pk)
            times.append((time.perf_counter() - began) * 1000)
    settings.BITRIX24_WEBHOOK = gone
    difference = statistics.median(b - a for a, b in zip(off, on, strict=True))
    print(f"{name}: {statistics.median(off):.1f} ms off, {statistics.median(on):.1f} ms away, {difference:+.1f} ms")


def _drain(fake: Fake) -> None:
    fake.operating = 0.0  # at so many calls a second the time of a method would be the limit
    settings.BITRIX24_WEBHOOK = parse(fake.webhook, insecure=True)
    line.resume()
    mirror.connect = lambda webhook: Portal(webhook, LocalBucket(1000))  # type: ignore[assignment]
    began = time.monotonic()
    while Mark.objects.filter(pending=True, parked_at__isnull=True).exists() and time.monotonic() - began < 1200:
        mirror.push_due(within=20)
        time.sleep(0.2)
    left = Mark.objects.filter(pending=True).count()
    print(f"drained with the limit raised in {time.monotonic() - began:.0f} s, {len(fake.requests())} requests")
    print(f"left: {left}; leads there: {len(fake.crm.items[1])}, origins: {len(fake.crm.by_origin(1))}")
    Line.objects.update(told_at=None)


def main() -> None:
    words = argparse.ArgumentParser(prog="python -m tests.bitrix24.bench")
    words.add_argument("what", choices=["load", "outage"])
    words.add_argument("--leads", type=int, default=50_000, help="of a base that is made first")
    words.add_argument("--minutes", type=float, default=60.0)
    words.add_argument("--answers-after", type=float, default=0.3, help="seconds that the portal takes for a call")
    words.add_argument("--rate", type=int, default=RATE, help="calls a second that the portal takes")
    words.add_argument("--changes", type=int, default=5_000)
    given = words.parse_args()
    fill(given.leads)
    loads(given.minutes, given.answers_after, given.rate) if given.what == "load" else outage(given.changes)


if __name__ == "__main__":
    main()
