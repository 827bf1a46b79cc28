"""The demonstration obeys the rules, though it is written past the verbs."""

import random
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F

from contacts.models import Contact
from contacts.phones import parse
from crm import clock
from crm.demo import play
from crm.demo.store import Table, ids_of
from crm.demo.world import fresh_numbers
from crm.text import fold
from history.models import Event
from leads import first_call, touch_policy
from leads.models import Lead, Touch, TouchPolicy
from leads.pipeline import JunkReason, Status
from outbox.models import Mark
from tasks import reminders
from tasks.actions import Catalogue
from tasks.models import Task
from team.models import Notice, ShiftPeriod
from tests import factories, promises

pytestmark = pytest.mark.django_db
LEADS = 600
# An existing base reaches the mirror by its first load.
UNTOLD = promises.changes_the_outside_is_not_told_of


@pytest.fixture
def demonstration(settings, frozen) -> None:
    settings.DEBUG = True
    call_command("demo", leads=LEADS, months=2, seed=7, verbosity=0)


def broken() -> dict[str, list[object]]:
    return {name: rows for name, rows in promises.broken().items() if name != UNTOLD.__name__}


@pytest.mark.usefixtures("demonstration")
def test_what_it_leaves_keeps_every_promise() -> None:
    assert Lead.objects.count() == LEADS
    assert broken() == {}
    assert not Mark.objects.exists()
    now = clock.now()
    assert not Event.objects.filter(at__gt=now).exists()
    assert not Touch.objects.filter(at__gt=now).exists()
    assert not Task.objects.filter(closed_at__gt=now).exists()
    for lead in Lead.objects.select_related("contact"):
        assert lead.search_text == lead.make_search_text()
        assert lead.client_zone == lead.zone.key
        assert parse(lead.phone_raw).main == lead.phone
    for card in Contact.objects.all():
        assert card.search_text == fold(f"{card.name} {card.email} {card.city}")


@pytest.mark.usefixtures("demonstration")
def test_it_is_believable() -> None:
    statuses = set(Lead.objects.values_list("status", flat=True))
    assert statuses >= {Status.MEETING, Status.POSTPONED, Status.JUNK, Status.VISIT, Status.CONTRACT_PREPAID}
    assert set(Lead.objects.filter(status=Status.JUNK).values_list("junk_reason", flat=True)) == set(JunkReason.values)
    repeats = Lead.objects.filter(junk_reason=JunkReason.DUPLICATE).count()
    assert 0.04 * LEADS < repeats < 0.12 * LEADS
    assert Touch.objects.filter(outcome="no_show").exists()
    assert Event.objects.filter(kind=Event.Kind.STAGE).exists()
    assert Lead.objects.filter(contact=None).exclude(phone_refusal="").exists()
    assert Lead.objects.exclude(source_raw="").exists()


@pytest.mark.usefixtures("demonstration")
def test_nobody_is_told_of_its_past() -> None:
    assert reminders.remind() == 0
    assert reminders.escalate() == 0
    assert first_call.escalate_uncalled() == 0
    assert not Notice.objects.exists()
    due = Task.objects.open().filter(due_at__lte=clock.now())
    assert due.filter(escalated_at__isnull=False).exists()
    ahead = Task.objects.open().filter(due_at__gt=clock.now())
    assert ahead.exists()
    assert not ahead.exclude(reminded_at=None, escalated_at=None).exists()


@pytest.mark.usefixtures("demonstration")
def test_operators_were_on_line_and_nobody_is_now() -> None:
    periods = ShiftPeriod.objects.all()
    assert periods.values("user").distinct().count() == 6
    assert not periods.filter(ended_at=None).exists()
    assert not periods.exclude(started_at__lt=F("ended_at")).exists()
    assert not periods.filter(ended_at__gt=clock.now()).exists()


@pytest.mark.usefixtures("demonstration")
def test_no_answer_was_earned_by_the_touch_policy() -> None:
    policy = TouchPolicy.current().as_policy()
    closed = Lead.objects.filter(junk_reason=JunkReason.NO_ANSWER)
    assert closed.count() > 5
    for lead in closed:
        assert touch_policy.progress(
            policy, lead.touches.all(), opened_at=lead.opened_at, zone=lead.zone, at=lead.status_changed_at
        ).earned


