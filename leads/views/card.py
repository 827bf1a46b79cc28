"""The card of a lead, and the page where its fields are changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from crm.form_fields import moment_in_address
from leads.banners import banners
from leads.board import Card, closed_reasons, offices, read_card
from leads.call_form import CallForm
from leads.editing import edit_lead
from leads.forms import CommentForm, EditLeadForm, MoveForm, TaskForm, TouchForm
from leads.lines import lines
from leads.messages import messengers_in_use
from leads.models import Lead
from leads.neighbours import neighbours
from leads.pipeline import Status
from leads.timeline import Entry, timeline
from leads.views.answers import FIRST, attempt, read_version, show_form, viewer, way_on
from leads.views.in_place import edit_in_place
from leads.views.undo import undo_url
from team.once import new_token
from team.pages import needs
from team.presence import let_in, others
from team.roles import Right, may

LINES = 30
FILTERS = ("touch", "comment", "change")  # of the history
PANES = ("call", "comment", "task", "meeting", "message")


@login_required
@require_safe
def lead_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything about a lead. `?before=` continues the history, `?history=` is one of FILTERS."""
    return show_card(request, read_card(pk, viewer(request)))


def show_card(request: HttpRequest, card: Card, *, status: int = 200, **bound: Any) -> HttpResponse:
    """The card; `bound` holds a form of the composer that was refused, to be shown with what was typed."""
    lead = card.lead
    only = request.GET.get("history", "")
    only = only if only in FILTERS else ""
    before = moment_in_address(request.GET.get("before", ""))
    entries = timeline(lead, limit=LINES, before=before, only=only)
    deal_url = reverse("deal-detail", args=[card.deal.pk]) if card.deal and card.may_open_deal else ""
    hold = getattr(lead, "hold", None)
    visits = let_in(lead.pk, card.viewer, at=card.at)
    visitors = others(visits, hold if hold and hold.expires_at > card.at else None, card.viewer)
    context = {
        "card": card,
        "lead": lead,
        "visitors": visitors,
        "may_download": may(card.viewer, Right.SEE_ALL),
        "banners": banners(card, others_here=bool(visitors)),
        "lines": lines(entries, lead, deal_url=deal_url, undo=_undoable(card, entries)),
        "before": before,
        "only": only,
        "older_url": _older(only, entries[-1].at) if len(entries) >= LINES else "",
        "deal_url": deal_url,
        "contact_url": reverse("contact-detail", args=[lead.contact_id]) if lead.contact_id else "",
        "version": lead.version,
        "token": new_token(request),
        "beside": neighbours(request, lead.pk),
        "title": lead.name or (lead.phone_raw if not lead.phone_valid else ""),
        **(_composer(card, request.GET.get("pane", "")) if card.may_work else {}),
        **bound,
    }
    return render(request, "leads/card.html", context, status=status)


def _undoable(card: Card, entries: Sequence[Entry]) -> tuple[Entry, str] | None:
    """The entry that this person can take back still, and the address for it."""
    entry = card.recent.entry(entries, card.viewer) if card.recent else None
    return (entry, undo_url(card.recent.action)) if card.recent and entry else None


def _composer(card: Card, pane: str) -> dict[str, Any]:
    """The empty forms of the composer."""
    places, messengers = offices(), messengers_in_use()
    meeting = MoveForm(lead=card.lead, to=Status.MEETING, offices=places)
    meeting.auto_id = "meeting_%s"
    return {
        "call_form": CallForm(
            lead=card.lead, allowed=card.allowed, offices=places, closed_reasons=closed_reasons(card)
        ),
        "meeting_form": meeting,
        "message_form": TouchForm(
            lead=card.lead, allowed=card.allowed, offices=places, pane="message", messengers=messengers
        ),
        "messengers": messengers,
        "comment_form": CommentForm(),
        "task_form": TaskForm(zone=card.lead.zone),
        "pane": pane if pane in PANES else PANES[0],
    }


def _older(only: str, before: datetime) -> str:
    query = f"?history={only}&" if only else "?"
    return f"{query}before={before.isoformat().replace('+', '%2B')}#history"


@needs(Right.WORK_LEADS)
@require_http_methods(["GET", "HEAD", "POST"])
def lead_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the fields, with script one `field` in its place on the card.

    A colleague's change meanwhile is answered with who it was, and what was typed stays.
    """
    by = viewer(request)
    lead = Lead.objects.visible_to(by).with_card().get(pk=pk)
    name = request.GET.get("field", "")
    if name in EditLeadForm.IN_PLACE and request.htmx:  # type: ignore[attr-defined]
        return edit_in_place(request, lead, name)
    form = EditLeadForm(request.POST if request.method == "POST" else None, lead=lead)
    again = FIRST
    if request.method == "POST":

        def do() -> str:
            edit_lead(pk, form.changes(), by=by, version=read_version(request))
            return way_on(request, pk)

        answer = attempt(request, form, do)
        if isinstance(answer, HttpResponse):
            messages.success(request, _("Saved"))
            return answer
        again, lead = answer, Lead.objects.visible_to(by).with_card().get(pk=pk)
    return show_form(request, "leads/edit.html", lead, form, again)
