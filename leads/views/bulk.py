"""One thing for many leads, as pages: asking for it, how far it is, what it did and which leads refused."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import resolve, reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from crm.errands import Errand
from crm.errors import Invalid
from crm.templatetags.crm_format import number
from leads import bulk_words
from leads.board import offices, people_of_call_centre
from leads.bulk import AT_ONCE, begin, carry_on, may_undo
from leads.bulk_forms import BulkAssignForm, BulkStatusForm, BulkTaskForm, NoForm, Selection
from leads.distribution import operators_on_line
from leads.filter_words import filters_in_words
from leads.listing import EXACT
from leads.models import BulkAction, Lead
from leads.views.answers import FIRST, Again, attempt, viewer
from leads.views.undo import say_undoable, undo_url
from team.once import new_token, sent_before
from team.pages import needs, way_back
from team.roles import Right, may

PER_PAGE = 50
Kind = BulkAction.Kind
OFFERED = (Kind.ASSIGN, Kind.STATUS, Kind.TASK, Kind.SHARE)


@needs(Right.WORK_LEADS)
@require_http_methods(["GET", "HEAD", "POST"])
def lead_bulk(request: HttpRequest) -> HttpResponse:
    """Do `do` with the leads named by `lead`, or with all that the filter `query` finds (`select=all`).

    GET asks for what that needs; without `do` it lists what this person has done so.
    """
    by, given = viewer(request), request.POST if request.method == "POST" else request.GET
    kind = given.get("do", "")
    if kind not in OFFERED:
        if request.method == "POST":
            raise Invalid({"do": _("Choose what is to be done with the leads.")})
        mine = BulkAction.objects.filter(by=by)
        return render(request, "leads/bulk_list.html", {"page": _page(request, mine, PER_PAGE)})
    selection = Selection.read(given)
    form = _form(kind, request.POST if request.method == "POST" else None)
    again = FIRST
    if request.method == "POST":

        def do() -> str:
            terms = form.terms()  # type: ignore[attr-defined]
            asked = begin(kind, terms, selection.leads(by), by=by, query=selection.query)
            return reverse("lead-bulk-detail", args=[asked.pk])

        repeated = sent_before(request)
        answer = attempt(request, form, do)
        if isinstance(answer, HttpResponse):
            return answer if repeated else _done(request, resolve(answer["Location"]).kwargs["pk"])
        again = answer
    return _ask(request, Kind(kind), selection, form, again)


def _form(kind: str, typed: Any) -> Form:
    if kind == Kind.ASSIGN:
        return BulkAssignForm(typed, people=people_of_call_centre())
    if kind == Kind.STATUS:
        return BulkStatusForm(typed, offices=offices())
    return BulkTaskForm(typed) if kind == Kind.TASK else NoForm(typed)


def _ask(request: HttpRequest, kind: BulkAction.Kind, selection: Selection, form: Form, again: Again) -> HttpResponse:
    """The form of an action, with the leads it is for."""
    count = selection.count(viewer(request))
    if not count and request.method != "POST":
        raise Invalid({"lead": _("Select at least one lead.")})
    shown = {
        "kind": kind,
        "form": form,
        "selection": selection,
        "count": count,
        "many": _("more than %(count)s") % {"count": number(EXACT)} if count > EXACT else "",
        "filters": filters_in_words(selection.query, by=viewer(request)) if selection.everything else [],
        "at_once": AT_ONCE,
        "on_line": operators_on_line() if kind == Kind.SHARE else [],
        "next": request.POST.get("next") or request.GET.get("next", ""),
        "action": reverse("lead-bulk"),
        "cancel_url": _list_url(selection.query),
        "token": new_token(request),
    }
    response = render(request, "leads/bulk.html", shown, status=again.status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _done(request: HttpRequest, pk: int) -> HttpResponse:
    """Do a short one now. Back to the list with what was done, or to the page of what is left or was refused."""
    done = carry_on(pk)
    if done.state != Errand.State.DONE or done.refused:
        return redirect("lead-bulk-detail", pk)
    wanted = request.POST.get("next")
    back = way_back(request, "") if wanted else _list_url(done.query)
    back = back or _list_url(done.query)
    say_undoable(request, bulk_words.result(done), done.action, back=back)
    return HttpResponseRedirect(back)


@needs(Right.WORK_LEADS)
@require_safe
def lead_bulk_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """How far an action of this person's is, what it did, and which leads refused it, each with the sentence why."""
    by = viewer(request)
    done = get_object_or_404(BulkAction.objects.select_related("undoes"), pk=pk, by=by)
    refusals = _page(request, done.leads.exclude(refusal="").select_related("lead__contact"), PER_PAGE)
    ids = [row.lead_id for row in refusals]
    visible = set(Lead.objects.visible_to(by).filter(pk__in=ids).values_list("pk", flat=True))
    shown = {
        "bulk": done,
        "result": bulk_words.result(done),
        "refused": bulk_words.refused(done),
        "page": refusals,
        "rows": [(row, row.lead_id in visible) for row in refusals],
        "unnamed": 0 if done.is_open else done.refused - refusals.paginator.count,
        "undo_url": undo_url(done.action) if may_undo(done) else "",
        "back": _list_url(done.query) if may(by, Right.WORK_LEADS) else "",
    }
    return render(request, "leads/bulk_detail.html", shown)


def _page(request: HttpRequest, rows: Any, size: int) -> Any:
    return Paginator(rows, size).get_page(request.GET.get("page"))


def _list_url(query: str) -> str:
    return f"{reverse('lead-list')}?view=list{'&' if query else ''}{query}"
