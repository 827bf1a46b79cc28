"""Moving a lead: the page with all statuses, and the forms of those that ask for something."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from crm.errors import Refused
from deals.models import Deal
from leads.actions import change_status
from leads.board import Card, closed_reasons, lawyers_by_load, offices, read_card
from leads.forms import ContractForm, JunkForm, MoveForm
from leads.models import Lead
from leads.pipeline import SIGNED, Move, Status, check_route
from leads.views.answers import FIRST, Again, attempt, read_version, show_form, viewer, way_on
from leads.views.undo import say_done
from team.pages import needs
from team.roles import Right


@needs(Right.WORK_LEADS)
@require_http_methods(["GET", "HEAD", "POST"])
def lead_status(request: HttpRequest, pk: int) -> HttpResponse:
    """All statuses with what each asks for; `?to=` shows the form of one, POST `to` moves there."""
    card = read_card(pk, viewer(request))
    wanted = (request.POST if request.method == "POST" else request.GET).get("to", "")
    if wanted not in Status.values:
        again = Again(422) if request.method == "POST" else FIRST
        return show_form(request, "leads/statuses.html", card.lead, JunkForm(), again, card=card)
    to = Status(wanted)
    if not _is_stale(request, card):  # else the verb says who was faster
        check_route(card.lead, to, card.allowed)  # before the form: nobody fills in what cannot be
    if to in SIGNED or (to == Status.JUNK and "junk_reason" not in request.POST):
        return HttpResponseRedirect(card.way_to(to))
    form = MoveForm(request.POST if request.method == "POST" else None, lead=card.lead, to=to, offices=offices())
    again = FIRST
    if request.method == "POST":
        answer = attempt(request, form, lambda: _moved(request, pk, form.move()))
        if isinstance(answer, HttpResponse):
            return _told(request, pk, answer)
        again, card = answer, read_card(pk, viewer(request))
    return show_form(request, "leads/move.html", card.lead, form, again, card=card, to=to)


@needs(Right.WORK_LEADS)
@require_http_methods(["GET", "HEAD", "POST"])
def lead_junk(request: HttpRequest, pk: int) -> HttpResponse:
    """Why it is junk, `?reason=` chooses one; «Недозвон» is closed, with what is missing, until it is earned."""
    card = read_card(pk, viewer(request))
    bound = request.POST if request.method == "POST" else None
    form = JunkForm(bound, closed=closed_reasons(card), reason=request.GET.get("reason", ""))
    again = FIRST
    if request.method == "POST":
        answer = attempt(request, form, lambda: _moved(request, pk, form.move()))
        if isinstance(answer, HttpResponse):
            return _told(request, pk, answer)
        again, card = answer, read_card(pk, viewer(request))
    return show_form(request, "leads/junk.html", card.lead, form, again, card=card)


@needs(Right.WORK_LEADS)
@require_http_methods(["GET", "HEAD", "POST"])
def lead_contract(request: HttpRequest, pk: int) -> HttpResponse:
    """The contract of either kind: opens the deal, or makes the contract that is there prepaid."""
    card = read_card(pk, viewer(request))
    to = request.GET.get("to", "")
    if not any(status in card.allowed for status in SIGNED) and not _is_stale(request, card):
        raise Refused("transition_not_allowed", card.closed_because, allowed=card.allowed)
    bound = request.POST if request.method == "POST" else None
    form = ContractForm(bound, lead=card.lead, allowed=card.allowed, lawyers=lawyers_by_load(), to=to)
    again = FIRST
    if request.method == "POST":
        answer = attempt(request, form, lambda: _moved(request, pk, form.move()))
        if isinstance(answer, HttpResponse):
            _tell_deal(request, pk)
            return answer
        again, card = answer, read_card(pk, viewer(request))
    return show_form(request, "leads/contract.html", card.lead, form, again, card=card)


def _is_stale(request: HttpRequest, card: Card) -> bool:
    """Has somebody changed the lead since this form of it was shown?"""
    return request.method == "POST" and read_version(request) not in (None, card.lead.version)


def _moved(request: HttpRequest, pk: int, move: Move) -> str:
    change_status(pk, move, by=viewer(request), version=read_version(request))
    return way_on(request, pk)


def _told(request: HttpRequest, pk: int, answer: HttpResponse) -> HttpResponse:
    """Say where the lead went, and go on."""
    lead = Lead.objects.get(pk=pk)
    where = lead.get_junk_reason_display() if lead.junk_reason else ""
    status = f"{lead.get_status_display()}: {where}" if where else lead.get_status_display()
    say_done(request, _("Lead № %(id)s: %(status)s") % {"id": pk, "status": status}, pk)
    return answer


def _tell_deal(request: HttpRequest, pk: int) -> None:
    """«Сделка Д-0322 создана»; a link for who may open it."""
    deal = Deal.objects.get(lead_id=pk)
    said = _("Deal %(deal)s created") if deal.version == 1 else _("Deal %(deal)s: prepayment recorded")
    text = said % {"deal": deal.number}
    if Deal.objects.visible_to(viewer(request)).filter(pk=deal.pk).exists():
        messages.success(request, format_html('<a href="{}">{}</a>', reverse("deal-detail", args=[deal.pk]), text))
    else:
        messages.success(request, text)
