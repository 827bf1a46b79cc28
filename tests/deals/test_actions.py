"""The verbs of a deal: opened once with its lawyer, edited within its sums, moved through any stages, handed over."""

from datetime import date
from decimal import Decimal
from itertools import product

import pytest
from django.db import IntegrityError, transaction

from crm.errors import Forbidden, Invalid, Refused
from deals.actions import Terms, assign_deal, edit_deal, least_loaded_lawyer, move_stage, open_deal
from deals.models import Deal, Stage
from history.models import Event
from leads.models import Lead
from outbox.models import Mark
from tests.factories import LawyerFactory, ManagerFactory, OperatorFactory, deal, lead_in, move
from tests.promises import broken
from tests.races import Hands, failures, no, yes
from tests.sizes import size

STAGES = ["documents", "filed", "hearing_1", "procedure_completed", "hearing_2", "ruling"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


# --- opening ---------------------------------------------------------------------------------------------------------
def test_a_contract_opens_the_deal_with_all_that_it_carries(frozen) -> None:
    lawyer, operator = LawyerFactory(), OperatorFactory()
    row = move(
        lead_in("visit", by=operator, source="vk"),
        "contract",
        by=operator,
        amount=Decimal("150000.50"),
        contract_number="Б-17",
        contract_date=date(2026, 11, 24),
    )
    one = Deal.objects.get()
    assert (one.lead, one.contact, one.source, one.responsible) == (row, row.contact, row.source, lawyer)
    assert (one.amount, one.prepayment, one.contract_number) == (Decimal("150000.50"), 0, "Б-17")
    assert (one.contract_date, one.created_at, one.stage.code) == (date(2026, 11, 24), frozen.now, "documents")
    told = one.events.get(kind=Event.Kind.DEAL_OPENED)
    assert (told.by, told.lead, told.new, told.data["amount"]) == (operator, row, "documents", "150000.50")
    assert Mark.objects.get(kind="deal", object_id=one.pk).pending


def test_a_prepayment_updates_the_deal_that_is_there() -> None:
    one = deal(number="Б-17")
    row = move(one.lead, "contract_prepaid", amount=None, prepayment=Decimal(30_000), contract_date=date(2026, 11, 25))
    after = Deal.objects.get()
    assert (after.pk, after.amount, after.prepayment) == (one.pk, one.amount, Decimal(30_000))
    assert (after.contract_number, after.contract_date) == ("Б-17", date(2026, 11, 25)), "what is not said stays"
    assert after.version == one.version + 1
    assert row.reached_contract_at <= row.reached_prepaid_at
    assert after.events.filter(kind=Event.Kind.DEAL_OPENED).count() == 1


def test_it_goes_to_the_lawyer_with_the_fewest_open_deals() -> None:
    assert least_loaded_lawyer() is None
    assert deal().responsible is None
    busy, free, left = LawyerFactory(), LawyerFactory(), LawyerFactory(is_active=False)
    assert [deal().responsible for _ in range(4)] == [busy, free, busy, free]
    over = Deal.objects.filter(responsible=busy)
    over.update(stage=Stage.objects.get(code="ruling"))  # what is over is no work
    assert least_loaded_lawyer() == busy
    assert not left.deals.exists()


def test_a_lawyer_may_be_named_and_must_be_one() -> None:
    LawyerFactory()
    named = LawyerFactory()
    move(lead_in("visit"), "contract", lawyer=named.pk)
    assert Deal.objects.get().responsible == named
    for nobody in (OperatorFactory().pk, LawyerFactory(is_active=False).pk, 10**9):
        with pytest.raises(Invalid) as invalid:
            move(lead_in("visit"), "contract", lawyer=nobody)
        assert list(invalid.value.fields) == ["lawyer"]


def test_without_a_stage_nothing_is_half_signed() -> None:
    row = lead_in("visit")
    Stage.objects.update(active=False)
    with pytest.raises(Invalid):
        move(row, "contract")
    assert Lead.objects.get(pk=row.pk).status == "visit"
    assert not Deal.objects.exists()


def test_a_contract_number_is_used_once_and_no_number_as_often_as_one_likes() -> None:
    first = deal(number="Б-17")
    deal()
    deal()
    row = lead_in("visit")
    with pytest.raises(Invalid, match=first.number) as invalid:
        move(row, "contract", contract_number="Б-17")
    assert list(invalid.value.fields) == ["contract_number"]
    assert Lead.objects.get(pk=row.pk).status == "visit"
    assert move(first.lead, "contract_prepaid", contract_number="Б-17").status == "contract_prepaid"


@pytest.mark.django_db(transaction=True)
def test_of_two_contracts_with_one_number_one_is_signed() -> None:
    with Hands(2) as people:
        for number in range(size(10, 200)):
            rows = [lead_in("visit"), lead_in("visit")]
            answers = people.at_once(
                [lambda row=row, n=number: move(row, "contract", contract_number=f"Б-{n}") for row in rows]
            )
            assert failures(answers) == []
            assert (len(yes(answers)), [type(answer) for answer in no(answers)]) == (1, [Invalid])
    assert broken() == {}


@pytest.mark.django_db(transaction=True)
def test_opening_belongs_to_the_transaction_of_the_move(frozen) -> None:
    row = lead_in("visit")
    terms = Terms(amount=Decimal(1))
    with pytest.raises(AssertionError, match="inside its transaction"):
        open_deal(
            lead_id=row.pk, contact_id=row.contact_id, source_id=row.source_id, terms=terms, by=None, at=frozen.now
        )


def test_the_database_itself_allows_one_deal_per_lead() -> None:
    one = deal()
    twin = Deal(lead=one.lead, source=one.source, stage=one.stage, amount=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save()


# --- editing ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"amount": Decimal(0)}, "amount"),
        ({"amount": Decimal(-1)}, "amount"),
        ({"amount": None}, "amount"),
        ({"prepayment": Decimal("-0.01")}, "prepayment"),
        ({"prepayment": Decimal("150000.01")}, "prepayment"),
        ({"prepayment": None}, "prepayment"),
        ({"amount": Decimal(100), "prepayment": Decimal(101)}, "prepayment"),
        ({"amount": Decimal(29_999)}, "prepayment"),  # less than what is paid already
        ({"contract_number": "Б-1"}, "contract_number"),
    ],
)
def test_sums_and_numbers_that_cannot_be(changes: dict[str, object], wrong: str) -> None:
    deal(number="Б-1")
    one = deal(prepaid=True)
    with pytest.raises(Invalid) as invalid:
        edit_deal(one.pk, changes, by=ManagerFactory())
    assert list(invalid.value.fields) == [wrong]
    assert Deal.objects.get(pk=one.pk).version == one.version


