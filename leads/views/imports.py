"""Files that come in, as pages: choosing one, what its columns and values mean, what its rows become, how far it is."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Min
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.errors import Invalid, Refused
from crm.errors_web import explain
from crm.sheets import Format
from crm.tables import MOST_BYTES, MOST_ROWS
from crm.text import clean
from leads import uploads
from leads.former_resource import JUNK, OWNER, SOURCE, STATUS
from leads.incoming import RESOURCES
from leads.models import ImportFile
from leads.pipeline import JunkReason, Status
from leads.refused_rows import refused_rows_file
from leads.views.answers import viewer
from sources.models import Source
from team.models import User
from team.pages import needs
from team.roles import RIGHTS, Right

PER_PAGE = 30
TOLD = 20  # reasons that the page names; the file has all of them
KINDS = (ImportFile.Kind.LEADS, ImportFile.Kind.CONTACTS)
CATALOGUES = [kind for kind in ImportFile.Kind if kind not in (*KINDS, ImportFile.Kind.BITRIX24)]


class UploadForm(forms.Form):
    kind = forms.ChoiceField(
        label=gettext_lazy("What is in the file"),
        choices=[
            *((kind.value, kind.label) for kind in KINDS),
            (gettext_lazy("Catalogues"), [(kind.value, kind.label) for kind in CATALOGUES]),
        ],
        initial=ImportFile.Kind.LEADS,
    )
    file = forms.FileField(
        label=gettext_lazy("File"),
        error_messages={"required": gettext_lazy("Choose a file"), "empty": gettext_lazy("The file is empty.")},
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx"}),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            said = _("The file is larger than %(count)s MB.") % {"count": MOST_BYTES // 1_000_000}
            raise forms.ValidationError(said)
        return file


@needs(Right.IMPORT)
@require_http_methods(["GET", "HEAD", "POST"])
def import_list(request: HttpRequest) -> HttpResponse:
    """The files so far, and a form for the next one; POST takes it. `kind` chooses what is in it."""
    form, status = UploadForm(initial={"kind": request.GET.get("kind") or ImportFile.Kind.LEADS}), 200
    if request.method == "POST":
        form, status = UploadForm(request.POST, request.FILES), 422
        if form.is_valid():
            given = form.cleaned_data["file"]
            try:
                file = uploads.upload(
                    given.chunks(), name=given.name, kind=form.cleaned_data["kind"], by=viewer(request)
                )
            except Invalid as error:
                explain(form, error)
            except OSError:  # nothing is left of it (`reliability.md` F16)
                form.add_error("file", _("There is no room for the file on the disk."))
                status = 507
            else:
                return redirect("import-detail", file.pk)
    page = Paginator(ImportFile.objects.select_related("by"), PER_PAGE).get_page(request.GET.get("page"))
    shown = {"form": form, "page": page, "most_rows": MOST_ROWS, "most_megabytes": MOST_BYTES // 1_000_000}
    return render(request, "imports/list.html", shown, status=status)


@require_GET
@needs(Right.IMPORT)
def import_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One file: its columns, what each row will become or has become, and how far the worker is."""
    return _page(request, get_object_or_404(ImportFile.objects.select_related("by"), pk=pk))


def _page(request: HttpRequest, file: ImportFile, wrong: str = "", *, status: int = 200) -> HttpResponse:
    labels = RESOURCES[file.kind].labels
    fields = [(name, str(labels[name])) for name in RESOURCES[file.kind].spellings]
    sample = file.sample if isinstance(file.sample, dict) else {}
    shown = {
        "file": file,
        "wrong": wrong,
        "fields": fields,
        "columns": [
            {"heading": heading or "—", "field": field, "label": str(labels.get(field, "")), "example": example}
            for heading, field, example in zip(file.headers, file.columns, _examples(file), strict=False)
        ],
        "used": [(name, str(labels[name])) for name in _used(file)],
        "rows": _rows(file, sample.get("rows", [])),
        "reasons": _reasons(file, sample.get("refused", [])),
        "has_refused": file.step == ImportFile.Step.TAKE and file.refused > 0 and bool(file.stored),
        "may_choose": file.step == ImportFile.Step.CHECK and bool(file.stored),
        "asks_source": "source" in RESOURCES[file.kind].spellings and file.kind == ImportFile.Kind.LEADS,
        "sources": Source.objects.filter(merged_into__isnull=True, active=True),
        "unknown": _unknown(file),
    }
    return render(request, "imports/detail.html", shown, status=status)


def _examples(file: ImportFile) -> list[str]:
    """The first thing that stands in each column."""
    rows = file.sample.get("rows", []) if isinstance(file.sample, dict) else []
    width = len(file.headers)
    cells = [row[1] + [""] * (width - len(row[1])) for row in rows]
    return [next((row[place] for row in cells if row[place]), "") for place in range(width)]


