"""Words of a lead's card."""

from __future__ import annotations

from django import template

from leads.models import Lead

register = template.Library()


@register.filter
def field_name(name: str) -> str:
    """What a field of a lead is called, in the reader's language."""
    return str(Lead._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
