"""What is changed on a deal: its stage, the fields of a block or one in its place, the lawyer."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from crm.errors import Forbidden
from crm.text import is_clean
from deals.access import require_deal_work
from deals.actions import BLOCKS, EDITABLE, OFFERED, assign_deal, edit_deal, move_stage
from deals.forms import DealForm, HandOverForm, deal_workers
from deals.models import Deal, Stage
from deals.stages import steps
from deals.views.answers import card_url, deal_to_see, read_version, show_form
from team.attempts import FIRST, Again, attempt, viewer
from team.roles import Right, may


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def stage(request: HttpRequest, pk: int) -> HttpResponse:
    """All stages to choose from; `?stage=` shows what a move to one offers to write down. A POST moves the deal; too
    late is 409.
    """
    deal = deal_to_see(request, pk)
    wanted = (request.POST if request.method == "POST" else request.GET).get("stage", "")
    to = Stage.objects.filter(code=wanted, active=True).first() if is_clean(wanted) else None
    given = request.POST if request.method == "POST" else None
    form = DealForm(given, deal=deal, only=OFFERED.get(to.asks, ()) if to else ())
    again = FIRST
    if request.method == "POST":
        was = deal.stage_id

        def do() -> str:
            move_stage(pk, wanted, by=viewer(request), version=read_version(request), told=form.told())
            return card_url(pk)

        answer = attempt(request, form, do)
        if isinstance(answer, HttpResponse):
            if to is not None and to.pk != was:
                messages.success(request, _("Deal %(deal)s: %(stage)s") % {"deal": deal.number, "stage": to})
            return answer
        again, deal = answer, deal_to_see(request, pk)
    shown = {"to": to, "steps": steps(deal, list(Stage.objects.all()))}
    return show_form(request, "deals/stage.html", deal, form, again, **shown)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """A block of fields (`?block=`, the contract unless told), with script one `?field=` in its place. A conflict is
    409: what was typed stays.
    """
    deal = deal_to_see(request, pk)
    require_deal_work(viewer(request))
    name = request.GET.get("field", "")
    if name in EDITABLE and request.htmx:  # type: ignore[attr-defined]
        return _in_place(request, deal, name)
    part = request.GET.get("block", "")
    part = part if part in BLOCKS else "contract"
    form = DealForm(request.POST if request.method == "POST" else None, deal=deal, only=BLOCKS[part])
    again = FIRST
    if request.method == "POST":
        answer = _saved(request, deal, form)
        if isinstance(answer, HttpResponse):
            messages.success(request, _("Saved"))
            return answer
        again, deal = answer, deal_to_see(request, pk)
    return show_form(request, "deals/edit.html", deal, form, again, part=part)


def _saved(request: HttpRequest, deal: Deal, form: DealForm) -> HttpResponse | Again:
    def do() -> str:
        edit_deal(deal.pk, form.told(), by=viewer(request), version=read_version(request))
        return card_url(deal.pk)

    return attempt(request, form, do)


def _in_place(request: HttpRequest, deal: Deal, name: str) -> HttpResponse:
    """The field, or its value with `?show`; a POST saves it and answers the value as it is now.

    The other forms of the page hear of the version that the deal has then, and the page shows anew what follows from
    the field.
    """
    shown: dict[str, Any] = {"name": name, "edit_url": request.path, "changes_url": f"{card_url(deal.pk)}#history"}
    if request.method != "POST":
        if "show" in request.GET:
            return show_form(request, "deals/_value.html", deal, None, **shown)
        return show_form(request, "_field_form.html", deal, DealForm(deal=deal, only=[name]), **shown)
    form = DealForm(request.POST, deal=deal, only=[name])
    answer = _saved(request, deal, form)
    now = deal_to_see(request, deal.pk)
    if not isinstance(answer, HttpResponse):
        return show_form(request, "_field_form.html", now, form, answer, **shown)
    response = show_form(request, "deals/_value.html", now, None, **shown)
    response["HX-Trigger"] = json.dumps({"crm:version": {"version": now.version}})
    response["HX-Trigger-After-Settle"] = "deal-changed"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """To another lawyer, with the open tasks; for who hands over."""
    deal = deal_to_see(request, pk)
    if not may(viewer(request), Right.ASSIGN):
        raise Forbidden(_("Deals are handed over by the head of the call centre."))
    form = HandOverForm(
        request.POST if request.method == "POST" else None,
        people=deal_workers(),
        initial={"responsible": deal.responsible_id},
    )
    again = FIRST
    if request.method == "POST":

        def do() -> str:
            assign_deal(pk, int(form.cleaned_data["responsible"]), by=viewer(request))
            return card_url(pk)

        answer = attempt(request, form, do)
        if isinstance(answer, HttpResponse):
            said = _("Deal %(deal)s is handed over: %(name)s")
            name = Deal.objects.select_related("responsible").get(pk=pk).responsible
            messages.success(request, said % {"deal": deal.number, "name": name})
            return answer
        again = answer
    return show_form(request, "deals/hand_over.html", deal, form, again, version=None)
