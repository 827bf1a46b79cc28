"""The one way to a deal that is to be changed: seen by that person, locked, and still as they saw it."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from crm.errors import Forbidden, Refused
from crm.transactions import require_transaction
from deals.models import Deal, Stage
from history.models import Event
from team.models import User
from team.roles import Right, may

VERSIONED = (Event.Kind.DEAL_OPENED, Event.Kind.STAGE, Event.Kind.EDITED, Event.Kind.RESPONSIBLE)
"""What makes a new version of a deal; documents only add to it."""


def lock_deal(deal_id: int, *, by: User | None, version: int | None = None) -> Deal:
    """The deal as it stands, locked until the transaction ends. Raises Deal.DoesNotExist, Refused `stale`."""
    require_transaction()
    deal = Deal.objects.visible_to(by).select_for_update(of=("self",)).get(pk=deal_id)
    if version is not None and version != deal.version:
        raise Refused("stale", _who_was_faster(deal))
    return deal


def require_deal_work(by: User | None) -> None:
    """Raise Forbidden unless `by` works deals."""
    if not may(by, Right.WORK_DEALS):
        raise Forbidden(_("Deals are worked by lawyers and the head of the call centre."))


def _who_was_faster(deal: Deal) -> str:
    """«Не сохранено. Орлов перевёл сделку в „Отправлен в суд“ в 12:41», from the last line of history."""
    events = Event.objects.filter(deal_id=deal.pk, kind__in=VERSIONED).select_related("by")
    event = events.order_by("-pk").first()
    if event is None:
        return _("The deal has been changed meanwhile. Look at it as it is now and decide again.")
    told = {
        "who": str(event.by) if event.by else _("the system"),
        "time": timezone.localtime(event.at).strftime("%H:%M"),
    }
    if event.kind != Event.Kind.STAGE:
        return _("Not saved. %(who)s changed the deal at %(time)s") % told
    stage = Stage.objects.filter(code=event.new).first()
    return _("Not saved. %(who)s moved the deal to “%(stage)s” at %(time)s") % {**told, "stage": stage or event.new}
