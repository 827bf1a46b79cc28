"""Doing one thing to many leads: handing them over, a status, a task, sharing them out, and taking that back.

Each lead goes through the verb that does it to one lead, together with its place in the action in one transaction: a
few leads while the person waits, more by a worker, and an action that was broken off goes on behind the last lead that
counts. A lead that refuses keeps the sentence why; the others are done.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from crm import clock
from crm.errands import Errand, Lost, claim, drive, finish, keep, release
from crm.errors import Busy, Forbidden, Invalid, Refused
from crm.nudges import CARRY_BULK, nudge
from crm.transactions import verb
from leads.access import lock_lead
from leads.actions import change_status
from leads.distribution import choose_operator, require_somebody_on_line
from leads.editing import assign, set_task
from leads.models import BulkAction, BulkLead, Lead, Trace
from leads.pipeline import CLOSED, Move, Status
from leads.undo import FOR, TOO_LATE, undo_on
from team.models import User
from team.roles import Right, may

AT_ONCE = 100  # leads that are done while the person waits
SLICE = 20.0  # seconds that one run of the job works before others have their turn
KEPT = timedelta(days=30)  # how long the result can be looked at
_READ_AT_ONCE = 500
Kind = BulkAction.Kind


@verb
def begin(
    kind: str,
    terms: Mapping[str, Any],
    leads: Iterable[int],
    *,
    by: User,
    query: str = "",
    undoes: BulkAction | None = None,
) -> BulkAction:
    """Write down what is to be done with these leads; `carry_on` or the worker does it.

    `terms` by kind: assign `responsible`; status `to`, `junk_reason`, `comment`, `office`, `at`; task `text`, `at`. An
    `at` has no zone: it is on each client's own clock. Leads that `by` does not see count as refused from the start.
    Raises Forbidden, Invalid `lead` without leads, Refused `nobody_on_line`.
    """
    if not may(by, Right.WORK_LEADS):
        raise Forbidden(_("Leads are worked by operators and the head of the call centre."))
    if kind in (Kind.ASSIGN, Kind.SHARE) and not may(by, Right.ASSIGN):
        raise Forbidden(_("Leads are handed over by the head of the call centre."))
    wanted = set(leads)
    if not wanted:
        raise Invalid({"lead": _("Select at least one lead.")})
    if kind == Kind.SHARE:
        require_somebody_on_line()
    seen = _seen(wanted, by=None if kind == Kind.UNDO else by)  # who takes back a hand-over may not see the lead now
    missing = len(wanted) - len(seen)
    bulk = BulkAction.objects.create(
        by=by,
        asked_at=clock.now(),
        kind=kind,
        terms=dict(terms),
        query=query,
        total=len(wanted),
        done=missing,
        refused=missing,
        undoes=undoes,
    )
    BulkLead.objects.bulk_create((BulkLead(bulk=bulk, lead_id=pk) for pk in seen), batch_size=1000)
    nudge(CARRY_BULK)
    return bulk


def _seen(wanted: set[int], *, by: User | None) -> list[int]:
    """Those of the leads that `by` may see, in order."""
    ids, seen = sorted(wanted), list[int]()
    for start in range(0, len(ids), _READ_AT_ONCE):
        portion = ids[start : start + _READ_AT_ONCE]
        seen += Lead.objects.visible_to(by).filter(pk__in=portion).order_by("pk").values_list("pk", flat=True)
    return seen


def begin_undo(bulk: BulkAction, *, by: User) -> BulkAction:
    """Take a long action of `by` back by the worker, on each lead where it was done. Raises Refused `undo_too_late`."""
    traces = Trace.objects.filter(action=bulk.action, by=by, undone_at__isnull=True)
    leads = list(traces.values_list("lead_id", flat=True))
    if not leads:
        raise Refused(TOO_LATE, _("It cannot be undone any more."), allowed=[])
    return begin(Kind.UNDO, {}, leads, by=by, query=bulk.query, undoes=bulk)


def may_undo(bulk: BulkAction) -> bool:
    """Is there something left of the action that can be taken back still? One query."""
    if bulk.kind == Kind.UNDO or bulk.is_open or bulk.granted == 0:
        return False
    fresh = Trace.objects.filter(action=bulk.action, by=bulk.by, undone_at__isnull=True, at__gt=clock.now() - FOR)
    return fresh.exists()


def carry_on(bulk_id: int) -> BulkAction:
    """Do a short action while the person waits, unless somebody is at it already. Returns how it stands then."""
    short = BulkAction.objects.filter(pk=bulk_id, total__lte=AT_ONCE).exists()
    if short and (mine := claim(BulkAction, bulk_id)) is not None:
        with contextlib.suppress(Lost, Busy):  # the worker goes on with what is left
            _carry(mine, time.monotonic() + SLICE)
    return BulkAction.objects.select_related("by").get(pk=bulk_id)


def carry_out(*, seconds: float = SLICE) -> bool:
    """Work on the actions that wait, the oldest first, for some seconds. Returns whether there is more to do."""
    until = time.monotonic() + seconds
    drive(BulkAction, lambda bulk: _carry(bulk, until), until=until)
    return BulkAction.objects.filter(state__in=(Errand.State.WAITING, Errand.State.RUNNING)).exists()


def _carry(bulk: BulkAction, until: float) -> None:
    with translation.override(bulk.by.language):
        waiting = bulk.leads.filter(lead_id__gt=bulk.place).order_by("lead_id")
        for lead_id in waiting.values_list("lead_id", flat=True):
            if time.monotonic() > until:
                release(bulk)
                return
            _settle(bulk, lead_id)
        finish(bulk)
    forget_granted(bulk.pk)


@verb
def forget_granted(bulk_id: int) -> None:
    """What was done stands in the leads' own history; only those that refused are kept here."""
    BulkLead.objects.filter(bulk=bulk_id, refusal="").delete()


