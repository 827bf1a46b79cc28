"""Opening a deal from a signed lead, editing it, moving it through the stages, handing it over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from crm import clock
from crm.errors import Forbidden, Invalid
from crm.text import is_clean
from crm.transactions import require_transaction, verb
from deals.access import lock_deal, require_deal_work
from deals.models import Deal, Stage
from history.actions import note
from history.models import Event
from outbox.actions import mark
from tasks.actions import hand_over
from team.models import User
from team.roles import Right, Role, may

CONTRACT = ("amount", "prepayment", "contract_number", "contract_date", "comment")
PAYMENTS = ("paid_later", "next_payment", "next_payment_on")
DEBTS = ("debt_total", "banks_count", "banks_debt", "lenders_count", "lenders_debt", "belongings")
COURT = (
    "filing_due",
    "filed_on",
    "court",
    "case_number",
    "hearing_1_at",
    "hearing_2_at",
    "court_manager",
    "decision",
    "decided_on",
)
BLOCKS = {"contract": CONTRACT, "payments": PAYMENTS, "debts": DEBTS, "court": COURT}
"""The blocks of a deal's card that are edited by themselves, and their fields."""
EDITABLE = (*CONTRACT, *PAYMENTS, *DEBTS, *COURT)
OFFERED: Mapping[str, tuple[str, ...]] = {
    Stage.Asks.FILING: ("filed_on", "court", "case_number"),
    Stage.Asks.HEARING_1: ("hearing_1_at", "court_manager"),
    Stage.Asks.PROCEDURE: ("hearing_2_at",),
    Stage.Asks.HEARING_2: ("hearing_2_at", "decision"),
    Stage.Asks.DECISION: ("decision", "decided_on"),
}
"""The fields that a move to such a stage offers to fill in; each may be left as it is (`ux.md` 6.7)."""


@dataclass(frozen=True)
class Terms:
    """What the contract says. Money in roubles; `amount` None keeps what the deal has; `lawyer_id` None picks one."""

    amount: Decimal | None = None
    prepayment: Decimal | None = None
    contract_number: str = ""
    contract_date: date | None = None
    lawyer_id: int | None = None


def least_loaded_lawyer() -> User | None:
    """The active lawyer with the fewest open deals (`api.md`, Readings); None if there is no lawyer."""
    return (
        User.objects.filter(role=Role.LAWYER, is_active=True)
        .annotate(load=Count("deals", filter=Q(deals__stage__final=False)))
        .order_by("load", "pk")
        .first()
    )


def _require_free_number(number: str, deal_id: int | None = None) -> None:
    taken = Deal.objects.filter(~Q(pk=deal_id), contract_number=number).first() if number else None
    if taken:
        raise Invalid({"contract_number": _("This contract number is used in deal %(deal)s") % {"deal": taken.number}})


def open_deal(
    *, lead_id: int, contact_id: int | None, source_id: int, terms: Terms, by: User | None, at: datetime
) -> Deal:
    """Open the deal of a lead that is being signed, or update it when a contract becomes prepaid.

    Runs inside the status change, under the lead's lock; the database allows one deal per lead besides.
    Raises Invalid if the contract number is used in another deal.
    """
    require_transaction()
    deal = Deal.objects.select_for_update().filter(lead_id=lead_id).first()
    _require_free_number(terms.contract_number, deal.pk if deal else None)
    if deal is None:
        assert terms.amount is not None, "the moves ask for an amount before a deal is opened"
        stage = Stage.objects.filter(active=True).order_by("position", "pk").first()
        if stage is None:
            raise Invalid({"to": _("There is no deal stage in the catalogue. An administrator adds one.")})
        lawyer_id = terms.lawyer_id
        if lawyer_id is None:
            lawyer = least_loaded_lawyer()
            lawyer_id = lawyer.pk if lawyer else None
        deal = Deal.objects.create(
            lead_id=lead_id,
            contact_id=contact_id,
            source_id=source_id,
            responsible_id=lawyer_id,
            stage=stage,
            stage_changed_at=at,
            amount=terms.amount,
            prepayment=terms.prepayment or 0,
            contract_number=terms.contract_number,
            contract_date=terms.contract_date,
            created_at=at,
        )
        note(
            Event.Kind.DEAL_OPENED,
            at=at,
            by=by,
            lead_id=lead_id,
            deal_id=deal.pk,
            new=stage.code,
            amount=str(deal.amount),
            prepayment=str(deal.prepayment),
        )
    else:
        changes: dict[str, Any] = {
            "amount": terms.amount,
            "prepayment": terms.prepayment,
            "contract_number": terms.contract_number or None,
            "contract_date": terms.contract_date,
        }
        if (terms.amount or deal.amount) < (terms.prepayment or deal.prepayment) + deal.paid_later:
            raise Invalid({"prepayment": _("With what was paid later this is more than the price of the contract")})
        _change(deal, {name: value for name, value in changes.items() if value is not None}, by=by, at=at)
    mark("deal", deal.pk)
    return deal


def follow_lead(lead_id: int, **shared: int) -> None:
    """The deal of a locked lead, if there is one, takes over what the two share: `source_id`, `contact_id`."""
    require_transaction()
    deal = Deal.objects.select_for_update(no_key=True).filter(lead_id=lead_id).first()
    if deal is None:
        return
    for name, value in shared.items():
        setattr(deal, name, value)
    deal.version += 1
    deal.save(update_fields=[*shared, "version"])
    mark("deal", deal.pk)


