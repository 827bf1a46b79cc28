"""What the pages of leads share: where a change leads to, and the form that is shown again when it was refused."""

from __future__ import annotations

from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers

from leads.models import Lead
from team.attempts import FIRST, Again, attempt, viewer
from team.once import new_token

__all__ = ["FIRST", "Again", "attempt", "card_url", "read_version", "show_form", "viewer", "way_on"]


def card_url(lead_id: int) -> str:
    return reverse("lead-detail", args=[lead_id])


def way_on(request: HttpRequest, lead_id: int) -> str:
    """The card after a change, or the list when the lead has left what this person sees (handed over, a duplicate)."""
    seen = Lead.objects.visible_to(viewer(request)).filter(pk=lead_id).exists()
    return card_url(lead_id) if seen else reverse("lead-list")


def read_version(request: HttpRequest) -> int | None:
    """The version of the lead that the person saw, carried by the form."""
    given = request.POST.get("version", "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else None


def show_form(
    request: HttpRequest, template: str, lead: Lead, form: Form, again: Again = FIRST, **context: Any
) -> HttpResponse:
    """A form about a lead: as a page, or as a piece for the dialog. After a conflict it carries the present version, so
    that sending it again is the decision to do it anyway.
    """
    shown = {
        "lead": lead,
        "form": form,
        "version": lead.version,
        "token": new_token(request),
        "cancel_url": card_url(lead.pk),
        "conflict": again.conflict,
        **context,
    }
    response = render(request, template, shown, status=again.status)
    patch_vary_headers(response, ["HX-Request"])
    return response
