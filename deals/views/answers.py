"""What the pages of deals share: the deal that they are about, and forms as pages or as dialogs."""

from __future__ import annotations

from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers

from crm.text import MAX_INTEGER
from deals.models import Deal
from team.attempts import FIRST, Again, viewer
from team.once import new_token


def deal_to_see(request: HttpRequest, pk: int) -> Deal:
    """The deal with all that its pages show; 404 unless it is theirs to see. One query."""
    deals = Deal.objects.visible_to(viewer(request)).with_card().select_related("lead__responsible")
    return get_object_or_404(deals, pk=pk)


def card_url(deal_id: int) -> str:
    return reverse("deal-detail", args=[deal_id])


def read_version(request: HttpRequest) -> int | None:
    """The version that the form was drawn from; one that cannot be is none of this deal's and so is stale."""
    given = request.POST.get("version", "")
    if not given:
        return None
    return int(given) if given.isascii() and given.isdecimal() and int(given[:19]) <= MAX_INTEGER else 0


def show_form(
    request: HttpRequest, template: str, deal: Deal, form: Form | None, again: Again = FIRST, **context: Any
) -> HttpResponse:
    """A form about a deal: as a page, or as a piece for the dialog. After a conflict it carries the present version, so
    that sending it again is the decision to do it anyway.
    """
    shown = {
        "deal": deal,
        "form": form,
        "version": deal.version,
        "token": new_token(request),
        "cancel_url": card_url(deal.pk),
        "conflict": again.conflict,
        **context,
    }
    response = render(request, template, shown, status=again.status)
    patch_vary_headers(response, ["HX-Request"])
    return response