def _change(deal: Deal, changes: Mapping[str, Any], *, by: User | None, at: datetime) -> None:
    """Write the fields that differ, with one history row that keeps old and new."""
    before = {name: getattr(deal, name) for name in changes}
    differing = {name: value for name, value in changes.items() if before[name] != value}
    if not differing:
        return
    for name, value in differing.items():
        setattr(deal, name, value)
    deal.version += 1
    deal.save(update_fields=[*differing, "version"])
    told = {name: [str(before[name] or ""), str(value or "")] for name, value in differing.items()}
    note(Event.Kind.EDITED, at=at, by=by, deal_id=deal.pk, lead_id=deal.lead_id, changes=told)


def _require_possible_payments(changes: Mapping[str, Any], *, left: Decimal, paid_later: Decimal) -> None:
    """No more is paid than the contract costs; a payment to come is a sum."""
    if not 0 <= changes.get("paid_later", paid_later) <= left:
        wrong = "paid_later" if "paid_later" in changes else "amount"
        raise Invalid({wrong: _("With the prepayment no more can be paid than the price of the contract")})
    next_payment = changes.get("next_payment")
    if next_payment is not None and next_payment <= 0:
        raise Invalid({"next_payment": _("A payment is a sum above zero")})


@verb
def edit_deal(deal_id: int, changes: Mapping[str, Any], *, by: User | None, version: int | None = None) -> Deal:
    """Change fields of EDITABLE (already typed values). Returns the deal; `version` makes it conditional.

    Raises Deal.DoesNotExist, Forbidden, Refused `stale`, Invalid for contradicting sums or a number in use.
    """
    deal = lock_deal(deal_id, by=by, version=version)
    require_deal_work(by)
    amount = changes.get("amount", deal.amount)
    prepayment = changes.get("prepayment", deal.prepayment)
    if amount is None or amount <= 0:
        raise Invalid({"amount": _("Enter the price in whole roubles")})
    if prepayment is None or not 0 <= prepayment <= amount:
        raise Invalid({"prepayment": _("The prepayment is between zero and the price of the contract")})
    _require_possible_payments(changes, left=amount - prepayment, paid_later=deal.paid_later)
    _require_free_number(changes.get("contract_number", ""), deal.pk)
    _change(deal, {name: changes[name] for name in EDITABLE if name in changes}, by=by, at=clock.now())
    mark("deal", deal.pk)
    return deal


@verb
def move_stage(
    deal_id: int,
    stage_code: str,
    *,
    by: User | None,
    version: int | None = None,
    told: Mapping[str, Any] = MappingProxyType({}),
) -> Deal:
    """Move a deal to a stage of the catalogue; any stage may follow any, history keeps each step.

    `told` is what the move offered to write down (typed values of OFFERED for that stage; other names are ignored).

    Raises Deal.DoesNotExist, Forbidden, Refused `stale`, Invalid for a code that is unknown or switched off.
    """
    deal = lock_deal(deal_id, by=by, version=version)
    require_deal_work(by)
    # An unclean code names no stage, and PostgreSQL would not even look for a NUL.
    stage = Stage.objects.filter(code=stage_code, active=True).first() if is_clean(stage_code) else None
    if stage is None:
        raise Invalid({"stage": _("There is no such stage: %(code)s") % {"code": stage_code}})
    if stage.pk == deal.stage_id:
        return deal
    now = clock.now()
    old = Stage.objects.get(pk=deal.stage_id)
    deal.stage, deal.stage_changed_at = stage, now
    deal.version += 1
    deal.save(update_fields=["stage", "stage_changed_at", "version"])
    note(Event.Kind.STAGE, at=now, by=by, deal_id=deal.pk, lead_id=deal.lead_id, old=old.code, new=stage.code)
    offered = OFFERED.get(stage.asks, ())
    _change(deal, {name: told[name] for name in offered if name in told}, by=by, at=now)
    mark("deal", deal.pk)
    return deal


@verb
def assign_deal(deal_id: int, responsible_id: int, *, by: User | None) -> Deal:
    """Hand a deal, with its open tasks, to a lawyer (or a manager).

    Raises Deal.DoesNotExist, Forbidden, Invalid if that person does not work on deals.
    """
    deal = lock_deal(deal_id, by=by)
    if not may(by, Right.ASSIGN):
        raise Forbidden(_("Deals are handed over by the head of the call centre."))
    person = User.objects.filter(pk=responsible_id).first()
    if person is None or not may(person, Right.WORK_DEALS):
        raise Invalid({"responsible": _("Choose a lawyer who works here.")})
    if deal.responsible_id == person.pk:
        return deal
    now = clock.now()
    old = deal.responsible_id
    deal.responsible = person
    deal.version += 1
    deal.save(update_fields=["responsible", "version"])
    note(Event.Kind.RESPONSIBLE, at=now, by=by, deal_id=deal.pk, lead_id=deal.lead_id, old=old or "", new=person.pk)
    hand_over(Q(deal_id=deal.pk), assignee_id=person.pk)
    mark("deal", deal.pk)
    return deal
