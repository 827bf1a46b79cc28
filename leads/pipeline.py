"""The statuses of a lead and the moves between them, as data. Pure: saves nothing and knows no request.

The customer's list of statuses and the table of moves are in `docs/pipeline.md`, which a test keeps equal to MOVES.
Buttons, API, admin, bulk actions and jobs all ask `check`, through `actions.change_status`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Protocol

from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.errors import Forbidden, Invalid, Refused


class Status(TextChoices):
    NEW = "new", pgettext_lazy("lead status", "New")
    DIALING = "dialing", _("Calling")
    MEETING = "meeting", _("Meeting booked")
    POSTPONED = "postponed", _("Postponed")
    JUNK = "junk", _("Rejected")
    VISIT = "visit", _("Visit")
    CONTRACT = "contract", _("Contract")
    CONTRACT_PREPAID = "contract_prepaid", _("Contract with prepayment")


class JunkReason(TextChoices):
    NOT_APPLIED = "not_applied", _("Did not apply")
    SMALL_DEBT = "small_debt", _("Debt too small")
    OTHER_CITY = "other_city", _("Another city")
    WRONG_NUMBER = "wrong_number", _("Wrong number")
    NO_ANSWER = "no_answer", _("Could not reach")
    DUPLICATE = "duplicate", _("Duplicate")
    REFUSED = "refused", _("Refused, solved it")


# A duplicate names its original, so it is not among what is chosen for a lead by itself.
REASONS_BY_THEMSELVES = tuple(reason for reason in JunkReason if reason != JunkReason.DUPLICATE)


S = Status
MOVES: dict[Status, tuple[Status, ...]] = {
    S.NEW: (S.DIALING, S.MEETING, S.POSTPONED, S.VISIT, S.JUNK),
    S.DIALING: (S.MEETING, S.POSTPONED, S.VISIT, S.JUNK),
    S.POSTPONED: (S.DIALING, S.MEETING, S.VISIT, S.CONTRACT, S.CONTRACT_PREPAID, S.JUNK),
    S.MEETING: (S.VISIT, S.CONTRACT, S.CONTRACT_PREPAID, S.POSTPONED, S.DIALING, S.MEETING, S.JUNK),
    S.VISIT: (S.CONTRACT, S.CONTRACT_PREPAID, S.POSTPONED, S.MEETING, S.JUNK),
    S.CONTRACT: (S.CONTRACT_PREPAID,),
    S.CONTRACT_PREPAID: (),
    S.JUNK: (S.DIALING,),
}
"""From -> to (`domain.md`, Allowed moves). Leaving junk is reopening: a manager's or a repeat's."""

STEPS = (S.NEW, S.DIALING, S.MEETING, S.POSTPONED, S.VISIT, S.CONTRACT, S.CONTRACT_PREPAID)
"""The statuses in the order in which the customer shows them; «Брак» stands apart."""

SIGNED = (S.CONTRACT, S.CONTRACT_PREPAID)
CLOSED = (S.JUNK, *SIGNED)  # terminal for calling
OPEN = tuple(status for status in Status if status not in CLOSED)

MILESTONES: dict[Status, tuple[str, ...]] = {
    S.MEETING: ("reached_meeting_at",),
    S.VISIT: ("reached_visit_at",),
    S.CONTRACT: ("reached_contract_at",),
    S.CONTRACT_PREPAID: ("reached_contract_at", "reached_prepaid_at"),
}
"""Which first times a status stamps. A prepaid contract is a contract, so it stamps both."""

HORIZON = timedelta(days=3650)
"""Nothing is promised further ahead; a year typed with a digit too many is a slip, and calendars end at 9999."""


@dataclass(frozen=True)
class Move:
    """A wish to bring a lead into the status `to`, with what that asks for. Times are aware, money in roubles."""

    to: Status
    junk_reason: str = ""
    duplicate_of: int | None = None
    meeting_at: datetime | None = None
    office: str = ""
    callback_at: datetime | None = None
    amount: Decimal | None = None
    contract_number: str = ""
    contract_date: date | None = None
    prepayment: Decimal | None = None
    lawyer: int | None = None
    comment: str = ""


class Position(Protocol):
    """Where a lead stands; what the rules need of it."""

    @property
    def status(self) -> str: ...
    @property
    def is_duplicate(self) -> bool: ...


def open_moves(lead: Position, *, may_work: bool = True, may_reopen: bool = True) -> list[Status]:
    """The statuses that the table opens to this person from here; nothing for a duplicate."""
    if lead.is_duplicate or not may_work:
        return []
    if lead.status == S.JUNK and not may_reopen:
        return []
    return list(MOVES[Status(lead.status)])


def check(
    lead: Position,
    move: Move,
    at: datetime,
    *,
    may_work: bool = True,
    may_reopen: bool = True,
    deal_amount: Decimal | None = None,
) -> None:
    """Let `move` pass or say why not: first the table, then who, then what is asked for (`api.md`, Readings).

    `deal_amount` is the price in the lead's deal, if it has one. The earned `no_answer` and the original of a
    duplicate need the database and are asked by the verb. Raises Refused, Forbidden or Invalid.
    """
    check_route(lead, move.to, open_moves(lead, may_work=may_work, may_reopen=may_reopen))
    if not may_work:
        raise Forbidden(_t("Leads are worked by operators and the head of the call centre."))
    if lead.status == S.JUNK and not may_reopen:
        raise Forbidden(_t("A rejected lead is reopened by the head of the call centre, with a comment."))
    wrong = _wrong_terms(lead, move, at, deal_amount)
    if wrong:
        raise Invalid(wrong)


def check_route(lead: Position, to: Status, allowed: list[Status]) -> None:
    """Raise Refused unless the table leads from here to `to`; `allowed` is what it leads this person to instead."""
    if lead.is_duplicate:
        raise Refused(
            "transition_not_allowed", _t("This is a duplicate. It is worked from the original lead only."), allowed=[]
        )
    if to in MOVES[Status(lead.status)]:
        return
    here = Status(lead.status).label
    if allowed:
        said = _t("From “%(here)s” a lead does not go to “%(to)s”. Possible: %(list)s.") % {
            "here": here,
            "to": to.label,
            "list": ", ".join(str(status.label) for status in allowed),
        }
    else:
        said = _t("From “%(here)s” a lead does not go to “%(to)s”.") % {"here": here, "to": to.label}
    raise Refused("transition_not_allowed", said, allowed=allowed)


def _wrong_terms(lead: Position, move: Move, at: datetime, deal_amount: Decimal | None) -> dict[str, str]:
    """What is missing or wrong in `move`, by field; empty if nothing is."""
    wrong: dict[str, str] = {}
    if move.to == S.MEETING:
        _require_future(wrong, "meeting_at", move.meeting_at, at, _t("Enter the date and time of the meeting"))
    elif move.to == S.POSTPONED:
        _require_future(wrong, "callback_at", move.callback_at, at, _t("Enter when to call back"))
    elif move.to == S.JUNK:
        if move.junk_reason not in JunkReason.values:
            wrong["junk_reason"] = _t("Choose a reason")
        elif move.junk_reason == JunkReason.DUPLICATE and move.duplicate_of is None:
            wrong["duplicate_of"] = _t("Choose the original lead")
    elif move.to in SIGNED:
        _check_sums(wrong, move, deal_amount)
    elif move.to == S.DIALING and lead.status == S.JUNK and not move.comment.strip():
        wrong["comment"] = _t("Write why the lead is reopened")
    return wrong


def _require_future(wrong: dict[str, str], name: str, moment: datetime | None, at: datetime, missing: str) -> None:
    said = missing if moment is None else wrong_moment(moment, at)
    if said:
        wrong[name] = said


def wrong_moment(moment: datetime, at: datetime) -> str:
    """Why something cannot be planned for `moment` as seen at `at`; empty if it can."""
    if moment <= at:
        return _t("That time has passed. Choose later than %(time)s") % {
            "time": timezone.localtime(at).strftime("%H:%M")
        }
    if moment > at + HORIZON:
        return _t("That time is too far away")
    return ""


def _check_sums(wrong: dict[str, str], move: Move, deal_amount: Decimal | None) -> None:
    amount = move.amount if move.amount is not None else deal_amount
    if amount is None or amount <= 0:
        wrong["amount"] = _t("Enter the price in whole roubles")
    if move.to == S.CONTRACT_PREPAID and (move.prepayment is None or move.prepayment <= 0):
        wrong["prepayment"] = _t("Enter the prepayment")
    elif move.prepayment is not None and move.prepayment < 0:
        wrong["prepayment"] = _t("The prepayment cannot be negative")
    elif move.prepayment is not None and amount is not None and move.prepayment > amount > 0:
        wrong["prepayment"] = _t("The prepayment is more than the price of the contract")


def diagram() -> str:
    """The moves as a Mermaid state diagram, for `docs/pipeline.md`."""
    lines = ["stateDiagram-v2", "    [*] --> new"]
    lines += [f"    {source.value} --> {target.value}" for source, targets in MOVES.items() for target in targets]
    return "\n".join(lines)
