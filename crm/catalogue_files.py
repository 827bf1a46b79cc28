"""Plain catalogues as files: a row that comes in passes the very form by which an administrator edits it.

So whatever the admin's form refuses, a file cannot bring in either. A row is known by its `key`; columns that a file
leaves out stay as they are, and no row is taken away. Which catalogues there are is said in the `resources.py` of apps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db import models
from django.forms.models import model_to_dict
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext as _

from crm.errors import Invalid
from crm.resources import VerbResource, yes_or_no
from crm.text import clean, fold
from team.models import User


def labels_of(model: type[models.Model], names: Iterable[str]) -> dict[str, Any]:
    """The headings of these fields: what the model calls them."""
    return {name: model._meta.get_field(name).verbose_name for name in names}  # type: ignore[union-attr]


class CatalogueResource(VerbResource):
    """Choices are written by their codes and read by these or by their names in any language; other rows by code."""

    key: tuple[str, ...] = ("code",)

    def take(self, row: Mapping[str, Any], *, by: User) -> tuple[models.Model | None, bool]:
        if not row:
            return None, False
        known = {name: self._value(name, row.get(name, "")) for name in self.key}
        instance = self._meta.model._default_manager.filter(**known).first()
        return self.write(self._meta.model, instance, {**known, **row}, by=by), instance is None

    def write(self, model: Any, instance: models.Model | None, given: Mapping[str, Any], *, by: User) -> models.Model:
        """Change or make a row by the admin's form, from texts by field. Raises Invalid."""
        request = HttpRequest()
        request.user = by
        form_class = admin.site.get_model_admin(model).get_form(request, instance, change=instance is not None)
        fields = form_class.base_fields
        stored = {name: value for name, value in model_to_dict(instance or model()).items() if value is not None}
        read = {name: self._read(name, fields[name], value) for name, value in given.items() if name in fields}
        form = form_class({**stored, **read}, instance=instance)
        if not form.is_valid():
            raise Invalid({name: [str(said) for said in errors] for name, errors in form.errors.items()})
        written: models.Model = form.save()
        return written

    def _value(self, name: str, text: Any) -> Any:
        """A value of the key, as the table has it. Raises Invalid if there is none."""
        field = self._meta.model._meta.get_field(name)
        if not clean(str(text)):
            raise Invalid({name: _("Empty: %(column)s") % {"column": self.labels[name]}})
        form_field = field.formfield()
        read = self._read(name, form_field, text) if form_field else text
        try:
            return form_field.clean(read) if form_field else read
        except forms.ValidationError as error:
            raise Invalid({name: [f"{self.labels[name]}: {said}" for said in error.messages]}) from error

    def _read(self, name: str, field: Any, value: Any) -> Any:
        """What a text of the file is to the field of a form."""
        if isinstance(value, models.Model):
            return value.pk
        if not isinstance(value, str):
            return value
        if isinstance(field, forms.BooleanField):
            return yes_or_no(value, name)
        if isinstance(field, forms.ModelChoiceField):
            wanted = fold(value)
            found = [
                row.pk for row in field.queryset or () if wanted in (fold(getattr(row, "code", "")), fold(str(row)))
            ]
            return found[0] if found else value
        if isinstance(field, forms.DecimalField):
            return "".join(value.split()).replace(",", ".")
        if isinstance(field, forms.ChoiceField):
            return _code_of(field, value)
        return value


def _code_of(field: Any, value: str) -> str:
    """The code of a choice that is given by its code, or by its name in any of the languages."""
    wanted = fold(value)
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            for code, label in field.choices:
                if wanted in (fold(str(code)), fold(str(label))):
                    return str(code)
    return value
