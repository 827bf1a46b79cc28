"""Filtering whatever carries a source by any spelling of it."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django import forms
from django.utils.translation import gettext as _

from sources.lookup import SourceLookup


class SourceField(forms.CharField):
    """A source by code, alias or name."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if text in self.empty_values:
            return None
        source = SourceLookup.read().find(text)
        if source is None:
            # With `params`: django-filter formats the message once more, and there may be a % in the text.
            raise forms.ValidationError(_("There is no such source: %(code)s"), code="invalid", params={"code": text})
        return source


class SourceFilter(filters.CharFilter):
    field_class = SourceField
