"""Pages of deals: the list and the board, a card, and what is changed on it. Rules and locks are the verbs'."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from crm.errors import Forbidden, Invalid, Refused
from crm.errors_web import explain
from crm.text import MAX_INTEGER
from deals.actions import assign_deal, edit_deal, move_stage
from deals.board import board, with_tasks
from deals.forms import DealFilters, DealForm, HandOverForm, deal_workers
from deals.models import Deal, Stage
from deals.timeline import deal_timeline
from tasks.models import Task
from team.pages import needs
from team.roles import Right, may

PER_PAGE = 50
SalesHistory = Callable[[Deal], Sequence[Any]]


@require_GET
@needs(Right.WORK_DEALS)
def deal_list(request: HttpRequest) -> HttpResponse:
    """`?view=board` is the board, everything else the list; all filters are in the address."""
    form = DealFilters(request.GET, user=request.user)
    status = 200 if form.is_valid() else 400
    visible = Deal.objects.visible_to(request.user)
    deals = form.narrow(visible)
    shown = {"form": form, "wrong": form.errors}
    if form.cleaned_data.get("view") == "board":
        columns = board(deals, form.stages)
        return render(
            request, "deals/board.html", {**shown, "columns": columns, "total": _total(columns)}, status=status
        )
    page = Paginator(with_tasks(deals), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "deals/list.html", {**shown, "page": page}, status=status)


def _total(columns: list[Any]) -> dict[str, int]:
    return {
        "open": sum(column.count for column in columns if not column.stage.final),
        "final": sum(column.count for column in columns if column.stage.final),
    }


def _deal(request: HttpRequest, pk: int) -> Deal:
    """The deal with all that its card shows; 404 unless it is theirs to see. One query."""
    deals = Deal.objects.visible_to(request.user).with_card().select_related("lead__responsible")
    return get_object_or_404(deals, pk=pk)


@require_GET
@login_required
def card(request: HttpRequest, pk: int, sales_history: SalesHistory | None = None) -> HttpResponse:
    """One deal. `?history=lead` shows what was said and promised during sales, which `sales_history` tells."""
    deal = _deal(request, pk)
    sales = request.GET.get("history") == "lead" and sales_history is not None
    entries = sales_history(deal) if sales and sales_history else deal_timeline(deal)
    return _card(request, deal, entries, sales=sales)


def _card(
    request: HttpRequest,
    deal: Deal,
    entries: Sequence[Any],
    *,
    sales: bool = False,
    refused: str = "",
    status: int = 200,
) -> HttpResponse:
    stages = list(Stage.objects.all())
    shown = {
        "deal": deal,
        "steps": _steps(deal, stages),
        "position": 1 + sum(stage.active and _before(stage, deal.stage) for stage in stages),
        "tasks": Task.objects.filter(deal_id=deal.pk, state=Task.State.OPEN).order_by("due_at", "pk"),
        "entries": entries,
        "sales": sales,
        "refused": refused,
        "may_hand_over": may(request.user, Right.ASSIGN),
    }
    return render(request, "deals/card.html", shown, status=status)


def _before(stage: Stage, present: Stage) -> bool:
    return (stage.position, stage.pk) < (present.position, present.pk)


def _steps(deal: Deal, stages: list[Stage]) -> list[dict[str, str]]:
    """The stages as steps: the active ones, and the deal's own even when it has been switched off."""
    states = {True: "past", False: ""}
    return [
        {
            "code": stage.code,
            "label": str(stage),
            "state": "cur" if stage.pk == deal.stage_id else states[_before(stage, deal.stage)],
        }
        for stage in stages
        if stage.active or stage.pk == deal.stage_id
    ]


def _version(request: HttpRequest) -> int | None:
    """The version that the form was drawn from; one that cannot be is none of this deal's and so is stale."""
    given = request.POST.get("version", "")
    if not given:
        return None
    return int(given) if given.isascii() and given.isdecimal() and int(given[:19]) <= MAX_INTEGER else 0


def _require_work(request: HttpRequest) -> None:
    if not may(request.user, Right.WORK_DEALS):
        raise Forbidden(_("Deals are worked by lawyers and the head of the call centre."))


@require_http_methods(["GET", "POST"])
@login_required
def stage(request: HttpRequest, pk: int) -> HttpResponse:
    """All stages to choose from; a POST moves the deal. Too late is 409 with the card as it is now."""
    deal = _deal(request, pk)
    if request.method == "GET":
        stages = _steps(deal, list(Stage.objects.all()))
        return _piece(request, "deals/stage.html", {"deal": deal, "steps": stages, "version": deal.version})
    try:
        moved = move_stage(pk, request.POST.get("stage", ""), by=request.user, version=_version(request))
    except Refused as refusal:
        deal = _deal(request, pk)
        return _card(request, deal, deal_timeline(deal), refused=refusal.detail, status=409)
    except Invalid as refusal:
        return _card(request, deal, deal_timeline(deal), refused=str(refusal.fields["stage"][0]), status=422)
    messages.success(request, _("Deal %(deal)s: %(stage)s") % {"deal": moved.number, "stage": moved.stage})
    return redirect("deal-detail", pk)


@require_http_methods(["GET", "POST"])
@login_required
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The contract block. A conflict is 409: what was typed stays, what is stored now is said beside it."""
    deal = _deal(request, pk)
    _require_work(request)
    if request.method == "GET":
        return _edit_page(request, deal, DealForm.of(deal))
    form, refused, status = DealForm.of(deal, request.POST), "", 422
    if form.is_valid():
        try:
            edit_deal(pk, form.cleaned_data, by=request.user, version=_version(request))
        except Invalid as refusal:
            explain(form, refusal)
        except Refused as refusal:
            deal, refused, status = _deal(request, pk), refusal.detail, 409
        else:
            messages.success(request, _("Saved"))
            return redirect("deal-detail", pk)
    return _edit_page(request, deal, form, refused=refused, status=status)


def _edit_page(
    request: HttpRequest, deal: Deal, form: DealForm, *, refused: str = "", status: int = 200
) -> HttpResponse:
    shown = {"deal": deal, "form": form, "refused": refused, "version": deal.version}
    return _piece(request, "deals/edit.html", shown, status=status)


@require_http_methods(["GET", "POST"])
@login_required
def hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """To another lawyer, with the open tasks; for who hands over."""
    deal = _deal(request, pk)
    if not may(request.user, Right.ASSIGN):
        raise Forbidden(_("Deals are handed over by the head of the call centre."))
    people = deal_workers()
    form = HandOverForm(
        request.POST if request.method == "POST" else None, people=people, initial={"responsible": deal.responsible_id}
    )
    if form.is_valid():
        try:
            given = assign_deal(pk, int(form.cleaned_data["responsible"]), by=request.user)
        except Invalid as refusal:
            explain(form, refusal)
        else:
            said = _("Deal %(deal)s is handed over: %(name)s")
            messages.success(request, said % {"deal": given.number, "name": given.responsible})
            return redirect("deal-detail", pk)
    status = 422 if form.errors else 200
    return _piece(request, "deals/hand_over.html", {"deal": deal, "form": form}, status=status)


def _piece(request: HttpRequest, template: str, shown: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """A form as a page, or as a dialog when htmx asks."""
    deal: Deal = shown["deal"]
    shown.setdefault("version", None)
    response = render(request, template, {**shown, "cancel_url": reverse("deal-detail", args=[deal.pk])}, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response
