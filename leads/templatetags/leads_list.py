"""What the filter bar of the list of leads offers beside the filters that are on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django import template
from django.utils import timezone

from crm import clock
from crm.templatetags.crm_format import day_short, hhmm
from leads.listing import LABELS, Leads

register = template.Library()

Option = tuple[str, str]
COLUMN_CSS = {"touches": "p2", "debt": "num", "source": "p3", "city": "p2", "changed": "p4", "meeting": "p4"}
OFFERED = ("status", "source", "responsible", "task", "junk_reason")


@register.filter
def open_filters(leads: Leads, choices: Mapping[str, Sequence[Option]]) -> list[tuple[str, str, Sequence[Option]]]:
    """(parameter, label, options) of the filters that are off."""
    return [
        (name, str(LABELS[name]), choices[name])
        for name in OFFERED
        if not leads.query.get(name) and (name != "junk_reason" or leads.query.get("status") == "junk")
    ]


@register.filter
def of(mapping: Mapping[str, object], key: str) -> object:
    """What a mapping has under a key."""
    return mapping[key]


@register.filter
def column_css(code: str) -> str:
    """Where a column of the list stands when there is little room."""
    return COLUMN_CSS.get(code, "")


@register.filter
def arrived(moment: datetime) -> str:
    """When a lead came in, for a narrow column: «12:41» today, else «23.11»."""
    today = timezone.localtime(clock.now()).date()
    return hhmm(moment) if timezone.localtime(moment).date() == today else day_short(moment)