@pytest.mark.usefixtures("demonstration")
def test_open_tasks_are_those_that_the_rules_set() -> None:
    """In the statuses whose tasks are all set at the entry, each of them is there once."""
    at_once = [Status.NEW, Status.MEETING, Status.POSTPONED, Status.VISIT]
    some = 0
    for lead in Lead.objects.filter(status__in=at_once, duplicates=None):
        ruled = lead.tasks.filter(stay=lead.stay, step__isnull=False)
        planned = Catalogue.read(lead.status).planned(lead.as_stay(), lead.status_changed_at)
        assert sorted((task.kind, task.step, task.due_at) for task in ruled) == sorted(
            (plan.kind, plan.step, plan.due_at) for plan in planned
        )
        some += 1
    assert some > 5


def test_again_adds_to_what_is_there_and_its_clients_apply_again(settings, catalogues) -> None:
    settings.DEBUG = True
    mine = factories.lead(phone="+79370006027")
    call_command("demo", leads=200, months=1, seed=7, verbosity=0)
    assert mine.duplicates.count() == 1
    before = Contact.objects.count()
    call_command("demo", leads=200, months=1, seed=7, verbosity=0)
    assert Lead.objects.count() == 401
    assert Contact.objects.count() > before + 150
    assert broken() == {}
    factories.lead_in("contract_prepaid")  # ids go on after those taken


def test_two_processes_share_the_arrivals_without_overlap(settings, catalogues, monkeypatch) -> None:
    """The parts, told one after the other, are together what one would be."""
    monkeypatch.setattr(play, "IN_TWO", 100)

    def one_by_one(parts, months, tell) -> None:
        for part in parts:
            play._tell_part(part, months, tell)

    monkeypatch.setattr(play, "_in_processes", one_by_one)
    play.play(leads=301, months=1, seed=3, tell=lambda _done: None)
    ids = list(Lead.objects.order_by("created_at", "pk").values_list("pk", flat=True))
    assert (len(ids), ids) == (301, sorted(ids))
    assert broken() == {}


def test_numbers_never_come_twice_nor_from_the_directory() -> None:
    first, second = fresh_numbers(5, 0, 2), fresh_numbers(5, 1, 2)
    drawn = [next(numbers) for _round in range(1500) for numbers in (first, second)]
    assert len(set(drawn)) == len(drawn)
    assert all(parse(phone).main == phone for phone in random.Random(1).sample(drawn, 1000))
    factories.ContactFactory(phone=drawn[0])
    assert next(fresh_numbers(5, 0, 2)) == drawn[2]


def test_reserved_ids_are_given_to_nobody_else() -> None:
    ids = ids_of(Contact, block=3)
    taken = [next(ids) for _id in range(4)]
    assert factories.ContactFactory().pk not in taken
    assert len(set(taken)) == 4


def test_rows_are_stored_as_the_model_would_store_them(catalogues) -> None:
    lead = factories.lead(debt_amount="150000.50", utm={"a": "Ё"}, other_phones=["+79370006028"])
    Lead.objects.filter(pk=lead.pk).update(created_at=datetime(2026, 11, 24, 9, 0, 1, tzinfo=UTC))
    same = Lead.objects.get(pk=lead.pk)
    same.pk, same.contact_id = lead.pk + 1, None
    for name in ("status_changed_at", "opened_at"):
        setattr(same, name, getattr(same, name).replace(microsecond=0))
    Table(Lead, own_ids=True).insert([same])
    stored = Lead.objects.get(pk=same.pk)
    assert [getattr(stored, field.attname) for field in Lead._meta.concrete_fields] == [
        getattr(same, field.attname) for field in Lead._meta.concrete_fields
    ]
    assert Lead.objects.filter(created_at=same.created_at).count() == 2


def test_it_is_refused_without_debug(settings) -> None:
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG"):
        call_command("demo", leads=1)
