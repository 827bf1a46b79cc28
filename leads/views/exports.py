"""Lists as files, as pages: asking for one, how far it is, and getting it; a file is its owner's alone."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from crm import private_files
from crm.errors import Invalid, Refused
from crm.errors_web import explain
from crm.form_fields import Text
from crm.sheets import Format
from leads.exported_lists import listed
from leads.filter_words import filters_in_words
from leads.models import ExportFile
from leads.outgoing import AT_ONCE, ask_export, note_download
from leads.views.answers import viewer
from team.pages import needs
from team.roles import Right

PER_PAGE = 30
LISTS = {"leads": "lead-list", "deals": "deal-list", "contacts": "contact-list", "tasks": "task-list"}


class ExportForm(forms.Form):
    format = forms.ChoiceField(
        label=gettext_lazy("Format"),
        choices=[("xlsx", "Excel"), ("csv", "CSV")],
        initial="xlsx",
        widget=forms.RadioSelect,
    )
    reason = Text(
        label=gettext_lazy("What the list is for"),
        max_length=300,
        error_messages={"required": gettext_lazy("Say what the list is for")},
    )


@needs(Right.EXPORT)
@require_http_methods(["GET", "HEAD", "POST"])
def export_new(request: HttpRequest, what: str) -> HttpResponse:
    """Ask for the list `what` with the filters of this address. A short one is there at once."""
    if what not in LISTS:
        raise Http404
    by, query = viewer(request), request.GET.urlencode()
    form, status = ExportForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            given = form.cleaned_data
            try:
                export = ask_export(what, query, given["format"], given["reason"], by=by)
            except Invalid as error:
                explain(form, error)
            except Refused as error:
                form.add_error(None, error.detail)
                status = 409
            else:
                return redirect("export-detail", export.pk)
    shown = {
        "form": form,
        "what": ExportFile.What(what),
        "rows": listed(what, query, by=by).rows.count(),
        "filters": filters_in_words(query, by=by),
        "action": f"{request.path}?{query}" if query else request.path,
        "cancel_url": f"{reverse(LISTS[what])}?{query}",
        "at_once": AT_ONCE,
    }
    response = render(request, "exports/new.html", shown, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_GET
@needs(Right.EXPORT)
def export_list(request: HttpRequest) -> HttpResponse:
    """What this person has taken out."""
    mine = ExportFile.objects.filter(by=viewer(request))
    return render(request, "exports/list.html", {"page": Paginator(mine, PER_PAGE).get_page(request.GET.get("page"))})


@require_GET
@needs(Right.EXPORT)
def export_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One file of this person's: how far it is, and the way to get it."""
    export = get_object_or_404(ExportFile, pk=pk, by=viewer(request))
    shown: dict[str, Any] = {
        "export": export,
        "filters": filters_in_words(export.query, by=viewer(request)),
        "back": f"{reverse(LISTS[export.what])}?{export.query}",
    }
    return render(request, "exports/detail.html", shown)


@require_GET
@needs(Right.EXPORT)
def export_file(request: HttpRequest, pk: int) -> FileResponse:
    """The file itself, for its owner while it is kept."""
    export = note_download(pk, by=viewer(request))
    try:
        file = private_files.path_of(export.stored).open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(file, content_type=Format(export.format).content_type)
    response["Content-Disposition"] = f'attachment; filename="{export.what}_{export.asked_at:%Y-%m-%d}.{export.format}"'
    return response
