"""What is done with a lead in work: moving it through the statuses and recording touches.

This and `intake.py` are the only writers of a lead's status (`undo.py` puts an earlier one back). Every change locks
the lead, judges it as it stands under the lock, and commits status, milestone, history, tasks, deal and the mark for
the outside together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Q
from django.utils.translation import gettext as _

from crm import clock
from crm.errors import Invalid, Refused
from crm.transactions import require_transaction, verb
from deals.actions import Terms, open_deal
from deals.models import Deal
from history.actions import note
from history.models import Event
from leads import pipeline, touch_policy
from leads.access import lock_lead
from leads.models import Lead, Office, Touch, TouchPolicy
from leads.pipeline import CLOSED, MILESTONES, SIGNED, JunkReason, Move, Status
from leads.traces import tracing
from outbox.actions import mark, mark_all
from tasks.actions import (
    call_again,
    cancel,
    hand_over,
    has_open_repeat,
    replan,
)
from team.models import User
from team.roles import Right, Role, may


@verb
def change_status(
    lead_id: int, move: Move, *, by: User | None, version: int | None = None, action: UUID | None = None
) -> Lead:
    """Bring a lead into another status, with all that belongs to it. Returns the lead as it now is.

    `by` None is the product itself. `version` is the one the person saw: if the lead has changed since, nothing is.
    An `action` on several leads is taken back at once (`leads/undo.py`).
    Raises Lead.DoesNotExist (not theirs to see), Refused `stale`, `transition_not_allowed` or `no_answer_not_earned`,
    Forbidden, Invalid by field.
    """
    now = clock.now()
    if move.to == Status.JUNK and move.junk_reason == JunkReason.DUPLICATE and move.duplicate_of is not None:
        return _mark_duplicate(lead_id, move, by=by, version=version, at=now, action=action)
    lead = lock_lead(lead_id, by=by, version=version, moving=True)
    with tracing(lead, by=by, action=action):
        move_locked(lead, move, by=by, at=now)
    return lead


def move_locked(
    lead: Lead, move: Move, *, by: User | None, at: datetime, steps_done: Mapping[str, int] | None = None
) -> None:
    """Check and make a move of a locked lead."""
    deal = Deal.objects.filter(lead_id=lead.pk).first() if move.to in SIGNED else None
    pipeline.check(
        lead,
        move,
        at,
        may_work=may(by, Right.WORK_LEADS),
        may_reopen=may(by, Right.REOPEN),
        deal_amount=deal.amount if deal else None,
    )
    if move.junk_reason == JunkReason.NO_ANSWER and move.to == Status.JUNK:
        _require_no_answer_earned(lead, by=by, at=at)
    office = _office(move.office, present=lead.office) if move.to == Status.MEETING else None
    if move.lawyer is not None and not User.objects.filter(pk=move.lawyer, is_active=True, role=Role.LAWYER).exists():
        raise Invalid({"lawyer": _("Choose a lawyer who works here.")})
    enter(lead, move, by=by, at=at, office=office, steps_done=steps_done or {})


def enter(
    lead: Lead,
    move: Move,
    *,
    by: User | None,
    at: datetime,
    office: Office | None = None,
    steps_done: Mapping[str, int] | None = None,
    repeat: int | None = None,
) -> None:
    """Put a locked lead into a status that has been checked: the one place where a lead's status changes.

    `steps_done` says which steps of a cadence count as done, `repeat` names the repeat application that reopens it.
    """
    require_transaction()
    old, old_meeting = Status(lead.status), lead.meeting_at
    take_if_free(lead, by=by, at=at)
    lead.status = move.to
    lead.status_changed_at = at
    lead.stay += 1
    lead.version += 1
    lead.handed_at = lead.passed_by = None  # it is being worked
    lead.junk_reason = move.junk_reason if move.to == Status.JUNK else ""
    lead.callback_at = move.callback_at if move.to == Status.POSTPONED else None
    if move.to == Status.MEETING:
        lead.meeting_at, lead.office = move.meeting_at, office
    elif move.to in (Status.DIALING, Status.POSTPONED, Status.JUNK):
        lead.meeting_at = None  # it will not take place; history keeps the time
    if old == Status.JUNK:
        lead.opened_at = at
    for milestone in MILESTONES.get(move.to, ()):
        if getattr(lead, milestone) is None:
            setattr(lead, milestone, at)
    lead.save()
    note(
        Event.Kind.STATUS,
        at=at,
        by=by,
        lead_id=lead.pk,
        old=old.value,
        new=move.to.value,
        reason=lead.junk_reason,
        comment=move.comment,
        **particulars(move, lead, old_meeting, repeat),
    )
    deal = None
    if move.to in SIGNED:
        terms = Terms(move.amount, move.prepayment, move.contract_number, move.contract_date, move.lawyer)
        deal = open_deal(
            lead_id=lead.pk, contact_id=lead.contact_id, source_id=lead.source_id, terms=terms, by=by, at=at
        )
    unanswered = deal is not None and has_open_repeat(lead.pk)
    stay = lead.as_stay(deal=deal)
    replan(replace(stay, steps_done=steps_done or {}, deal_is_new=old not in SIGNED), at=at)
    if deal is not None and unanswered and not lead.do_not_call:
        # The client applied again just before the signing: now it is the lawyer who has to hear of it.
        call_again(deal_id=deal.pk, assignee_id=deal.responsible_id, at=at, zone=lead.zone, repeat=True)
    if move.to in CLOSED:
        cancel(Q(lead_id=lead.pk, promised=True), at=at, by=by)  # closed for calling: that call is not made any more
    mark("lead", lead.pk)


def particulars(move: Move, lead: Lead, old_meeting: datetime | None, repeat: int | None) -> dict[str, Any]:
    """The particulars of a move that its history row keeps."""
    told: dict[str, object] = {"duplicate_of": lead.duplicate_of_id, "repeat": repeat}
    if move.to == Status.POSTPONED:
        told |= {"callback_at": move.callback_at}
    if move.to == Status.MEETING:
        told |= {
            "meeting_at": move.meeting_at,
            "office": lead.office.code if lead.office else None,
            "old_meeting_at": old_meeting,
        }
    if move.to in SIGNED:
        told |= {"amount": move.amount, "prepayment": move.prepayment}
    return {
        name: value.isoformat() if isinstance(value, datetime) else str(value)
        for name, value in told.items()
        if value is not None
    }


def _office(code: str, *, present: Office | None) -> Office | None:
    """The active office of that code; without a code the one of the meeting before, else the first.

    Raises Invalid for a code that is not there.
    """
    offices = Office.objects.filter(active=True)
    if not code:
        return present if present is not None and present.active else offices.first()
    office = offices.filter(code=code).first()
    if office is None:
        raise Invalid({"office": _("There is no such office: %(code)s") % {"code": code}})
    return office


def _require_no_answer_earned(lead: Lead, *, by: User | None, at: datetime) -> None:
    done = no_answer_progress(lead, at=at)
    if not done.earned:
        allowed = [status for status in open_moves(lead, by) if status != Status.JUNK]
        raise Refused("no_answer_not_earned", touch_policy.missing(done, zone=lead.zone, at=at), allowed=allowed)


def no_answer_progress(lead: Lead, *, at: datetime, touches: Iterable[Touch] | None = None) -> touch_policy.Progress:
    """How far the lead has come towards «Недозвон» under the policy as it is now.

    Two queries, or one where its `touches` since it was opened have been read.
    """
    return touch_policy.progress(
        TouchPolicy.current().as_policy(),
        lead.touches.since(lead.opened_at) if touches is None else touches,
        opened_at=lead.opened_at,
        zone=lead.zone,
        at=at,
    )


def open_moves(lead: Lead, by: User | None) -> list[Status]:
    """The statuses that the table lets this person move the lead to."""
    return pipeline.open_moves(lead, may_work=may(by, Right.WORK_LEADS), may_reopen=may(by, Right.REOPEN))


def take_if_free(lead: Lead, *, by: User | None, at: datetime) -> None:
    """An operator who works an unassigned lead takes it (a duplicate follows its original). The caller saves."""
    if lead.responsible_id is None and not lead.is_duplicate and by is not None and may(by, Right.TAKE_LEAD):
        lead.responsible = by
        note(Event.Kind.RESPONSIBLE, at=at, by=by, lead_id=lead.pk, new=by.pk)
        follow_responsible(lead)


def follow_responsible(lead: Lead) -> None:
    """After a lead's responsible has changed: its open tasks and its duplicates go along."""
    lead.version += 1
    hand_over(Q(lead_id=lead.pk), assignee_id=lead.responsible_id)
    ids = list(lead.duplicates.order_by("pk").values_list("pk", flat=True))
    if ids:
        Lead.objects.filter(pk__in=ids).update(responsible=lead.responsible_id, version=F("version") + 1)
        mark_all(("lead", pk) for pk in ids)


