"""The week with a real broker, worker and beat that are killed and emptied at random ends as one without all that."""

import time
from random import Random

import pytest
from django.db import transaction
from django.db.models import Q

from leads.models import DistributionPolicy, Lead
from tasks.models import Task
from team.actions import set_shift
from tests.crm.stack import wait_until
from tests.promises import broken
from tests.simulation.parts import Parts
from tests.simulation.test_week import SEED, told_twice, wrong_tasks
from tests.simulation.week import Plan, Week
from tests.sizes import size

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("catalogues")]

LEADS, DAYS = size(10, 120), size(1.5, 7)
KILLS, FLUSHES = size(4, 50), 2
CAUGHT_UP_WITHIN = 120.0  # seconds (`reliability.md` F04, F12)


def is_caught_up(at) -> bool:
    """Nothing that the jobs would find is left."""
    untold = Q(reminded_at__isnull=True, due_at__lte=at)
    pool = Lead.objects.originals().in_work().filter(responsible__isnull=True)
    return not Task.objects.open().filter(untold).exists() and not pool.exists()


def test_F04_F06_F12_killed_workers_and_an_emptied_broker_change_nothing(frozen, tmp_path) -> None:
    start = frozen.now
    with transaction.atomic():
        calm = Week(frozen, seed=SEED, leads=LEADS, days=DAYS, plan=Plan(0))
        calm.play()
        expected = calm.outcome()
        transaction.set_rollback(True)
    frozen.set(start)
    week = Week(frozen, seed=SEED, leads=LEADS, days=DAYS, plan=Plan(0))
    moments = list(week.moments())
    luck = Random(f"kills {SEED}")
    kills = sorted(luck.choices(range(len(moments)), k=KILLS))
    flushes = luck.sample(range(len(moments)), k=FLUSHES)
    DistributionPolicy.objects.all().delete()  # the first job makes the row, with the same values
    with Parts(tmp_path) as parts:
        assert wait_until(DistributionPolicy.objects.exists), parts.said()
        for number, moment in enumerate(moments):
            frozen.set(moment)
            week.live()
            time.sleep(luck.uniform(0, 0.3))
            for _kill in range(kills.count(number)):
                victim = luck.choice(["worker", "beat"])
                parts.kill(victim)
                parts.start(victim)
            if number in flushes:
                parts.flush_broker()
        for user in week.operators:
            set_shift(user.pk, "on")
        assert wait_until(lambda: is_caught_up(frozen.now), within=CAUGHT_UP_WITHIN), parts.said()
        assert "Traceback" not in parts.said()
    assert week.outcome() == expected
    assert wrong_tasks(week) == []
    assert told_twice() == []
    assert broken() == {}
