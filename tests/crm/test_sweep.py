"""The periodic jobs in one process, for as long as no tick comes through."""

import time
from collections.abc import Callable
from io import StringIO

import pytest
from django.core.cache import cache
from django.core.management import call_command

from crm import sweep
from crm.celery import app
from crm.jobs import TICK_KEY
from crm.schedule import EVERY
from leads.models import Lead
from team.actions import set_shift
from team.models import Notice
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The jobs "a" (every 20 s), "b" (every 60 s, fails) and the tick, written down as they run."""
    names: list[str] = []

    def job(name: str) -> Callable[[], None]:
        def run() -> None:
            names.append(name)
            if name == "b":
                raise ValueError("+79161234567")

        return run

    monkeypatch.setattr(sweep, "EVERY", [(sweep.TICK, 5), ("b", 60), ("a", 20)])
    for name in ("a", "b", sweep.TICK):
        monkeypatch.setitem(app.tasks, name, job(name))
    return names


def test_every_job_of_the_schedule_is_known_to_the_worker() -> None:
    app.autodiscover_tasks(related_name="jobs", force=True)
    assert {job for job, _every in EVERY} <= set(app.tasks)


def test_each_job_has_its_own_turn_and_none_stops_the_others(ran: list[str], caplog: pytest.LogCaptureFixture) -> None:
    done: dict[str, float] = {}
    assert sweep.run_due(done, 0) == ["b", "a"]
    assert sweep.run_due(done, 5) == []
    assert sweep.run_due(done, 20) == ["a"]
    assert sweep.run_due(done, 60) == ["b", "a"]
    assert ran == ["b", "a", "a", "b", "a"]
    assert "b failed (ValueError)" in caplog.text
    assert "9161234567" not in caplog.text


@pytest.mark.parametrize(("age", "silent"), [(None, True), (31, True), (25, False)])
def test_silence_is_a_tick_that_is_old_or_unknown(age: float | None, *, silent: bool) -> None:
    if age is not None:
        cache.set(TICK_KEY, time.time() - age)
    assert sweep.is_silent() is silent


def test_it_runs_the_jobs_only_while_it_is_silent(ran: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "SILENCE", 0.0)
    looks = iter(range(1000))

    def until() -> bool:
        turn = next(looks)
        if turn == 4:
            monkeypatch.setattr(sweep, "SILENCE", 30.0)
            cache.set(TICK_KEY, time.time())
        return turn > 12

    sweep.watch(until, look_every=0.0)
    assert ran == ["b", "a"], "once each, and not again with the tick back"


def test_by_hand_it_does_at_once_what_is_due() -> None:
    operator = factories.OperatorFactory()
    set_shift(operator.pk, "on")
    lead = factories.lead()
    out = StringIO()
    call_command("sweep", "--once", stdout=out)
    assert "leads.jobs.hand_out" in out.getvalue()
    assert Lead.objects.get(pk=lead.pk).responsible == operator
    assert Notice.objects.get().recipient == operator