def _used(file: ImportFile) -> list[str]:
    """The fields that some column is, each once."""
    known = RESOURCES[file.kind].labels
    return list(dict.fromkeys(field for field in file.columns if field in known))


def _rows(file: ImportFile, rows: list[list[Any]]) -> list[dict[str, Any]]:
    """The first rows as they are understood."""
    shown = []
    for number, cells, verdict, why in rows:
        given = RESOURCES[file.kind].read(number, cells, file.columns).given
        texts = [given.get(name, "") for name in _used(file)]
        shown.append({"number": number, "cells": texts, "verdict": verdict, "why": why})
    return shown


def _reasons(file: ImportFile, expected: list[list[Any]]) -> list[dict[str, Any]]:
    """Why rows are, or were, refused: the most frequent reasons, each with how many rows and the first of them."""
    if file.step == ImportFile.Step.CHECK:
        return [
            {"why": why, "count": count, "numbers": numbers, "more": count > len(numbers)}
            for why, count, numbers in expected
        ]
    counted = file.refused_rows.order_by().values("reason").annotate(count=Count("pk"), first=Min("number"))
    return [
        {"why": row["reason"], "count": row["count"], "numbers": [row["first"]], "more": row["count"] > 1}
        for row in counted.order_by("-count", "reason")[:TOLD]
    ]


def _unknown(file: ImportFile) -> list[dict[str, Any]]:
    """Values that mean nothing to us, with what each could be."""
    if not isinstance(file.unknown, dict) or file.step != ImportFile.Step.CHECK:
        return []
    statuses = [(str(status), str(status.label)) for status in Status if status != Status.JUNK]
    statuses += [(JUNK + reason, f"{Status.JUNK.label}: {reason.label}") for reason in JunkReason]
    people = User.objects.filter(is_active=True, role__in=RIGHTS[Right.WORK_LEADS] | RIGHTS[Right.WORK_DEALS])
    asked = {
        STATUS: (_("Stages"), statuses),
        SOURCE: (_("Sources"), [(source.code, source.name) for source in Source.objects.filter(merged_into=None)]),
        OWNER: (_("Owners"), [(str(person.pk), str(person)) for person in people]),
    }
    return [
        {"field": field, "title": title, "choices": choices, "values": file.unknown[field]}
        for field, (title, choices) in asked.items()
        if file.unknown.get(field)
    ]


@require_POST
@needs(Right.IMPORT)
def import_columns(request: HttpRequest, pk: int) -> HttpResponse:
    """Say which field each column is: `column-0`, `column-1` …"""
    file = get_object_or_404(ImportFile.objects.select_related("by"), pk=pk)
    columns = [request.POST.get(f"column-{place}", "") for place in range(len(file.headers))]
    try:
        uploads.choose_columns(pk, columns, clean(request.POST.get("source", "")), by=viewer(request))
    except Invalid as error:
        return _page(request, file, " ".join(said for all_of in error.fields.values() for said in all_of), status=422)
    return redirect("import-detail", pk)


@require_POST
@needs(Right.IMPORT)
def import_meanings(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what values of another system are here: `status-0`, `source-3` …, by their places among the unknown."""
    file = get_object_or_404(ImportFile, pk=pk)
    given: dict[str, dict[str, str]] = {}
    for field, values in (file.unknown if isinstance(file.unknown, dict) else {}).items():
        for place, (value, _rows_of_it) in enumerate(values):
            if code := clean(request.POST.get(f"{field}-{place}", "")):
                given.setdefault(field, {})[value] = code
    uploads.give_meanings(pk, given, by=viewer(request))
    return redirect("import-detail", pk)


@require_POST
@needs(Right.IMPORT)
def import_start(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the rows in. Pressed twice, it is started once."""
    try:
        uploads.start(pk, by=viewer(request))
    except Refused as error:
        messages.warning(request, error.detail)
    return redirect("import-detail", pk)


@require_POST
@needs(Right.IMPORT)
def import_stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Break the file off."""
    uploads.stop(pk, by=viewer(request))
    return redirect("import-detail", pk)


@require_GET
@needs(Right.IMPORT)
def import_refused(request: HttpRequest, pk: int, kind: str) -> FileResponse:
    """The rows that were not taken in, as a file with their reasons, to be put right and brought in again."""
    file = get_object_or_404(ImportFile, pk=pk)
    if kind not in list(Format):
        raise Http404
    file_format = Format(kind)
    response = FileResponse(refused_rows_file(file, file_format), content_type=file_format.content_type)
    response["Content-Disposition"] = f'attachment; filename="refused_{file.pk}.{kind}"'
    return response
