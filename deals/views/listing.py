"""The list and the board of deals."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from crm import clock
from crm.text import MAX_INTEGER
from deals.board import Column, board, column_of, with_tasks
from deals.filters import DealFilters, tabs
from deals.models import Deal
from history import journal
from team.attempts import viewer
from team.pages import needs
from team.roles import Right

PER_PAGE = 50


@require_GET
@needs(Right.WORK_DEALS)
def deal_list(request: HttpRequest) -> HttpResponse:
    """`?view=board` is the board, `?view=cards` a further portion of one of its columns, everything else the list; all
    filters are in the address.
    """
    by = viewer(request)
    form = DealFilters(request.GET, user=by)
    status = 200 if form.is_valid() else 400
    deals = form.narrow(Deal.objects.visible_to(by))
    view = form.cleaned_data.get("view") or "list"
    if view == "cards":
        stage = next((stage for stage in form.stages if stage.code == request.GET.get("column")), None)
        if stage is None:
            raise Http404
        column = column_of(deals, stage, _start(request), clock.now())
        journal.shown("deal", (card.deal.pk for card in column.cards))
        return render(request, "deals/_cards.html", {"column": column}, status=status)
    shown = {"form": form, "wrong": form.errors, "view": view, "tabs": tabs(form, view)}
    if view == "board":
        columns = board(deals, form.stages, clock.now())
        journal.shown("deal", (card.deal.pk for column in columns for card in column.cards))
        return render(
            request, "deals/board.html", {**shown, "columns": columns, "total": _total(columns)}, status=status
        )
    page = Paginator(with_tasks(deals), PER_PAGE).get_page(request.GET.get("page"))
    journal.shown("deal", (deal.pk for deal in page.object_list))
    return render(request, "deals/list.html", {**shown, "page": page}, status=status)


def _start(request: HttpRequest) -> int:
    given = request.GET.get("start", "")
    return min(int(given[:19]), MAX_INTEGER) if given.isascii() and given.isdecimal() else 0


def _total(columns: list[Column]) -> dict[str, int]:
    return {
        "open": sum(column.count for column in columns if not column.stage.final),
        "final": sum(column.count for column in columns if column.stage.final),
    }
