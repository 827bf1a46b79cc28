"""The card of a deal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from crm import clock
from crm.form_fields import moment_in_address
from deals.actions import BLOCKS
from deals.awaited import nearest_term
from deals.documents import checklist
from deals.models import Deal, Stage
from deals.reminder import ways_of
from deals.stages import position, steps
from deals.timeline import LINES, Entry, deal_timeline
from deals.views.answers import deal_to_see
from tasks.models import Task
from team.attempts import viewer
from team.once import new_token
from team.roles import Right, may

SalesHistory = Callable[[Deal], Sequence[Any]]
DOCUMENTS, SALE = "documents", "lead"
"""What `?history=` asks for; anything else is everything of the deal."""


@require_GET
@login_required
def card(request: HttpRequest, pk: int, sales_history: SalesHistory | None = None) -> HttpResponse:
    """One deal. `?history=lead` shows what was said and promised during sales, which `sales_history` tells; `before=`
    leads to earlier lines.
    """
    deal = deal_to_see(request, pk)
    only, before = request.GET.get("history", ""), moment_in_address(request.GET.get("before", ""))
    if only == SALE and sales_history is not None:
        entries, older = sales_history(deal), ""
    else:
        only = DOCUMENTS if only == DOCUMENTS else ""
        told = deal_timeline(deal, only_documents=only == DOCUMENTS, before=before)
        entries, older = told, _older(only, told)
    stages = list(Stage.objects.all())
    documents = checklist(deal)
    shown = {
        "deal": deal,
        "steps": steps(deal, stages),
        "position": position(deal, stages),
        "term": nearest_term(deal, documents, clock.now()),
        "documents": documents,
        "tasks": Task.objects.filter(deal_id=deal.pk, state=Task.State.OPEN).order_by("due_at", "pk"),
        "entries": entries,
        "only": only,
        "looks": [("", _("Everything")), (DOCUMENTS, _("Documents")), (SALE, _("Lead"))],
        "blocks": BLOCKS,
        "before": before,
        "older_url": older,
        "may_hand_over": may(viewer(request), Right.ASSIGN),
        "version": deal.version,
        "token": new_token(request),
        "way": next(iter(ways_of(deal)), None),
    }
    return render(request, "deals/card.html", shown)


def _older(only: str, told: Sequence[Entry]) -> str:
    """Where the lines before those shown are; empty if these are all."""
    if len(told) < LINES:
        return ""
    history = {"history": only} if only else {}
    return f"?{urlencode(history | {'before': told[-1]['at'].isoformat()})}#history"
