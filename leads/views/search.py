"""The page of the search in the top bar."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from crm.text import clean
from history import journal
from leads.models import Lead
from leads.search import MOST, find
from leads.views.answers import viewer


@login_required
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """`?q=`; a whole number of a client in work goes straight to the lead (for a lawyer, to the deal)."""
    query = request.GET.get("q", "")
    try:
        found = find(query, by=viewer(request))
    except ValueError as error:
        return render(request, "search.html", {"query": clean(query, limit=200), "wrong": error.args[0]}, status=400)
    if found.opens is not None:
        journal.shown("lead" if isinstance(found.opens, Lead) else "deal", [found.opens.pk])
        return redirect("lead-detail" if isinstance(found.opens, Lead) else "deal-detail", found.opens.pk)
    for kind, rows in (("lead", found.leads), ("deal", found.deals), ("contact", found.contacts)):
        journal.shown(kind, (row.pk for row in rows))
    return render(request, "search.html", {"query": clean(query), "found": found, "most": MOST})