def test_an_edit_tells_old_and_new_and_leaves_the_rest() -> None:
    lawyer = LawyerFactory()
    one = deal(number="Б-1")
    changes = {
        "amount": Decimal(170_000),
        "prepayment": Decimal(170_000),
        "contract_number": "Б-1",
        "comment": "рассрочка",
        "stage": 3,
        "responsible": None,
        "lead_id": 1,
    }
    after = edit_deal(one.pk, changes, by=lawyer, version=one.version)
    stored = Deal.objects.get(pk=one.pk)
    assert (stored.amount, stored.prepayment, stored.comment) == (170_000, 170_000, "рассрочка")
    assert (stored.stage, stored.responsible, stored.lead) == (one.stage, lawyer, one.lead)
    assert stored.version == after.version == one.version + 1
    told = one.events.get(kind=Event.Kind.EDITED)
    assert told.by == lawyer
    assert told.data["changes"] == {
        "amount": ["150000.00", "170000"],
        "prepayment": ["", "170000"],
        "comment": ["", "рассрочка"],
    }


def test_a_stale_edit_and_a_stale_move_are_refused() -> None:
    manager, one = ManagerFactory(), deal()
    edit_deal(one.pk, {"comment": "первый"}, by=manager, version=one.version)
    for late in (
        lambda: edit_deal(one.pk, {"comment": "второй"}, by=manager, version=one.version),
        lambda: move_stage(one.pk, "filed", by=manager, version=one.version),
    ):
        with pytest.raises(Refused) as refusal:
            late()
        assert refusal.value.code == "stale"
    assert (Deal.objects.get().comment, Deal.objects.get().stage.code) == ("первый", "documents")


# --- stages ----------------------------------------------------------------------------------------------------------
def test_any_stage_may_follow_any_and_history_keeps_each(frozen) -> None:
    lawyer = LawyerFactory()
    one = deal()
    for old, new in product(STAGES, STAGES):
        Deal.objects.filter(pk=one.pk).update(stage=Stage.objects.get(code=old))
        frozen.move(minutes=1)
        before = one.events.filter(kind=Event.Kind.STAGE).count()
        moved = move_stage(one.pk, new, by=lawyer)
        assert moved.stage.code == new
        told = one.events.filter(kind=Event.Kind.STAGE)
        assert told.count() == before + (old != new)
        if old != new:
            last = told.latest("pk")
            assert (last.old, last.new, last.by, last.at, last.lead) == (old, new, lawyer, frozen.now, one.lead)
            assert moved.stage_changed_at == frozen.now


@pytest.mark.parametrize("code", ["", "nowhere", "Filed", "filed\x00", "\ud800", "closed"])
def test_a_stage_that_is_not_there_or_switched_off_is_refused(code: str) -> None:
    Stage.objects.create(code="closed", name="Закрыта", active=False)
    one = deal()
    with pytest.raises(Invalid) as invalid:
        move_stage(one.pk, code, by=ManagerFactory())
    assert list(invalid.value.fields) == ["stage"]


# --- handing over ----------------------------------------------------------------------------------------------------
def test_a_deal_is_handed_over_with_its_open_tasks() -> None:
    first, second, manager = LawyerFactory(), LawyerFactory(), ManagerFactory()
    one = deal()
    Mark.objects.update(pending=False)
    after = assign_deal(one.pk, second.pk, by=manager)
    assert (after.responsible, after.version) == (second, one.version + 1)
    task = one.tasks.open().get()
    assert task.assignee == second
    assert set(Mark.objects.filter(pending=True).values_list("kind", "object_id")) == {
        ("deal", one.pk),
        ("task", task.pk),
    }
    told = one.events.get(kind=Event.Kind.RESPONSIBLE)
    assert (told.old, told.new, told.by) == (str(first.pk), str(second.pk), manager)
    assert assign_deal(one.pk, second.pk, by=manager).version == after.version, "the same again is no change"


def test_who_hands_over_and_to_whom() -> None:
    lawyer, manager = LawyerFactory(), ManagerFactory()
    one = deal()
    with pytest.raises(Forbidden):
        assign_deal(one.pk, manager.pk, by=lawyer)
    for nobody in (OperatorFactory().pk, LawyerFactory(is_active=False).pk, 10**9):
        with pytest.raises(Invalid):
            assign_deal(one.pk, nobody, by=manager)
    for stranger in (LawyerFactory(), OperatorFactory()):
        with pytest.raises(Deal.DoesNotExist):
            move_stage(one.pk, "filed", by=stranger)
        with pytest.raises(Deal.DoesNotExist):
            edit_deal(one.pk, {"comment": "моё"}, by=stranger)
