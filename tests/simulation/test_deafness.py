"""A worker whose connection to the broker is cut goes on; one that takes no job any more ends itself (F13)."""

import os
import signal
from datetime import timedelta

import pytest
import redis
from django.db import DatabaseError

from crm import deafness, watchdog
from leads.models import DistributionPolicy, Lead
from team.actions import set_shift
from tests.crm.stack import wait_until
from tests.factories import OperatorFactory, lead
from tests.simulation.parts import Parts
from tests.sizes import size


@pytest.fixture
def ear(monkeypatch: pytest.MonkeyPatch) -> deafness.Ear:
    """As in a worker that has heard nothing for six minutes, while reminders wait for as long."""
    ear = deafness.Ear(None)
    ear.heard_at -= 360
    late = watchdog.Late("reminders", timedelta(minutes=6), watchdog.WORKER)
    monkeypatch.setattr(watchdog, "latest", lambda: late)
    return ear


@pytest.mark.django_db
def test_F13_it_is_deaf_when_it_hears_nothing_and_work_is_undone(ear, monkeypatch) -> None:
    assert ear.undone() == "reminders wait for 360 s"
    ear.hear()
    assert ear.undone() is None, "it hears"
    ear.heard_at -= 360
    monkeypatch.setattr(watchdog, "latest", lambda: None)
    assert ear.undone() is None, "nothing waits"


@pytest.mark.django_db
def test_F13_a_database_that_is_away_is_not_the_workers_fault(ear, monkeypatch) -> None:
    def away() -> None:
        raise DatabaseError

    monkeypatch.setattr(watchdog, "latest", away)
    assert ear.undone() is None


def test_F13_a_deaf_worker_is_asked_to_end_and_then_made_to(ear, monkeypatch) -> None:
    done: list[tuple[object, ...]] = []
    monkeypatch.setattr(ear, "undone", lambda: "reminders wait for 360 s")
    monkeypatch.setattr(deafness, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(deafness, "GRACE", 0.0)
    monkeypatch.setattr(os, "kill", lambda process, how: done.append(("kill", process, how)))

    def leave(status: int) -> None:
        done.append(("exit", status))
        ear.ended.set()

    monkeypatch.setattr(os, "_exit", leave)
    ear.watch()
    assert done == [("kill", os.getpid(), signal.SIGTERM), ("exit", 1)]


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("catalogues")
def test_F13_rows_drain_however_often_the_connection_is_cut(frozen, tmp_path) -> None:
    operator = OperatorFactory()
    set_shift(operator.pk, "on")
    with Parts(tmp_path) as parts:
        assert wait_until(DistributionPolicy.objects.exists), parts.said()
        for _ in range(size(3, 40)):
            with redis.Redis(unix_socket_path=str(parts.socket)) as client:
                client.client_kill_filter(_type="normal", skipme=True)
                client.client_kill_filter(_type="pubsub", skipme=True)
            row = lead()
            theirs = Lead.objects.filter(pk=row.pk, responsible=operator)
            assert wait_until(theirs.exists, within=60), parts.said()
        assert parts.running["worker"].poll() is None
