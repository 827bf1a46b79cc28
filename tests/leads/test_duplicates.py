"""Duplicates: what a repeat application does to its original in each status, and what is marked by hand."""

from datetime import timedelta

import pytest

from crm.errors import Forbidden, Invalid, Refused
from deals.models import Deal
from history.models import Event
from leads.actions import change_status
from leads.editing import assign, set_task, stop_calling, take
from leads.models import Lead
from leads.pipeline import Move, Status
from outbox.models import Mark
from tasks.models import Task
from tests.factories import (
    AdminFactory,
    LawyerFactory,
    ManagerFactory,
    OperatorFactory,
    Policy,
    lead,
    lead_in,
    move,
    phone,
)
from tests.promises import broken

pytestmark = pytest.mark.django_db


def as_duplicate(row: Lead, original: Lead, *, by=None, version: int | None = None) -> Lead:
    wish = Move(Status.JUNK, junk_reason="duplicate", duplicate_of=original.pk)
    return change_status(row.pk, wish, by=by, version=version)


def repeat_of(original: Lead, **body) -> Lead:
    return lead(phone=original.phone, **body)


def test_a_second_application_is_a_duplicate_with_its_own_source(catalogues: None) -> None:
    original = lead(source="site", by=OperatorFactory())
    repeat = repeat_of(original, source="yandex", comment="ещё раз", utm={"utm_term": "банкротство"})
    assert (repeat.status, repeat.junk_reason, repeat.duplicate_of) == ("junk", "duplicate", original)
    assert (repeat.source.code, repeat.comment, repeat.utm) == (
        "yandex_direct",
        "ещё раз",
        {"utm_term": "банкротство"},
    )
    assert repeat.contact == original.contact
    assert repeat.responsible == original.responsible
    assert not repeat.tasks.exists()
    told = original.events.get(kind=Event.Kind.REPEAT)
    assert (told.new, told.comment, told.data["source"]) == (str(repeat.pk), "ещё раз", "yandex_direct")


def test_a_third_points_at_the_original_too(catalogues: None) -> None:
    original = lead()
    repeat_of(original)
    assert repeat_of(original).duplicate_of == original
    assert broken() == {}


# --- what the original does when it hears of a repeat ----------------------------------------------------------------
@pytest.mark.parametrize("status", ["new", "dialing", "meeting", "visit"])
def test_one_in_work_keeps_its_status_and_gets_a_task_now(status: str, catalogues: None, frozen) -> None:
    original = lead_in(status)
    frozen.move(hours=1)
    repeat_of(original)
    original.refresh_from_db()
    task = original.tasks.open().get(kind="contact_client")
    assert (original.status, task.repeat, task.assignee) == (status, True, original.responsible)
    assert task.due_at == frozen.now if status in ("meeting", "visit") else task.due_at <= frozen.now
    assert task.title == "Связаться с клиентом (повторное обращение)"


def test_the_open_task_is_brought_forward_and_marked_not_doubled(catalogues: None, frozen) -> None:
    original = move(lead(), "postponed", callback_at=frozen.now + timedelta(days=9))
    before = original.tasks.open().get()
    frozen.move(hours=1)
    repeat_of(original)
    repeat_of(original)
    original.refresh_from_db()
    task = original.tasks.open().get()
    assert (task.pk, task.repeat, task.due_at) == (before.pk, True, frozen.now)
    assert (original.status, original.callback_at) == ("postponed", frozen.now)


def test_a_repeat_at_night_is_due_in_the_morning(catalogues: None, frozen) -> None:
    original = lead_in("visit")
    frozen.move(hours=12)
    repeat_of(original)
    assert original.tasks.open().get(kind="contact_client").due_at == frozen.START + timedelta(hours=21)


@pytest.mark.parametrize("reason", ["not_applied", "small_debt", "other_city", "wrong_number", "refused"])
def test_a_rejected_one_is_reopened(reason: str, catalogues: None, frozen) -> None:
    original = move(lead(), "junk", junk_reason=reason, by=OperatorFactory())
    frozen.move(days=30)
    repeat = repeat_of(original)
    original.refresh_from_db()
    assert (original.status, original.junk_reason, original.opened_at) == ("dialing", "", frozen.now)
    told = original.events.filter(kind=Event.Kind.STATUS).latest("pk")
    assert (told.old, told.new, told.by, told.data["repeat"]) == ("junk", "dialing", None, str(repeat.pk))
    assert original.tasks.open().get(kind="contact_client").repeat
    assert broken() == {}


