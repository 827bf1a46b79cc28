"""How somebody looks at the list, as forms: saved views and columns. Each leads back to the list."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from crm.form_fields import Text
from leads.filter_words import filters_in_words
from leads.looks import (
    LONGEST_NAME,
    change_view,
    choose_columns,
    delete_view,
    may_change,
    may_share,
    open_with,
    read_looks,
    save_view,
)
from leads.models import SavedView
from leads.views.answers import FIRST, Again, attempt, viewer
from team.models import User
from team.once import new_token
from team.pages import way_back


class ViewForm(forms.Form):
    name = Text(
        label=gettext_lazy("Name of the view"),
        max_length=LONGEST_NAME,
        error_messages={"required": gettext_lazy("Give the view a name")},
    )
    shared = forms.BooleanField(label=gettext_lazy("Show it to everybody"), required=False)
    first = forms.BooleanField(label=gettext_lazy("Open the list with it"), required=False)

    def __init__(self, data: object = None, *, by: User, **initial: object) -> None:
        super().__init__(data, initial=initial)  # type: ignore[arg-type]
        if not may_share(by):
            del self.fields["shared"]


@login_required
@require_POST
def lead_columns(request: HttpRequest) -> HttpResponse:
    """The columns that are shown from now on."""
    choose_columns(request.POST.getlist("column") if "reset" not in request.POST else [], by=viewer(request))
    return HttpResponseRedirect(way_back(request, reverse("lead-list")))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def lead_views(request: HttpRequest) -> HttpResponse:
    """Save the filters of `query` under a name."""
    by = viewer(request)
    query = (request.POST if request.method == "POST" else request.GET).get("query", "")
    form = ViewForm(request.POST if request.method == "POST" else None, by=by)
    again = FIRST
    if request.method == "POST":

        def do() -> str:
            given = form.cleaned_data
            view = save_view(given["name"], query, shared=bool(given.get("shared")), by=by)
            if given["first"]:
                open_with(view.pk, by=by)
            return _url(view)

        answer = attempt(request, form, do)
        if isinstance(answer, HttpResponse):
            messages.success(request, _("View “%(name)s” saved") % {"name": form.cleaned_data["name"]})
            return answer
        again = answer
    return _show(request, form, again, query=query)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def lead_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename a view, share it, open the list with it (anybody who sees it may), or delete it."""
    by = viewer(request)
    look, views = read_looks(by)
    view = next((view for view in views if view.pk == pk), None)
    if view is None:
        raise Http404
    is_first, mine = look.default_view_id == pk, may_change(view, by)
    form = ViewForm(
        request.POST if request.method == "POST" else None, by=by, name=view.name, shared=view.shared, first=is_first
    )
    if not mine:
        for name in ("name", "shared"):
            form.fields.pop(name, None)
    again = FIRST
    if request.method == "POST":
        if "delete" in request.POST:
            delete_view(pk, by=by)
            messages.success(request, _("View “%(name)s” deleted") % {"name": view.name})
            return redirect(f"{reverse('lead-list')}?view=list")

        def do() -> str:
            given = form.cleaned_data
            if mine:
                shared = bool(given.get("shared", view.shared))
                change_view(pk, given["name"], shared=shared, by=by)
            if given["first"] != is_first:
                open_with(pk if given["first"] else None, by=by)
            return _url(view)

        answer = attempt(request, form, do)
        if isinstance(answer, HttpResponse):
            messages.success(request, _("View “%(name)s” saved") % {"name": form.cleaned_data.get("name", view.name)})
            return answer
        again = answer
    return _show(request, form, again, query=view.query, view=view, mine=mine)


def _show(request: HttpRequest, form: ViewForm, again: Again, *, query: str, **more: object) -> HttpResponse:
    shown = {
        "form": form,
        "query": query,
        "filters": filters_in_words(query, by=viewer(request)),
        "cancel_url": f"{reverse('lead-list')}?view=list&{query}",
        "token": new_token(request),
        **more,
    }
    response = render(request, "leads/view.html", shown, status=again.status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _url(view: SavedView) -> str:
    return f"{reverse('lead-list')}?view=list&{view.query}"
