"""What the card of a deal needs to show its fields one by one."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _

from deals import words
from deals.actions import BLOCKS
from deals.models import Deal

register = template.Library()


@register.filter
def field_label(name: str) -> str:
    return words.label(name)


@register.filter
def field_text(deal: Deal, name: str) -> str:
    """The value of a field; empty if the deal says nothing of it."""
    return words.written(getattr(deal, name))


@register.filter
def when_empty(name: str) -> str:
    """What stands in the place of a value that is not there."""
    said = {
        "case_number": _("comes after the filing"),
        "filing_due": _("not planned"),
        "filed_on": _("not yet"),
        "hearing_1_at": _("no date yet"),
        "hearing_2_at": _("no date yet"),
        "court_manager": _("not chosen"),
    }
    return said.get(name, "—")


@register.filter
def block_of(name: str) -> str:
    """The block of the card that a field belongs to."""
    return next(block for block, names in BLOCKS.items() if name in names)


@register.filter
def block_title(block: str) -> str:
    return {"contract": _("Contract"), "payments": _("Payments"), "debts": _("Debts"), "court": _("Court")}[block]
