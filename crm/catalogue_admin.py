"""Catalogues in the admin that say where they are used: counts that lead to the rows, and what a change will affect.

What uses a catalogue lies in apps above it, so it is known by the name of its relation only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import admin
from django.db import models
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm.admin import PageAdmin


@dataclass(frozen=True)
class Use:
    """Rows of `relation` that carry a row of the catalogue; `address` lists them by its `code` or `pk`."""

    relation: str
    label: Any
    address: str

    def count(self, row: Any) -> int:
        """How many, as `uses_of` has counted."""
        return int(getattr(row, f"{self.relation}_count", 0))

    def link(self, row: Any) -> SafeString | str:
        """The number, leading to the rows; a bare 0."""
        number = self.count(row)
        if not number:
            return "0"
        where = self.address.format(pk=row.pk, code=getattr(row, "code", ""))
        return format_html('<a href="{}">{}</a>', where, number)


def uses_of(rows: QuerySet[Any], uses: Sequence[Use]) -> QuerySet[Any]:
    """The rows with their counts, each as a subquery: joins would multiply them by each other."""
    return rows.annotate(**{f"{use.relation}_count": _counted(rows.model, use.relation) for use in uses})


def _counted(model: type[models.Model], relation: str) -> Coalesce:
    field: Any = model._meta.get_field(relation)
    name = field.field.name
    carried = field.related_model._default_manager.order_by().filter(**{name: OuterRef("pk")}).values(name)
    return Coalesce(Subquery(carried.annotate(rows=Count("pk")).values("rows"), output_field=IntegerField()), 0)


class UsedAdmin(PageAdmin):
    """A catalogue whose rows are used: in use they are not deleted, and their form says what a change affects."""

    uses: ClassVar[tuple[Use, ...]] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return uses_of(super().get_queryset(request), self.uses)

    @admin.display(description=_("in use"))
    def in_use(self, row: Any) -> SafeString | str:
        """Each use with its number; on the form, what a change of this row will be seen in."""
        if not any(use.count(row) for use in self.uses):
            return gettext("not in use yet")
        return format_html_join(" · ", "{}: {}", ((use.label, use.link(row)) for use in self.uses))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None or not any(use.count(obj) for use in self.uses)