@pytest.mark.parametrize("status", ["contract", "contract_prepaid"])
def test_for_a_signed_one_the_task_goes_on_the_deal(status: str, catalogues: None, frozen) -> None:
    lawyer = LawyerFactory()
    original = lead_in(status)
    repeat_of(original)
    repeat_of(original)
    deal = Deal.objects.get()
    task = Task.objects.open().get(kind="contact_client")
    assert (task.deal, task.lead, task.assignee, task.repeat, task.due_at) == (deal, None, lawyer, True, frozen.now)
    assert Lead.objects.get(pk=original.pk).status == status


def test_who_asked_not_to_be_called_is_told_of_but_not_chased(catalogues: None) -> None:
    original = lead_in("visit")
    stop_calling(original.contact_id, "просил не звонить", by=ManagerFactory())
    repeat_of(original)
    assert original.events.filter(kind=Event.Kind.REPEAT).count() == 1
    assert not original.tasks.open().filter(kind="contact_client").exists()


# --- a duplicate is frozen -------------------------------------------------------------------------------------------
def test_a_duplicate_cannot_be_worked(catalogues: None, frozen) -> None:
    original = lead()
    repeat = repeat_of(original)
    manager, operator = ManagerFactory(), OperatorFactory()
    for attempt in (
        lambda: assign(repeat.pk, operator.pk, by=manager),
        lambda: take(repeat.pk, by=operator),
        lambda: set_task(repeat.pk, text="позвонить", due_at=frozen.now + timedelta(days=1), by=manager),
    ):
        with pytest.raises(Refused) as refusal:
            attempt()
        assert refusal.value.code == "duplicate_is_frozen"


def test_a_duplicate_follows_its_original_to_another_person(catalogues: None) -> None:
    original = lead()
    repeat = repeat_of(original)
    Mark.objects.update(pending=False)
    operator = OperatorFactory()
    assign(original.pk, operator.pk, by=ManagerFactory())
    after = Lead.objects.get(pk=repeat.pk)
    assert (after.responsible, after.version) == (operator, repeat.version + 1)
    assert Mark.objects.get(kind="lead", object_id=repeat.pk).pending
    move(original, "dialing", by=operator)
    assert broken().keys() <= {"changes_the_outside_is_not_told_of"}


# --- marked by hand --------------------------------------------------------------------------------------------------
def test_an_operator_marks_a_client_recognised_under_another_number(catalogues: None) -> None:
    operator = OperatorFactory()
    original = lead(by=OperatorFactory())  # somebody else's: named by its number only
    row = lead(by=operator)
    set_task(row.pk, text="узнать город", due_at=row.created_at + timedelta(days=1), by=operator)
    marked = as_duplicate(row, original, by=operator)
    assert (marked.status, marked.junk_reason, marked.duplicate_of) == ("junk", "duplicate", original)
    assert marked.responsible == original.responsible
    assert not marked.tasks.open().exists()
    assert original.events.get(kind=Event.Kind.MARKED_DUPLICATE).new == str(row.pk)
    told = marked.events.filter(kind=Event.Kind.STATUS).latest("pk")
    assert (told.reason, told.data["duplicate_of"], told.by) == ("duplicate", str(original.pk), operator)


def test_there_are_no_chains(catalogues: None) -> None:
    first, second, third = lead(), lead(), lead()
    repeat = repeat_of(third)
    version = repeat.version
    as_duplicate(third, second)
    as_duplicate(second, first)
    rows = Lead.objects.filter(pk__in=[second.pk, third.pk, repeat.pk])
    assert set(rows.values_list("duplicate_of", flat=True)) == {first.pk}
    assert Lead.objects.get(pk=repeat.pk).version == version + 2
    assert broken() == {}


def test_a_later_application_on_a_joined_number_is_heard_by_the_original(catalogues: None) -> None:
    original, joined = lead(), lead()
    as_duplicate(joined, original)
    later = repeat_of(joined, source="vk")
    assert (later.duplicate_of, later.contact, later.source.code) == (original, joined.contact, "vk_ads")
    assert original.events.get(kind=Event.Kind.REPEAT).new == str(later.pk)
    assert broken() == {}


@pytest.mark.parametrize("which", ["itself", "a duplicate", "nothing", "a retired one"])
def test_what_cannot_be_an_original(which: str, catalogues: None, frozen) -> None:
    row, original = lead(), lead()
    repeat = repeat_of(original)
    if which == "a retired one":
        Policy.intake(new_original_after_days=0)
        move(original, "junk")
        repeat_of(original)
    wanted = {"itself": row.pk, "a duplicate": repeat.pk, "nothing": 10**9, "a retired one": original.pk}[which]
    with pytest.raises(Invalid) as invalid:
        change_status(row.pk, Move(Status.JUNK, junk_reason="duplicate", duplicate_of=wanted), by=None)
    assert list(invalid.value.fields) == ["duplicate_of"]
    assert Lead.objects.get(pk=row.pk).status == "new"


