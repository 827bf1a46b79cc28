"""What people type about contacts: the search of the list, the fields of a card, why not to call."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from contacts.models import ContactQuerySet, LinkedCard
from contacts.phones import NOT_RECOGNISED, beginnings, for_lookup, parse, tail
from crm.form_fields import Day, Text
from crm.text import search_words

SHORTEST_PIECE = 3  # digits that are worth looking for inside phone numbers
SORTS = {"name": "name", "city": "city", "created": "created_at"}


class ContactSearch(forms.Form):
    """The filters of the address."""

    q = forms.CharField(label=_("Name or phone"), required=False, max_length=200)
    sort = forms.ChoiceField(required=False, choices=[(f"{sign}{key}", "") for key in SORTS for sign in ("", "-")])

    def clean_q(self) -> str:
        try:
            search_words(self.cleaned_data["q"])
        except ValueError as error:
            raise forms.ValidationError(error.args[0]) from error
        return str(self.cleaned_data["q"])

    def narrow(self, contacts: ContactQuerySet) -> ContactQuerySet:
        """The cards that are asked for, in the order of the address (the newest first)."""
        if query := self.cleaned_data.get("q", ""):
            contacts = contacts.filter(whose(query))
        key = self.cleaned_data.get("sort") or "-created"
        column = SORTS[key.removeprefix("-")]
        descending = key.startswith("-")
        return contacts.order_by(f"-{column}" if descending else column, "-pk" if descending else "pk")


def whose(query: str, prefix: str = "") -> Q:
    """Cards that `query` may mean: every word in their texts or number, or the whole as (a piece of) a phone.

    `prefix` leads to the card from another model ("contact__"). Raises ValueError beyond the limits of a search.
    """
    every = Q()
    for word in search_words(query):
        found = Q(**{f"{prefix}search_text__contains": word})
        digits = re.sub(r"\D", "", word)
        if len(digits) >= SHORTEST_PIECE and re.fullmatch(r"[\d+().-]+", word):
            found |= Q(**{f"{prefix}phone__contains": digits})
        every &= found
    whole = Q()
    if phone := for_lookup(query):
        whole |= Q(**{f"{prefix}phone": phone})
    for beginning in beginnings(query):
        whole |= Q(**{f"{prefix}phone__startswith": beginning})
    if ending := tail(query):
        whole |= Q(**{f"{prefix}phone__endswith": ending})
    return every | whole if whole else every


class ContactForm(forms.Form):
    """The fields of a card. The number is not among them: it is what the card is known by."""

    name = Text(label=_("Full name"), max_length=200, required=False)
    email = forms.EmailField(label=_("E-mail"), max_length=254, required=False)
    city = Text(label=_("City"), max_length=100, required=False)
    comment = Text(label=_("Comment"), max_length=10_000, rows=4, required=False)


class DoNotCallForm(forms.Form):
    reason = Text(label=_("What the client said"), max_length=300, help_text=_("Everybody who opens the card sees it."))


class ConsentForm(forms.Form):
    on = Day(label=_("Given on"))
    channel = Text(label=_("How"), max_length=100, help_text=_("For example: quiz, call, in the office"))
    version = Text(label=_("Version of the text"), max_length=50, required=False, help_text=_("For example 2026-11"))


class PhoneInput(Text):
    """A number in any spelling; what is none is an error of the field."""

    widget = forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"})

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=300, error_messages={"required": NOT_RECOGNISED}, **options)

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and not parse(value).main:
            raise forms.ValidationError(NOT_RECOGNISED, code="invalid")


class LinkForm(forms.Form):
    phone = PhoneInput(
        label=_("Number of the other card"), help_text=_("Any spelling. A new number gets a card of its own.")
    )
    kind = forms.ChoiceField(label=_("Who it is"), choices=LinkedCard.Kind.choices, widget=forms.RadioSelect)
    name = Text(label=_("Name, if the number is new"), max_length=200, required=False)


class NumberForm(forms.Form):
    phone = PhoneInput(label=_("New number"))