@verb
def forget_old() -> int:
    """Throw away the results that nobody looks at any more. Returns how many rows."""
    done = (Errand.State.DONE, Errand.State.FAILED)
    return BulkAction.objects.filter(state__in=done, asked_at__lt=clock.now() - KEPT).delete()[0]


@verb
def _settle(bulk: BulkAction, lead_id: int) -> None:
    """One lead: what is done with it, or why not, and the place behind it. All or nothing."""
    keep(bulk)
    present = BulkAction.objects.get(pk=bulk.pk)
    refusal = ""
    try:
        _do(bulk, lead_id)
    except (Refused, Forbidden) as error:
        refusal = error.detail
    except Invalid as error:
        refusal = " ".join(said for sentences in error.fields.values() for said in sentences)
    except (Lead.DoesNotExist, Trace.DoesNotExist):
        refusal = _("This lead is no longer among those that you see.")
    if refusal:
        BulkLead.objects.filter(bulk=bulk.pk, lead=lead_id).update(refusal=refusal)
    keep(bulk, place=lead_id, done=present.done + 1, refused=present.refused + bool(refusal), beginnings=0)


@verb
def _do(bulk: BulkAction, lead_id: int) -> None:
    """The verb for one lead, which takes nothing along if it refuses."""
    if bulk.kind != Kind.UNDO:
        _require_own(lead_id, by=bulk.by)
    _DO[bulk.kind](bulk, lead_id)


def _require_own(lead_id: int, *, by: User) -> None:
    """Operators do many things at once to their own leads only; one that nobody has they take by hand."""
    if not may(by, Right.ASSIGN) and lock_lead(lead_id, by=by).responsible_id != by.pk:
        raise Refused("not_taken", _("Nobody has this lead yet. Take it first."), allowed=[])


def _assign(bulk: BulkAction, lead_id: int) -> None:
    assign(lead_id, bulk.terms["responsible"], by=bulk.by, action=bulk.action)


def _share(bulk: BulkAction, lead_id: int) -> None:
    lead = Lead.objects.visible_to(bulk.by).get(pk=lead_id)
    if lead.status in CLOSED:
        raise Refused("not_in_work", _("This lead is not in work."), allowed=[])
    assign(lead_id, choose_operator(lead.source_id, present=lead.responsible_id), by=bulk.by, action=bulk.action)


def _status(bulk: BulkAction, lead_id: int) -> None:
    terms, to = bulk.terms, Status(bulk.terms["to"])
    at = _on_clock_of(lead_id, bulk) if terms.get("at") else None
    move = Move(
        to,
        junk_reason=terms.get("junk_reason", ""),
        comment=terms.get("comment", ""),
        office=terms.get("office", ""),
        meeting_at=at if to == Status.MEETING else None,
        callback_at=at if to == Status.POSTPONED else None,
    )
    change_status(lead_id, move, by=bulk.by, action=bulk.action)


def _task(bulk: BulkAction, lead_id: int) -> None:
    set_task(lead_id, text=bulk.terms["text"], due_at=_on_clock_of(lead_id, bulk), by=bulk.by, action=bulk.action)


def _undo(bulk: BulkAction, lead_id: int) -> None:
    assert bulk.undoes is not None
    undo_on(lead_id, bulk.undoes.action, by=bulk.by)


def _on_clock_of(lead_id: int, bulk: BulkAction) -> datetime:
    """The moment of the terms on this client's clock."""
    zone = Lead.objects.visible_to(bulk.by).select_related("contact").get(pk=lead_id).zone
    return datetime.fromisoformat(bulk.terms["at"]).replace(tzinfo=zone)


_DO: dict[str, Callable[[BulkAction, int], None]] = {
    Kind.ASSIGN: _assign,
    Kind.SHARE: _share,
    Kind.STATUS: _status,
    Kind.TASK: _task,
    Kind.UNDO: _undo,
}