def test_two_cannot_be_duplicates_of_each_other(catalogues: None) -> None:
    first, second = lead(), lead()
    as_duplicate(first, second)
    with pytest.raises(Invalid, match="сам дубль"):
        as_duplicate(second, first)


def test_a_signed_lead_is_nobodys_duplicate(catalogues: None) -> None:
    with pytest.raises(Refused, match="не переводят"):
        as_duplicate(lead_in("contract"), lead())


def test_a_lawyer_marks_nothing(catalogues: None) -> None:
    lawyer = LawyerFactory()
    row = lead_in("contract")
    with pytest.raises((Forbidden, Refused)):
        as_duplicate(row, lead(), by=lawyer)


# --- retired originals -----------------------------------------------------------------------------------------------
def test_by_default_an_original_stays_one_for_ever(catalogues: None, frozen) -> None:
    original = lead_in("contract")
    frozen.move(days=4000)
    assert repeat_of(original).duplicate_of == original


@pytest.mark.parametrize(("days", "fresh"), [(29, False), (30, True), (31, True)])
def test_after_so_many_days_since_the_closing_a_new_original_begins(days: int, fresh, catalogues: None, frozen) -> None:
    Policy.intake(new_original_after_days=30)
    old = lead_in("contract")
    frozen.move(days=days)
    new = repeat_of(old)
    assert new.is_duplicate is not fresh
    old.refresh_from_db()
    assert (old.retired_at is not None) is fresh
    if fresh:
        assert (old.status, old.retired_at) == ("contract", frozen.now)
        assert old.reached_contract_at
        assert Deal.objects.get().lead == old
        assert new.status == "new"
        assert new.tasks.open().get().kind == "contact_client"
        assert repeat_of(old).duplicate_of == new
        assert old.events.filter(kind=Event.Kind.RETIRED).count() == 1
        assert broken() == {}


def test_one_in_work_is_never_retired(catalogues: None, frozen) -> None:
    Policy.intake(new_original_after_days=0)
    original = lead_in("visit")
    frozen.move(days=100)
    assert repeat_of(original).duplicate_of == original


def test_a_rejected_one_closed_long_ago_is_not_reopened(catalogues: None, frozen) -> None:
    Policy.intake(new_original_after_days=30)
    old = lead_in("junk")
    frozen.move(days=31)
    assert not repeat_of(old).is_duplicate
    assert Lead.objects.get(pk=old.pk).status == "junk"


def test_a_second_original_may_be_retired_in_its_turn(catalogues: None, frozen) -> None:
    Policy.intake(new_original_after_days=30)
    row = lead_in("junk")
    for _ in range(3):
        frozen.move(days=31)
        row = move(repeat_of(row), "junk")
    assert Lead.objects.filter(retired_at__isnull=False).count() == 3
    assert broken() == {}


def test_a_joined_number_follows_to_the_new_original(catalogues: None, frozen) -> None:
    Policy.intake(new_original_after_days=30)
    old, joined = lead(), lead()
    as_duplicate(joined, old)
    move(old, "junk")
    frozen.move(days=31)
    new = repeat_of(old)
    assert not new.is_duplicate
    assert repeat_of(joined).duplicate_of == new
    assert broken() == {}


def test_a_joined_number_whose_original_is_bygone_gets_one_of_its_own(catalogues: None, frozen) -> None:
    Policy.intake(new_original_after_days=30)
    old, joined = lead(), lead()
    as_duplicate(joined, old)
    move(old, "junk")
    frozen.move(days=31)
    assert not repeat_of(joined).is_duplicate
    assert Lead.objects.get(pk=old.pk).retired_at is None
    assert broken() == {}


def test_the_database_itself_allows_one_original_per_card(catalogues: None) -> None:
    original = lead()
    twin = Lead(contact=original.contact, source=original.source)
    with pytest.raises(Exception, match=r"(?i)one_original_lead_per_contact|unique"):
        twin.save()


def test_applications_of_one_moment_on_one_number_are_an_original_and_its_duplicate(frozen) -> None:
    number, admin = phone(), AdminFactory()
    rows = [lead(phone=number) for _ in range(3)]
    assert [row.is_duplicate for row in rows] == [False, True, True]
    number, then = phone(), frozen.now - timedelta(days=3)
    rows = [lead(phone=number, by=admin, arrived_at=then) for _ in range(3)]
    assert [row.is_duplicate for row in rows] == [False, True, True]


def test_a_repeat_that_nobody_answered_before_the_signing_goes_over_to_the_deal(catalogues: None, frozen) -> None:
    lawyer = LawyerFactory()
    original = lead_in("visit")
    repeat_of(original)
    move(original, "contract")
    task = Task.objects.open().get(kind="contact_client")
    assert (task.deal, task.assignee, task.repeat) == (Deal.objects.get(), lawyer, True)
