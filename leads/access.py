"""The one way to a lead that is to be changed: seen by that person, locked, and still as they saw it."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from crm.errors import Forbidden, Refused
from crm.transactions import require_transaction
from history.models import Event
from leads.models import Lead
from leads.pipeline import Status, open_moves
from team.models import User
from team.roles import Right, may


def lock_lead(lead_id: int, *, by: User | None, version: int | None = None, moving: bool = False) -> Lead:
    """The lead as it stands, locked until the transaction ends. `by` None sees every lead.

    `moving` says what they wanted, for the words of the refusal: a move, else a change of fields.
    Raises Lead.DoesNotExist if it is not theirs to see, Refused `stale` if it no longer has the `version` they saw.
    """
    require_transaction()
    lead = Lead.objects.visible_to(by).select_for_update(of=("self",), no_key=True).get(pk=lead_id)
    if version is not None and version != lead.version:
        allowed = open_moves(lead, may_work=may(by, Right.WORK_LEADS), may_reopen=may(by, Right.REOPEN))
        raise Refused("stale", _who_was_faster(lead, moving=moving), allowed=allowed)
    return lead


def lock_workable(lead_id: int, *, by: User | None) -> Lead:
    """The lead, locked, to be called, written about or given a task: by the call centre, and no duplicate.

    Raises Lead.DoesNotExist, Forbidden, Refused `duplicate_is_frozen`.
    """
    lead = lock_lead(lead_id, by=by)
    require_call_centre(by)
    refuse_duplicate(lead)
    return lead


def require_call_centre(by: User | None) -> None:
    """Raise Forbidden unless `by` works leads; a lawyer only reads those of their deals."""
    if not may(by, Right.WORK_LEADS):
        raise Forbidden(_("Leads are worked by operators and the head of the call centre."))


def refuse_duplicate(lead: Lead) -> None:
    """Raise Refused `duplicate_is_frozen` for a duplicate, naming the lead that is worked instead."""
    if lead.is_duplicate:
        raise Refused(
            "duplicate_is_frozen",
            _("This is a duplicate. Call from the original lead № %(original)s.") % {"original": lead.duplicate_of_id},
            allowed=[],
        )


def _who_was_faster(lead: Lead, *, moving: bool) -> str:
    """«Статус не изменён. Орлов перевёл лид в „Встреча назначена“ в 12:41», from the last line of history."""
    # A deal opens with the move to «Договор»; the move is what is told.
    events = Event.objects.filter(lead_id=lead.pk).exclude(kind=Event.Kind.DEAL_OPENED).select_related("by")
    event = events.order_by("-pk").first()
    if event is None:
        return _("Not saved: the lead has been changed meanwhile.")
    told = {
        "who": str(event.by) if event.by else _("the system"),
        "time": timezone.localtime(event.at).strftime("%H:%M"),
    }
    if event.kind != Event.Kind.STATUS:
        said = (
            _("Status not changed. %(who)s changed the lead at %(time)s")
            if moving
            else _("Not saved. %(who)s changed the lead at %(time)s")
        )
        return said % told
    said = (
        _("Status not changed. %(who)s moved the lead to “%(status)s” at %(time)s")
        if moving
        else _("Not saved. %(who)s moved the lead to “%(status)s” at %(time)s")
    )
    return said % {**told, "status": Status(event.new).label}
