"""Leads as a list and as a board."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm.templatetags.crm_format import number
from history import journal
from leads.filter_words import choices_of_filters
from leads.kanban import read_board, read_column
from leads.listing import DEFAULT_SORT, EXACT, Leads
from leads.looks import COLUMNS, columns_of, first_view, may_change, read_looks
from leads.models import ListLook, SavedView
from leads.pipeline import Status
from leads.tabs import tabs
from leads.views.answers import viewer
from sources.lookup import read_once
from team.roles import Right, may

PAGE, ALL = "page", "all"  # what is selected
BOARD, CARDS = "board", "cards"


@login_required
@require_safe
def lead_list(request: HttpRequest) -> HttpResponse:
    """Leads as a list, or by status with `view=board` (`view=cards` is a portion of a column). Every filter is in the
    address; without any, the list opens with the view that the person has chosen for it.
    """
    look, saved = read_looks(viewer(request))
    first = first_view(look, saved)
    if not request.GET and first is not None:
        return redirect(f"{request.path}?view=list&{first.query}")
    with read_once():
        return _shown(request, look, saved)


def _shown(request: HttpRequest, look: ListLook, saved: list[SavedView]) -> HttpResponse:
    leads = Leads(request)
    view = request.GET.get("view", "")
    if view == BOARD:
        board = read_board(leads)
        journal.shown("lead", (row.lead.pk for column in board.columns for row in column.rows))
        return render(request, "leads/board.html", {"board": board, **_around(request, leads, look, saved)})
    if view == CARDS:
        return _cards(request, leads)
    page = leads.page()
    journal.shown("lead", (lead.pk for lead in page.object_list))
    count = page.paginator.count
    context = {
        "page": page,
        "rows": leads.shown(page.object_list),
        "total": _("more than %(count)s") % {"count": number(EXACT)} if count > EXACT else "",
        "count": count,
        "default_sort": DEFAULT_SORT,
        "clear_url": "?show=all" if leads.query.get("show") == "all" else "?view=list",
        "columns": columns_of(look),
        "shown": dict.fromkeys(columns_of(look), True),
        "all_columns": COLUMNS,
        "selected": request.GET.get("select") if request.GET.get("select") in (PAGE, ALL) else "",
        **_around(request, leads, look, saved),
    }
    return render(request, "leads/list.html", context)


def _cards(request: HttpRequest, leads: Leads) -> HttpResponse:
    """Further cards of the column `column`, after the first `start` ones."""
    status, start = request.GET.get("column", ""), request.GET.get("start", "")
    if status not in Status.values or not (start.isascii() and start.isdecimal() and len(start) < 7):
        raise Http404
    board = read_column(leads, Status(status), int(start))
    journal.shown("lead", (row.lead.pk for row in board.columns[0].rows))
    shown = {"leads": leads, "column": board.columns[0], "touches_asked": board.touches_asked}
    return render(request, "leads/_cards.html", shown)


def _around(request: HttpRequest, leads: Leads, look: ListLook, saved: list[SavedView]) -> dict[str, Any]:
    """What stands above the leads in every look: filters, ready and saved views, and who may do what."""
    by = viewer(request)
    shown = tabs(by, leads, saved)
    present = next((tab["saved"] for tab in shown if tab.get("saved") and tab["current"]), None)
    choices = choices_of_filters(by)
    return {
        "leads": leads,
        "chips": leads.chips({name: dict(pairs) for name, pairs in choices.items()}),
        "choices": choices,
        "tabs": shown,
        "present": present,
        "is_first": present is not None and present.pk == look.default_view_id,
        "may_change_view": present is not None and may_change(present, by),
        "may_create": may(by, Right.WORK_LEADS),
        "may_assign": may(by, Right.ASSIGN),
        "save_query": urlencode({"query": leads.filters}),
    }
