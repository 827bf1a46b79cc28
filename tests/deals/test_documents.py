"""What a lawyer writes down about a deal: its documents, the court, the debts and the payments."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from crm import clock
from crm.errors import Forbidden, Invalid
from deals.actions import edit_deal, move_stage
from deals.documents import REMINDED, checklist, progress_of, set_documents, tell_reminded
from deals.models import Deal, DocumentKind
from deals.timeline import deal_timeline
from history.models import Event
from outbox.models import Mark
from tests.factories import LawyerFactory, OperatorFactory, deal, move
from tests.pages import at_most

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


@pytest.fixture
def one() -> Deal:
    return deal()


def kind(name: str) -> int:
    return DocumentKind.objects.get(name__startswith=name).pk


def test_a_deal_needs_what_is_required_and_what_was_asked_for(one: Deal) -> None:
    lawyer = one.responsible
    assert (checklist(one).progress.received, checklist(one).progress.needed) == (0, 14)
    set_documents(
        one.pk, {kind("Паспорт"): "received", kind("ИНН"): "unneeded", kind("Брачный"): "requested"}, by=lawyer
    )
    found = checklist(one)
    assert (found.progress.received, found.progress.needed, found.waited_for) == (1, 14, 1)
    assert progress_of([one]) == {one.pk: found.progress}
    row = one.documents.get(state="received")
    assert row.changed_by == lawyer
    DocumentKind.objects.filter(pk__in=(kind("Брачный"), kind("СНИЛС"))).update(active=False)
    found = checklist(one)  # what was said about a document outlives its place in the catalogue
    assert found.progress.needed == 13
    assert progress_of([one]) == {one.pk: found.progress}


def test_the_sums_of_many_deals_take_two_queries(one: Deal) -> None:
    deals = [one, deal(), deal()]
    with at_most(2):
        assert len(progress_of(deals)) == 3
    with at_most(2):
        assert len(checklist(one).missing) == 14


def test_history_keeps_each_change_once_and_the_outside_hears_of_it(one: Deal) -> None:
    Mark.objects.update(pending=False)
    for _again in range(2):
        set_documents(one.pk, {kind("СНИЛС"): "received"}, by=one.responsible)
    set_documents(one.pk, {kind("Паспорт"): "needed"}, by=one.responsible)  # it is needed as it is
    assert Event.objects.filter(deal=one, kind=Event.Kind.DOCUMENT).count() == 1
    assert Mark.objects.filter(kind="deal", object_id=one.pk, pending=True).exists()
    assert "СНИЛС: получен" in [line["title"] for line in deal_timeline(one)]


def test_who_was_reminded_is_waited_for(one: Deal) -> None:
    set_documents(one.pk, {kind("Паспорт"): "received"}, by=one.responsible)
    tell_reminded(one.pk, [kind("Паспорт"), kind("СНИЛС")], "Не хватает: СНИЛС", by=one.responsible)
    assert checklist(one).waited_for == 1
    assert checklist(one).progress.received == 1
    assert Event.objects.get(deal=one, new=REMINDED).comment == "Не хватает: СНИЛС"
    assert "Клиенту напомнили о документах" in [line["title"] for line in deal_timeline(one)]


@pytest.mark.parametrize("wrong", [{0: "received"}, {None: "lost"}])
def test_an_unknown_document_or_state_is_refused(one: Deal, wrong: dict[int | None, str]) -> None:
    states = {kind("ИНН") if key is None else key: state for key, state in wrong.items()}
    with pytest.raises(Invalid):
        set_documents(one.pk, states, by=one.responsible)
    assert not one.documents.exists()


def test_documents_are_for_who_works_the_deal(one: Deal) -> None:
    for stranger in (LawyerFactory(), OperatorFactory()):
        with pytest.raises((Forbidden, Deal.DoesNotExist)):
            set_documents(one.pk, {kind("ИНН"): "received"}, by=stranger)


def test_a_move_writes_down_what_its_stage_goes_with_and_nothing_else(one: Deal) -> None:
    told = {"filed_on": date(2026, 11, 12), "case_number": "А55-1/2026", "decision": "рано"}
    moved = move_stage(one.pk, "filed", by=one.responsible, told=told)
    assert (moved.filed_on, moved.case_number, moved.decision) == (date(2026, 11, 12), "А55-1/2026", "")
    told_text = [line["text"] for line in deal_timeline(one) if line["title"] == "Изменены поля"]
    assert told_text == ["Подано: — → 12.11.2026\nНомер дела: — → А55-1/2026"]
    hearing = clock.now() + timedelta(days=9)
    assert move_stage(one.pk, "hearing_1", by=None, told={"hearing_1_at": hearing}).hearing_1_at == hearing
    assert move_stage(one.pk, "procedure_completed", by=None).hearing_2_at is None  # offered, not asked for


def test_no_more_is_paid_than_the_contract_costs(one: Deal) -> None:
    edit_deal(one.pk, {"paid_later": one.amount}, by=None)
    one.refresh_from_db()
    assert one.paid == one.amount
    wrong = {
        "paid_later": {"paid_later": one.amount + 1},
        "amount": {"amount": one.amount - 1},
        "next_payment": {"next_payment": Decimal(0)},
    }
    for field, changes in wrong.items():
        with pytest.raises(Invalid) as refused:
            edit_deal(one.pk, changes, by=None)
        assert list(refused.value.fields) == [field]
    with pytest.raises(Invalid):  # all is paid, so there is nothing to prepay
        move(one.lead, "contract_prepaid", prepayment=Decimal(1))
