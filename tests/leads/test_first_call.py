"""New leads that nobody calls: told of once, in the client's calling hours."""

from datetime import UTC, datetime

import pytest

from leads import first_call
from leads.attention import Attention, wanting
from leads.editing import stop_calling
from leads.first_call import escalate_uncalled
from leads.models import Lead
from tasks.models import EscalationPolicy
from team.models import Notice, User
from tests import factories
from tests.conftest import Frozen
from tests.races import Hands, failures, yes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


@pytest.fixture
def manager() -> User:
    return factories.ManagerFactory()


def listed(frozen: Frozen) -> set[int]:
    """The list to which the notice leads."""
    return set(wanting(Lead.objects.all(), Attention.NOT_CALLED, at=frozen.now).values_list("pk", flat=True))


def test_managers_hear_of_each_once_and_find_exactly_those(manager: User, frozen: Frozen) -> None:
    called, waits = factories.lead(), factories.lead()
    factories.touch(called)
    frozen.move(minutes=14)
    assert escalate_uncalled() == 0
    frozen.move(minutes=1)
    assert [escalate_uncalled(), escalate_uncalled()] == [1, 0]
    assert Notice.objects.get().recipient == manager
    assert listed(frozen) == {waits.pk}
    factories.touch(waits)
    assert listed(frozen) == set()


def test_only_the_clients_calling_hours_count(manager: User, frozen: Frozen) -> None:
    frozen.set(datetime(2026, 11, 24, 3, 30, tzinfo=UTC))  # 8:30 in Ufa, 6:30 in Moscow
    ufa, moscow = factories.lead(city="Уфа"), factories.lead(city="Москва")
    frozen.set(datetime(2026, 11, 24, 4, 15, tzinfo=UTC))  # 9:15 in Ufa
    escalate_uncalled()
    assert listed(frozen) == {ufa.pk}
    frozen.set(datetime(2026, 11, 24, 6, 15, tzinfo=UTC))  # 9:15 in Moscow
    escalate_uncalled()
    assert listed(frozen) == {ufa.pk, moscow.pk}


def test_those_who_sleep_do_not_hide_the_ones_behind_them(
    manager: User, frozen: Frozen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_call, "AT_ONCE", 2)
    frozen.set(datetime(2026, 11, 24, 3, 0, tzinfo=UTC))
    for _ in range(5):
        factories.lead(city="Москва")
    late = {factories.lead(city="Владивосток").pk for _ in range(3)}
    frozen.move(minutes=20)
    assert escalate_uncalled() == 3
    assert listed(frozen) == late


def test_who_asked_not_to_be_called_waits_for_no_call(manager: User, frozen: Frozen) -> None:
    lead = factories.lead()
    stop_calling(lead.contact_id or 0, "Просил", by=manager)
    factories.lead(phone="", email="a@example.ru")  # without a card there is no such mark
    frozen.move(hours=1)
    assert escalate_uncalled() == 1


def test_a_changed_policy_counts_at_the_next_run(manager: User, frozen: Frozen) -> None:
    factories.lead()
    frozen.move(minutes=15)
    EscalationPolicy.objects.update_or_create(pk=1, defaults={"first_call_minutes": 30})
    assert escalate_uncalled() == 0
    EscalationPolicy.objects.update(first_call_minutes=10)
    assert escalate_uncalled() == 1


@pytest.mark.django_db(transaction=True)
def test_several_jobs_at_once_tell_of_each_lead_once(manager: User, frozen: Frozen) -> None:
    for _ in range(6):
        factories.lead()
    frozen.move(minutes=30)
    with Hands(4) as hands:
        answers = hands.at_once([escalate_uncalled] * 4)
    assert failures(answers) == []
    assert sum(yes(answers)) == sum(notice.count for notice in Notice.objects.all()) == 6
