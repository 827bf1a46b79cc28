"""The part "due" of /readyz: work that no job has seen to turns it red after five minutes; its job turns it back."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bitrix24 import line
from bitrix24.address import parse
from bitrix24.models import Line
from crm import health, watchdog
from leads import distribution, first_call, jobs
from leads.models import DistributionPolicy, Lead
from reports import digest
from tasks import reminders
from tasks.models import EscalationPolicy, Task
from team.actions import set_shift
from tests import factories
from tests.conftest import Frozen

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


@pytest.fixture(autouse=True)
def nothing_else(frozen: Frozen) -> None:
    """Distribution and the e-mail keep quiet unless a test wants them; a quiet start."""
    DistributionPolicy.objects.update_or_create(pk=1, defaults={"active": False})
    EscalationPolicy.objects.update_or_create(
        pk=1, defaults={"digest": False, "overdue_minutes": 10**6, "first_call_minutes": 10**6}
    )
    frozen.set(datetime(2026, 11, 24, 9, 0, tzinfo=UTC))


def red(what: str) -> bool:
    late = watchdog.latest()
    if late is None or late.by <= health.OLDEST_DUE:
        health.due()
        return False
    with pytest.raises(health.Failing, match=f"^{what}: "):
        health.due()
    return True


def turns_red(what: str, job: Callable[[], object], frozen: Frozen) -> None:
    """Green up to five minutes, red after them, and green once the job has run."""
    frozen.move(minutes=5)
    assert not red(what)
    frozen.move(seconds=1)
    assert red(what)
    job()
    assert not red(what)


def test_nothing_waits() -> None:
    assert watchdog.latest() is None
    assert health.due() == "nothing waits"


def test_F13_the_mirror(frozen: Frozen, settings) -> None:
    settings.BITRIX24_WEBHOOK = parse("https://portal.example/rest/1/abc/", insecure=False)
    factories.lead()
    Task.objects.all().delete()
    Line.objects.create(pk=1)
    turns_red("the mirror to Bitrix24", line.told, frozen)
    frozen.move(minutes=30)
    line.pause()
    assert not red("the mirror to Bitrix24"), "the portal is away, and the worker is not to blame"


def test_reminders(frozen: Frozen) -> None:
    factories.lead()
    turns_red("reminders", reminders.remind, frozen)


def test_overdue_tasks(frozen: Frozen) -> None:
    EscalationPolicy.objects.update(overdue_minutes=60)
    factories.lead()
    reminders.remind()
    frozen.move(minutes=60)
    turns_red("overdue tasks", reminders.escalate, frozen)


def test_new_leads_not_called_in_the_clients_hours(frozen: Frozen) -> None:
    EscalationPolicy.objects.update(first_call_minutes=15)
    frozen.set(datetime(2026, 11, 24, 2, 0, tzinfo=UTC))  # five in the morning, Moscow
    factories.lead()
    Task.objects.update(reminded_at=frozen.now)
    frozen.set(datetime(2026, 11, 24, 6, 15, tzinfo=UTC))
    turns_red("new leads not called", first_call.escalate_uncalled, frozen)


def test_leads_in_the_pool_only_while_somebody_has_room(frozen: Frozen) -> None:
    DistributionPolicy.objects.update(active=True, limit=1)
    factories.lead()
    Task.objects.update(reminded_at=frozen.now)
    frozen.move(hours=1)
    assert not red("leads in the pool"), "nobody is on line"
    operator = factories.OperatorFactory()
    set_shift(operator.pk, "on")
    turns_red("leads in the pool", distribution.hand_out, frozen)
    factories.lead()
    Task.objects.update(reminded_at=frozen.now)
    frozen.move(hours=1)
    assert not red("leads in the pool"), "the only one on line has enough"


def test_leads_that_are_left_alone(frozen: Frozen) -> None:
    DistributionPolicy.objects.update(active=True, return_after_minutes=10)
    first, second = factories.OperatorFactory(), factories.OperatorFactory()
    set_shift(first.pk, "on")
    factories.lead()
    distribution.hand_out()
    Task.objects.update(reminded_at=frozen.now)
    set_shift(second.pk, "on")
    frozen.move(minutes=10)
    turns_red("leads to pass on", jobs.pass_on, frozen)


def test_the_daily_e_mail(frozen: Frozen) -> None:
    frozen.set(datetime(2026, 11, 24, 6, 0, tzinfo=UTC))
    EscalationPolicy.objects.update(digest=True)
    factories.ManagerFactory(email="head@example.ru")
    turns_red("the daily e-mail", digest.send_digests, frozen)


def test_it_costs_the_same_however_much_waits(frozen: Frozen) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            watchdog.latest()
        return len(seen)

    DistributionPolicy.objects.update(active=True)
    set_shift(factories.OperatorFactory().pk, "on")
    factories.lead()
    frozen.move(hours=1)
    few = queries()
    for _ in range(4):
        factories.lead()
    frozen.move(hours=1)
    assert queries() == few <= 20
    assert Lead.objects.count() == 5
    assert watchdog.latest() is not None
    assert timedelta(hours=2) == watchdog.latest().by