def _mark_duplicate(
    lead_id: int, move: Move, *, by: User | None, version: int | None, at: datetime, action: UUID | None
) -> Lead:
    """An operator recognised a client under another number: close the lead as a duplicate of the original named."""
    assert move.duplicate_of is not None
    # Both in the order of their ids, so that "A of B" and "B of A" pressed at once wait for each other, not for ever.
    pair = {
        row.pk: row
        for row in Lead.objects.select_for_update(no_key=True)
        .filter(pk__in=[lead_id, move.duplicate_of])
        .order_by("pk")
    }
    lead = lock_lead(lead_id, by=by, version=version, moving=True)
    pipeline.check(lead, move, at, may_work=may(by, Right.WORK_LEADS), may_reopen=may(by, Right.REOPEN))
    original = pair.get(move.duplicate_of)
    if original is None:
        raise Invalid({"duplicate_of": _("There is no lead № %(id)s") % {"id": move.duplicate_of}})
    if original.pk == lead.pk:
        raise Invalid({"duplicate_of": _("A lead cannot be a duplicate of itself")})
    if original.duplicate_of_id is not None:
        raise Invalid(
            {
                "duplicate_of": _("Lead № %(id)s is itself a duplicate. The original is № %(original)s")
                % {"id": original.pk, "original": original.duplicate_of_id}
            }
        )
    if original.retired_at is not None:
        raise Invalid({"duplicate_of": _("Lead № %(id)s has been replaced by a newer one") % {"id": original.pk}})
    with tracing(lead, by=by, action=action) as trace:
        trace.rest["duplicates"] = freeze_as_duplicate(lead, original, by=by, at=at, comment=move.comment)
    note(Event.Kind.MARKED_DUPLICATE, at=at, by=by, lead_id=original.pk, new=lead.pk)
    return lead


def freeze_as_duplicate(lead: Lead, original: Lead, *, by: User | None, at: datetime, comment: str = "") -> list[int]:
    """Close a locked lead as a duplicate of a locked original; what pointed at it points there too (no chains).

    Returns the ids of those.
    """
    lead.duplicate_of = original
    lead.responsible_id = original.responsible_id
    enter(lead, Move(Status.JUNK, junk_reason=JunkReason.DUPLICATE, comment=comment), by=by, at=at)
    cancel(Q(lead_id=lead.pk), at=at, by=by)
    ids = list(lead.duplicates.order_by("pk").values_list("pk", flat=True))
    if ids:
        Lead.objects.filter(pk__in=ids).update(
            duplicate_of=original, responsible=original.responsible_id, version=F("version") + 1
        )
        mark_all(("lead", pk) for pk in ids)
    return ids
