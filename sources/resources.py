"""The source catalogue as a file, a row a source with its aliases, and what was spent on each by month."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from import_export.fields import Field

from crm.catalogue_files import CatalogueResource, labels_of
from crm.errors import Invalid
from crm.resources import VerbResource, yes_or_no
from crm.text import clean
from sources.actions import FIELDS, add_alias, write_source
from sources.models import Source, SourceSpend
from team.models import User

SEPARATOR = ";"


class SourceResource(VerbResource):
    """Columns that a file leaves out stay as they are; aliases are added, none is taken away."""

    labels = {
        "code": gettext_lazy("Code"),
        "name": gettext_lazy("Source name"),
        "channel": gettext_lazy("Channel"),
        "active": gettext_lazy("Active"),
        "position": gettext_lazy("Order"),
        "bitrix24_id": gettext_lazy("Bitrix24 id"),
        "aliases": gettext_lazy("Aliases"),
    }
    spellings = {
        "code": (),
        "name": ("Имя", "Источник"),
        "channel": (),
        "active": ("Включён",),
        "position": (),
        "bitrix24_id": ("Битрикс24",),
        "aliases": ("Алиасы",),
    }
    needed = ("code",)
    aliases = Field(column_name="aliases")

    class Meta:
        model = Source
        import_id_fields = ("code",)
        fields = ("code", "name", "channel", "active", "position", "bitrix24_id", "aliases")
        export_order = fields

    def get_queryset(self) -> Any:
        return super().get_queryset().prefetch_related("aliases")

    def dehydrate_aliases(self, source: Source) -> str:
        return f"{SEPARATOR} ".join(alias.value for alias in source.aliases.all())

    def take(self, row: Mapping[str, Any], *, by: User) -> tuple[Source | None, bool]:
        given = {name: clean(_text(value)) for name, value in row.items()}
        if not any(given.values()):
            return None, False
        if not given.get("code"):
            raise Invalid({"code": _("A source needs a code")})
        fields: dict[str, Any] = {name: given[name] for name in FIELDS if name in given}
        if "active" in fields:
            fields["active"] = yes_or_no(fields["active"], "active")
        if "position" in fields:
            fields["position"] = _place(fields["position"])
        source, is_new = write_source(given["code"], fields, by=by)
        for alias in given.get("aliases", "").split(SEPARATOR):
            if alias.strip():
                add_alias(source.pk, alias, by=by)
        return source, is_new


class SpendResource(CatalogueResource):
    """A row is what was paid for a source in a month; the same month again corrects it."""

    labels = labels_of(SourceSpend, ("source", "year", "month", "amount"))
    spellings = {"source": ("Источник",), "year": (), "month": (), "amount": ("Сумма", "Расход", "Spent")}
    needed = ("source",)
    key = ("source", "year", "month")
    source = Field(column_name="source", attribute="source__code")

    class Meta:
        model = SourceSpend
        import_id_fields = ("source", "year", "month")
        fields = ("source", "year", "month", "amount")
        export_order = fields


def _text(value: object) -> str:
    """A cell as text: guards of an earlier export and the tail of a whole number are taken off."""
    if value is None:
        return ""
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    return text.removeprefix("'")


def _place(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) <= 32_767):
        raise Invalid({"position": _("The order is a whole number from 0 to 32767: %(value)s") % {"value": text}})
    return int(text)
