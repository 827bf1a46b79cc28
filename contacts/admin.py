"""A client's card in the admin: added by its number, edited through the verbs, never deleted.

«Do not call» reaches tasks and leads, so the page is registered with that action further up (`leads/admin`).
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from contacts.actions import EDITABLE, add_contact, edit_contact
from contacts.forms import whose
from contacts.models import Contact
from contacts.phones import NOT_RECOGNISED
from crm.admin import SeenForm, VerbAdmin, VerbForm


class AddContactForm(VerbForm):
    """The number in any spelling; whether it is one, and has a card already, the verb says."""

    as_typed = frozenset({"phone"})
    phone = forms.CharField(label=_("Phone"), max_length=300, error_messages={"required": NOT_RECOGNISED})


class ContactAdmin(VerbAdmin):
    list_display = ("phone", "name", "city", "email", "do_not_call_at", "created_at")
    search_fields = ("search_text",)
    readonly = ("phone", "do_not_call_at", "do_not_call_reason", "created_at")

    def get_fields(self, request: HttpRequest, obj: Contact | None = None) -> tuple[str, ...]:
        return ("phone", *EDITABLE, *self.readonly[1:], "seen") if obj else ("phone", *EDITABLE)

    def get_readonly_fields(self, request: HttpRequest, obj: Contact | None = None) -> tuple[str, ...]:
        return self.readonly if obj else ()

    def get_form(self, request: HttpRequest, obj: Contact | None = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002
        return super().get_form(request, obj, change, **{**kwargs, "form": SeenForm if obj else AddContactForm})

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Contact], search_term: str
    ) -> tuple[QuerySet[Contact], bool]:
        """As everywhere: by words of the texts, or by (a piece of) a number in any spelling."""
        try:
            return (queryset.filter(whose(search_term)) if search_term else queryset), False
        except ValueError:  # beyond the limits of a search
            return queryset.none(), False

    def add_by_verb(self, request: HttpRequest, form: AddContactForm) -> Contact:
        given = dict(form.cleaned_data)
        return add_contact(given.pop("phone"), given, by=request.user)

    def change_by_verb(self, request: HttpRequest, obj: Contact, form: SeenForm) -> Contact:
        return edit_contact(obj.pk, form.changes(), by=request.user, version=form.cleaned_data["seen"])
