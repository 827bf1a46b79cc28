"""Several workers at once, and the mirror switched off: on the real database, committed."""

import threading

import pytest
from django.core.management import call_command
from django.db import connections

from bitrix24 import line, mirror
from bitrix24.address import parse
from bitrix24.jobs import push
from crm import clock
from outbox import delivery
from outbox.models import Link, Mark
from tests.bitrix24.conftest import Mirror
from tests.factories import lead

pytestmark = pytest.mark.django_db(transaction=True)


def all_at_once(count: int, do) -> list:
    """What each of `count` threads answered; they begin together."""
    gate, answers = threading.Barrier(count), []

    def run() -> None:
        gate.wait(30)
        try:
            answers.append(do())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def test_four_workers_make_one_twin_each_and_in_order(box: Mirror) -> None:
    """Without the wheel, so that only the leases keep them apart."""
    rows = [lead() for _ in range(8)]

    def work() -> int:
        portal = mirror.connect(parse(box.fake.webhook, insecure=True))
        try:
            return delivery.deliver_due(mirror.teller(portal), order=mirror.ORDER, within=20)
        finally:
            portal.close()

    for _ in range(30):
        all_at_once(4, work)
        if not Mark.objects.filter(pending=True).exists():
            break
        box.frozen.move(seconds=4)
    assert not Mark.objects.filter(pending=True).exists()
    assert [len(box.crm.items[kind]) for kind in (1, 3)] == [len(rows)] * 2
    assert {len(items) for items in box.crm.by_origin(1).values()} == {1}
    assert len(box.crm.todos) == len(rows)
    codes = [s["STATUS_ID"] for s in box.crm.statuses if s["ENTITY_ID"] == "SOURCE"]
    assert codes.count("BFL_SITE") == 1


def test_one_of_many_takes_a_mark(box: Mirror) -> None:
    lead()
    mark = Mark.objects.filter(kind="contact").get()
    taken = all_at_once(6, lambda: delivery.lease(mark, at=clock.now()))
    assert sum(held is not None for held in taken) == 1


def test_one_job_drives_at_a_time_and_a_dead_one_is_followed(box: Mirror) -> None:
    lead()
    wheel = line.drive()
    assert wheel is not None
    assert mirror.push_due() == 0
    box.frozen.move(seconds=91)
    push()
    assert Link.objects.filter(kind="contact", remote_id__isnull=False).exists()
    box.drain()
    assert Link.objects.filter(kind="lead", remote_id__isnull=False).exists()
    line.leave(wheel)
    again = line.drive()
    assert again is not None
    assert line.drive() is None


def test_off_means_no_calls_and_one_mark_an_object(box: Mirror, settings, capsys) -> None:
    settings.BITRIX24_WEBHOOK = None
    row = lead()
    before = Mark.objects.count()
    push()
    call_command("bitrix24", "status")
    assert box.fake.ledger == []
    assert Mark.objects.count() == before
    assert Mark.objects.get(kind="lead", object_id=row.pk).pending
    assert f"pending: {before}" in capsys.readouterr().out.splitlines()
