"""A lead entered by hand: phone first, and told at once when the number is in work already."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from crm.errors import Invalid
from crm.errors_web import explain
from leads.applications import read_application
from leads.board import Known, known_number
from leads.forms import NewLeadForm
from leads.intake import register_lead
from leads.models import Lead
from leads.views.answers import viewer, way_on
from team.once import new_token, once, sent_before
from team.pages import needs
from team.roles import Right


@needs(Right.WORK_LEADS)
@require_http_methods(["GET", "HEAD", "POST"])
def lead_new(request: HttpRequest) -> HttpResponse:
    """GET ?phone= fills the number in. POST makes the lead, through intake like every other door; a number that is in
    work is asked about first, unless `duplicate` says that it is to be written down as one.
    """
    by = viewer(request)
    if request.method != "POST":
        return _page(request, NewLeadForm(initial={"phone": request.GET.get("phone", "")}))
    form = NewLeadForm(request.POST)
    if not form.is_valid():
        known = known_number(request.POST.get("phone", ""), by) if "phone" not in form.errors else None
        return _page(request, form, known, status=422)
    known = None if request.POST.get("duplicate") else known_number(form.cleaned_data["phone"], by)
    if known is not None:
        # The second press of a form finds the lead that its first press made.
        earlier = sent_before(request)
        return HttpResponseRedirect(earlier) if earlier else _page(request, form, known, status=409)
    made: list[Lead] = []

    def do() -> str:
        lead = register_lead(read_application(form.body()), by=by).lead
        made[:] = [lead]
        return way_on(request, lead.pk)

    try:
        address = once(request, do)
    except Invalid as error:
        explain(form, error)
        return _page(request, form, status=422)
    for lead in made:
        _tell(request, lead)
    return HttpResponseRedirect(address)


def _page(request: HttpRequest, form: NewLeadForm, known: Known | None = None, *, status: int = 200) -> HttpResponse:
    context = {"form": form, "known": known, "token": new_token(request), "cancel_url": reverse("lead-list")}
    response = render(request, "leads/new.html", context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _tell(request: HttpRequest, lead: Lead) -> None:
    if lead.duplicate_of_id is None:
        messages.success(request, _("Lead № %(id)s created") % {"id": lead.pk})
    else:
        said = _("Lead № %(id)s is written down as a duplicate. The original is № %(original)s.")
        messages.warning(request, said % {"id": lead.pk, "original": lead.duplicate_of_id})
