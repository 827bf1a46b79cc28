"""What is written down on a card beside its fields, as forms: consent, linked cards, and another number."""

from __future__ import annotations

from typing import Protocol

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from contacts.consent import give_consent, withdraw_consent
from contacts.forms import ConsentForm, LinkForm, NumberForm
from contacts.links import link_cards, unlink_cards
from contacts.models import Contact
from contacts.views import integer, piece, to_be_changed, version_seen
from crm import clock
from crm.errors import Invalid, Refused
from crm.errors_web import explain
from team.models import User
from team.pages import needs
from team.roles import Right


class ChangeNumber(Protocol):
    """`leads.renumbering.change_number`."""

    def __call__(self, contact_id: int, phone: str, *, by: User, version: int | None = None) -> Contact: ...


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def consent(request: HttpRequest, pk: int) -> HttpResponse:
    """When, how and to which text the client consented; `withdraw` takes it back."""
    contact = to_be_changed(request, pk)
    present = {
        "on": contact.consent_on or timezone.localdate(clock.now()),
        "channel": contact.consent_channel if contact.consent_on else "",
        "version": contact.consent_version if contact.consent_on else "",
    }
    form, status = ConsentForm(request.POST if request.method == "POST" else None, initial=present), 200
    if request.method == "POST":
        status = 422
        if "withdraw" in request.POST:
            withdraw_consent(pk, by=_person(request))
            messages.success(request, _("Consent withdrawn"))
            return redirect("contact-detail", pk)
        if form.is_valid():
            try:
                give_consent(pk, **form.cleaned_data, by=_person(request))
            except Invalid as refusal:
                explain(form, refusal)
            else:
                messages.success(request, _("Consent recorded"))
                return redirect("contact-detail", pk)
    shown = {"contact": contact, "form": form, "version": None}
    return piece(request, "contacts/consent.html", shown, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, pk: int) -> HttpResponse:
    """Link the card to that of another number; `unlink` ends a link of it."""
    contact = to_be_changed(request, pk)
    if ended := request.POST.get("unlink"):
        unlink_cards(pk, integer(ended), by=_person(request))
        messages.success(request, _("Cards are no longer linked"))
        return redirect("contact-detail", pk)
    form, status = LinkForm(request.POST if request.method == "POST" else None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                link_cards(pk, **form.cleaned_data, by=_person(request))
            except Invalid as refusal:
                explain(form, refusal)
            else:
                messages.success(request, _("Cards are linked"))
                return redirect("contact-detail", pk)
    return piece(request, "contacts/link.html", {"contact": contact, "form": form, "version": None}, status=status)


@needs(Right.ASSIGN)
@require_http_methods(["GET", "HEAD", "POST"])
def number(request: HttpRequest, pk: int, change_number: ChangeNumber) -> HttpResponse:
    """Another number for the card. `change_number` is the verb of above, that takes the leads along."""
    contact = to_be_changed(request, pk)
    form, status = NumberForm(request.POST if request.method == "POST" else None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                change_number(pk, form.cleaned_data["phone"], by=_person(request), version=version_seen(request))
            except Invalid as refusal:
                explain(form, refusal)
            except Refused as refusal:
                form.add_error(None, refusal.detail)
                contact, status = to_be_changed(request, pk), 409
            else:
                messages.success(request, _("Number changed"))
                return redirect("contact-detail", pk)
    shown = {"contact": contact, "form": form, "version": contact.version}
    return piece(request, "contacts/number.html", shown, status=status)


def _person(request: HttpRequest) -> User:
    """Who is signed in, as the decorators of the views have seen to."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
