"""Finding cards, and whatever hangs on them, by a number in any spelling or by words."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Q

from contacts.models import Contact
from contacts.phones import parse, refusal_text
from crm.text import search_words


class PhoneField(forms.CharField):
    """A number in any spelling, as E.164; what is no number is refused with the reason."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=300, **options)

    def to_python(self, value: Any) -> str | None:
        text = super().to_python(value)
        if text in self.empty_values:
            return None
        phones = parse(text)
        if phones.main is None:
            raise forms.ValidationError(refusal_text(phones.reason), code="invalid")
        return phones.main


class PhoneFilter(filters.CharFilter):
    field_class = PhoneField


class WordsField(forms.CharField):
    """A search as a list of folded words, at most ten of them."""

    def to_python(self, value: Any) -> list[str]:
        text = super().to_python(value) or ""
        self.run_validators(text)  # here, since they look at text and the result is none
        try:
            return search_words(text)
        except ValueError as error:
            raise forms.ValidationError(error.args[0], code="invalid") from error


class WordsFilter(filters.CharFilter):
    """Every word is to be found in `search_text`."""

    field_class = WordsField

    def filter(self, qs: Any, value: list[str]) -> Any:
        for word in value:
            qs = qs.filter(self.condition(word))
        return qs

    def condition(self, word: str) -> Q:
        """What one word may match."""
        return Q(search_text__contains=word)


class ContactFilter(filters.FilterSet):
    phone = PhoneFilter(label="A number in any spelling")
    search = WordsFilter(label="Words of the name, e-mail or city; all of them are to be found")

    class Meta:
        model = Contact
        fields: list[str] = []
