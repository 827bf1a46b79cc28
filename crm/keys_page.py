"""The page that lists the keys; with script it opens in the dialog."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from crm.keys import lines


@require_GET
@login_required
@vary_on_headers("HX-Request")
def keys(request: HttpRequest) -> HttpResponse:
    template = "keys_dialog.html" if request.htmx else "keys.html"  # type: ignore[attr-defined]
    return render(request, template, {"lines": lines(request.user)})  # type: ignore[arg-type]
