"""Which leads a list is asked for. The screens and the API share these filters; a value that cannot be meant is an
error of its field.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Q

from contacts.filters import PhoneFilter
from contacts.phones import beginnings, for_lookup, tail
from crm.api_filters import MomentFilter, PersonFilter
from crm.text import MAX_INTEGER, search_words
from leads.models import Lead
from leads.pipeline import JunkReason, Status
from sources.filters import SourceFilter

_NUMBER_SIGN = re.compile(r"[№#]\s*(?=\d)")
_DIGITS = re.compile(r"[\d+().-]+")
SHORTEST_PIECE = 3  # digits that are worth looking for inside phone numbers


@dataclass(frozen=True)
class Search:
    """What somebody types to find a lead: words, or a phone, or a piece of one."""

    words: tuple[str, ...]
    phone: str | None
    begins: tuple[str, ...]
    ends: str

    @classmethod
    def read(cls, query: str) -> Search:
        """Raises ValueError with a sentence beyond 200 characters or 10 words."""
        words = tuple(search_words(_NUMBER_SIGN.sub("", query)))
        return cls(words, for_lookup(query), beginnings(query), tail(query))

    def condition(self) -> Q:
        """Every word in the lead's texts, in its phone or as its number; or the whole as a phone."""
        every = Q()
        for word in self.words:
            every &= self._word(word)
        whole = Q()
        if self.phone:
            whole |= Q(contact__phone=self.phone)
        for beginning in self.begins:
            whole |= Q(contact__phone__startswith=beginning)
        if self.ends:
            whole |= Q(contact__phone__endswith=self.ends)
        return every | whole if whole else every

    def _word(self, word: str) -> Q:
        found = Q(search_text__contains=word)
        if _DIGITS.fullmatch(word):
            digits = re.sub(r"\D", "", word)
            if len(digits) >= SHORTEST_PIECE:
                found |= Q(contact__phone__contains=digits)
        if word.isascii() and word.isdecimal() and len(word) <= 19 and int(word) <= MAX_INTEGER:
            found |= Q(pk=int(word))
        return found


class SearchField(forms.CharField):
    """A search within its limits."""

    def to_python(self, value: Any) -> Search | None:
        text = super().to_python(value)
        if text in self.empty_values:
            return None
        self.run_validators(text)  # here, since they look at text and the result is none
        try:
            return Search.read(text)
        except ValueError as error:
            raise forms.ValidationError(error.args[0], code="invalid") from error


class SearchFilter(filters.CharFilter):
    field_class = SearchField

    def filter(self, qs: Any, value: Search | None) -> Any:
        return qs if value is None else qs.filter(value.condition())


class StatusField(forms.MultipleChoiceField):
    """Any of several statuses; an empty value asks for none."""

    def to_python(self, value: Any) -> list[str]:
        return [text for text in super().to_python(value) if text]


class StatusFilter(filters.MultipleChoiceFilter):
    field_class = StatusField


class LeadFilter(filters.FilterSet):
    """`created_after` is inclusive, `created_before` exclusive (`api.md`, Readings)."""

    status = StatusFilter(choices=Status.choices, label="A status; may be given several times")
    junk_reason = filters.ChoiceFilter(choices=JunkReason.choices, label="Why it is junk")
    source = SourceFilter(label="The code or an alias of a source")
    responsible = PersonFilter(label="The number of a colleague, `me` or `none`")
    phone = PhoneFilter(field_name="contact__phone", label="A number in any spelling")
    created_after = MomentFilter(field_name="created_at", lookup_expr="gte", label="Arrived then or later")
    created_before = MomentFilter(field_name="created_at", lookup_expr="lt", label="Arrived before")
    search = SearchFilter(label="Words of name, e-mail or city, digits of the phone, or the lead's number")

    class Meta:
        model = Lead
        fields: list[str] = []
