"""Leads as a list and as a board."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm.templatetags.crm_format import number
from leads.attention import Attention
from leads.board import people_of_call_centre
from leads.kanban import read_board, read_column
from leads.listing import DEFAULT_SORT, DUPLICATES, EXACT, TASKS, Leads, tabs
from leads.pipeline import JunkReason, Status
from leads.views.answers import viewer
from sources.models import Source
from team.roles import Right, may

NOBODY, ME = "none", "me"
BOARD, CARDS = "board", "cards"


@login_required
@require_safe
def lead_list(request: HttpRequest) -> HttpResponse:
    """Leads as a list, or by status with `view=board` (`view=cards` is a portion of a column). Every filter is in the
    address.
    """
    leads = Leads(request)
    view = request.GET.get("view", "")
    if view == BOARD:
        return render(request, "leads/board.html", {"board": read_board(leads), **_around(request, leads)})
    if view == CARDS:
        return _cards(request, leads)
    page = leads.page()
    count = page.paginator.count
    context = {
        "page": page,
        "rows": leads.shown(page.object_list),
        "total": _("more than %(count)s") % {"count": number(EXACT)} if count > EXACT else "",
        "count": count,
        "default_sort": DEFAULT_SORT,
        "clear_url": "?show=all" if leads.query.get("show") == "all" else "?",
        **_around(request, leads),
    }
    return render(request, "leads/list.html", context)


def _cards(request: HttpRequest, leads: Leads) -> HttpResponse:
    """Further cards of the column `column`, after the first `start` ones."""
    status, start = request.GET.get("column", ""), request.GET.get("start", "")
    if status not in Status.values or not (start.isascii() and start.isdecimal() and len(start) < 7):
        raise Http404
    board = read_column(leads, Status(status), int(start))
    shown = {"leads": leads, "column": board.columns[0], "touches_asked": board.touches_asked}
    return render(request, "leads/_cards.html", shown)


def _around(request: HttpRequest, leads: Leads) -> dict[str, Any]:
    """What stands above the leads in every look: filters, ready views, and who may add a lead."""
    by = viewer(request)
    people = [(str(person.pk), str(person)) for person in people_of_call_centre()] if may(by, Right.SEE_ALL) else []
    choices = {
        "status": [(status.value, str(status.label)) for status in Status],
        "junk_reason": [(reason.value, str(reason.label)) for reason in JunkReason],
        "source": [(source.code, source.name) for source in Source.objects.all()],
        "responsible": [(ME, _("Me")), (NOBODY, _("Nobody")), *people],
        "task": [(code, str(label)) for code, label in TASKS.items()],
        "attention": [(what.value, str(what.label)) for what in Attention],
        "meeting": [("week", _("This week"))],
        "duplicates": [(code, str(label)) for code, label in DUPLICATES.items()],
    }
    return {
        "leads": leads,
        "chips": leads.chips({name: dict(pairs) for name, pairs in choices.items()}),
        "choices": choices,
        "tabs": tabs(by, leads),
        "may_create": may(by, Right.WORK_LEADS),
    }
