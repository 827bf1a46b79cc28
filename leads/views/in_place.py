"""One field of a lead, edited where it stands on the card; without script the page of all fields does the same."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from leads.editing import edit_lead
from leads.forms import EditLeadForm
from leads.models import Lead
from leads.views.answers import FIRST, attempt, card_url, read_version, show_form, viewer


def edit_in_place(request: HttpRequest, lead: Lead, name: str) -> HttpResponse:
    """The field, or its value with `?show`; a POST saves it and answers the value as it is now.

    The other forms of the page hear of the version that the lead has then. What depends on the city is all over the
    page, which is therefore shown anew.
    """
    by = viewer(request)
    if request.method != "POST":
        if "show" in request.GET:
            return _value(request, lead, name)
        return show_form(request, "leads/_field_form.html", lead, EditLeadForm(lead=lead, only=name), name=name)
    form = EditLeadForm(request.POST, lead=lead, only=name)

    def do() -> str:
        edit_lead(lead.pk, form.changes(), by=by, version=read_version(request))
        return card_url(lead.pk)

    answer = attempt(request, form, do)
    now = Lead.objects.visible_to(by).with_card().get(pk=lead.pk)
    if not isinstance(answer, HttpResponse):
        return show_form(request, "leads/_field_form.html", now, form, answer or FIRST, name=name)
    response = _value(request, now, name)
    response["HX-Trigger"] = json.dumps({"crm:version": {"version": now.version}})
    if name == "city":
        response["HX-Refresh"] = "true"
    return response


def _value(request: HttpRequest, lead: Lead, name: str) -> HttpResponse:
    return render(request, "leads/_value.html", {"lead": lead, "name": name, "may_edit": True})
