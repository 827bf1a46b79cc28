"""What the pages of leads share: where a change leads to, and the form that is shown again when it was refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers

from crm.errors import Forbidden, Invalid, Refused
from crm.errors_web import explain
from leads.models import Lead
from team.models import User
from team.once import new_token, once


def viewer(request: HttpRequest) -> User:
    """Who is signed in; the decorators of the views have seen to it that somebody is."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


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


@dataclass(frozen=True)
class Again:
    """The form is to be shown again, with this status; `conflict`: somebody else was faster."""

    status: int = 200
    conflict: bool = False


FIRST = Again()


def attempt(request: HttpRequest, form: Form, do: Callable[[], str]) -> HttpResponse | Again:
    """Run what a valid form asks for, once. A redirect to where it led; or the form, with what was refused beside its
    fields, is to be shown again.
    """
    if not form.is_valid():
        return Again(422)
    try:
        return HttpResponseRedirect(once(request, do))
    except Invalid as error:
        explain(form, error)
        return Again(422)
    except Forbidden as error:
        form.add_error(None, error.detail)
        return Again(403)
    except Refused as error:
        form.add_error(None, error.detail)
        return Again(409, conflict=error.code == "stale")


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
