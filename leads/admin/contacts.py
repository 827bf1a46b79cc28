"""A client's card in the admin with what reaches beyond it: who asked not to be called is left alone by tasks too."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from contacts.admin import ContactAdmin
from contacts.forms import DoNotCallForm
from contacts.models import Contact
from crm.admin import ask, one_by_one, too_many
from leads.editing import stop_calling


@admin.register(Contact)
class ContactPage(ContactAdmin):
    actions = ("do_not_call", "call_again")

    @admin.action(description=_("Do not call"))
    def do_not_call(self, request: HttpRequest, contacts: QuerySet[Contact]) -> HttpResponse | None:
        """Asks for the reason, as on the card."""
        if too_many(request, contacts):
            return None
        form: forms.Form = DoNotCallForm(request.POST if "apply" in request.POST else None)
        if form.is_valid():
            reason = form.cleaned_data["reason"]
            one_by_one(request, contacts, lambda card: stop_calling(card.pk, reason, by=request.user))
            return None
        return ask(self, request, contacts, form, action="do_not_call", title=gettext("Do not call"))

    @admin.action(description=_("May be called again"))
    def call_again(self, request: HttpRequest, contacts: QuerySet[Contact]) -> None:
        if not too_many(request, contacts):
            one_by_one(request, contacts, lambda card: stop_calling(card.pk, "", by=request.user))
