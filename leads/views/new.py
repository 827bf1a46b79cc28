"""A lead entered by hand: phone first, and who has the number is told while it is typed, and again when it is sent."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from crm.errors import Invalid
from crm.errors_web import explain
from leads.applications import PHONE, read_application
from leads.forms import NewLeadForm
from leads.intake import register_lead
from leads.known_numbers import Checked, check_number
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
        checked = check_number(request.GET.get("phone", ""), by)
        given = {"phone": request.GET.get("phone", ""), "city": checked.city}
        return _page(request, NewLeadForm(initial=given), checked)
    form = NewLeadForm(request.POST)
    checked = check_number(request.POST.get("phone", ""), by)
    if not form.is_valid():
        return _page(request, form, checked, status=422)
    if checked.known is not None and not request.POST.get("duplicate"):
        # The second press of a form finds the lead that its first press made.
        earlier = sent_before(request)
        return HttpResponseRedirect(earlier) if earlier else _page(request, form, checked, status=409)
    made: list[Lead] = []

    def do() -> str:
        lead = register_lead(read_application(form.body()), by=by).lead
        made[:] = [lead]
        return way_on(request, lead.pk)

    try:
        address = once(request, do)
    except Invalid as error:
        explain(form, error)
        return _page(request, form, checked, status=422)
    for lead in made:
        _tell(request, lead)
    return HttpResponseRedirect(address)


@needs(Right.WORK_LEADS)
@require_safe
def lead_check_phone(request: HttpRequest) -> HttpResponse:
    """A piece for the form: the number as it was read, and who has it; with the buttons that fit."""
    typed = request.GET.get("phone", "")[:PHONE]
    return render(request, "leads/_phone_check.html", {"checked": check_number(typed, viewer(request)), "alone": True})


def _page(request: HttpRequest, form: NewLeadForm, checked: Checked, *, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "checked": checked,
        "conflict": status == 409,
        "token": new_token(request),
        "cancel_url": reverse("lead-list"),
    }
    response = render(request, "leads/new.html", context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _tell(request: HttpRequest, lead: Lead) -> None:
    if lead.duplicate_of_id is None:
        messages.success(request, _("Lead № %(id)s created") % {"id": lead.pk})
    else:
        said = _("Lead № %(id)s is written down as a duplicate. The original is № %(original)s.")
        messages.warning(request, said % {"id": lead.pk, "original": lead.duplicate_of_id})
