"""Pages of the directory: the list, and what is changed on a card. The card itself shows leads and deals, so it is
put together further up (`leads/contact_card.py`).
"""

from __future__ import annotations

from typing import Any, Protocol

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from contacts.actions import EDITABLE, edit_contact
from contacts.forms import ContactForm, ContactSearch, DoNotCallForm
from contacts.models import Contact
from crm.errors import Forbidden, Invalid, Refused
from crm.errors_web import explain
from crm.text import MAX_INTEGER
from history import journal
from team.models import User
from team.roles import Right, may

PER_PAGE = 50


class StopCalling(Protocol):
    """`leads.editing.stop_calling`."""

    def __call__(self, contact_id: int, reason: str, *, by: User | None) -> Contact: ...


@require_GET
@login_required
def contact_list(request: HttpRequest) -> HttpResponse:
    """The cards this person may open; `q` finds by name, or by a number in any spelling or a piece of it."""
    form = ContactSearch(request.GET)
    status = 200 if form.is_valid() else 400
    found = form.narrow(Contact.objects.visible_to(request.user))
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    journal.shown("contact", (card.pk for card in page))
    shown = {"form": form, "page": page, "query": form.cleaned_data.get("q", "")}
    return render(request, "contacts/list.html", shown, status=status)


@require_http_methods(["GET", "POST"])
@login_required
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The fields of a card. A conflict is 409: what was typed stays, what is stored now is said beside it."""
    contact = to_be_changed(request, pk)
    present = {name: getattr(contact, name) for name in EDITABLE}
    form, refused, status = ContactForm(request.POST or None, initial=present), "", 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                edit_contact(pk, form.cleaned_data, by=request.user, version=version_seen(request))
            except Invalid as refusal:
                explain(form, refusal)
            except Refused as refusal:
                contact, refused, status = to_be_changed(request, pk), refusal.detail, 409
            else:
                messages.success(request, _("Saved"))
                return redirect("contact-detail", pk)
    shown = {"contact": contact, "form": form, "refused": refused, "version": contact.version}
    return piece(request, "contacts/edit.html", shown, status=status)


@require_http_methods(["GET", "POST"])
@login_required
def do_not_call(request: HttpRequest, pk: int, stop_calling: StopCalling) -> HttpResponse:
    """Note that the client asked not to be called, and in what words; `lift` takes it back.

    `stop_calling` is the verb of above, that takes back the tasks to call as well.
    """
    contact = to_be_changed(request, pk)
    form = DoNotCallForm(request.POST or None, initial={"reason": contact.do_not_call_reason})
    if request.method == "POST":
        if "lift" in request.POST:
            stop_calling(pk, "", by=request.user)
            messages.success(request, _("The client may be called again"))
            return redirect("contact-detail", pk)
        if form.is_valid():
            stop_calling(pk, form.cleaned_data["reason"], by=request.user)
            messages.success(request, _("Noted: do not call"))
            return redirect("contact-detail", pk)
    status = 422 if request.method == "POST" else 200
    shown = {"contact": contact, "form": form, "version": None}
    return piece(request, "contacts/do_not_call.html", shown, status=status)


def to_be_changed(request: HttpRequest, pk: int) -> Contact:
    """The card; 404 unless it is theirs to see, 403 unless it is theirs to change."""
    contact = get_object_or_404(Contact.objects.visible_to(request.user), pk=pk)
    if not may(request.user, Right.WORK_LEADS):
        raise Forbidden(_("Cards are edited by operators and the head of the call centre."))
    return contact


def version_seen(request: HttpRequest) -> int | None:
    """The version that the form was drawn from; one that cannot be is stale."""
    given = request.POST.get("version", "")
    return integer(given) if given else None


def integer(given: str) -> int:
    """A number of a form that the database can hold; 0, which is none there, for anything else."""
    return int(given) if given.isascii() and given.isdecimal() and int(given[:20]) <= MAX_INTEGER else 0


def piece(request: HttpRequest, template: str, shown: dict[str, Any], *, status: int) -> HttpResponse:
    """A form as a page, or as a dialog when htmx asks."""
    contact: Contact = shown["contact"]
    context = {**shown, "cancel_url": reverse("contact-detail", args=[contact.pk])}
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response
