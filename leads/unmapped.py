"""Source values that nobody recognised, and giving them a source (`domain.md`, Source)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max

from crm.text import fold
from crm.transactions import verb
from leads.editing import map_raw_source
from leads.models import Lead
from sources.actions import add_alias
from sources.models import UNKNOWN, SourceAlias
from team.models import User

MOST = 200


@dataclass
class Unmapped:
    """A value as it came (its most frequent spelling), how many leads carry it, and when the last one arrived."""

    value: str
    leads: int
    last: datetime


def unmapped_values() -> list[Unmapped]:
    """The most frequent first, at most MOST. Spellings that differ in case or blanks are one value. One query."""
    rows = (
        Lead.objects.filter(source__code=UNKNOWN)
        .exclude(source_raw="")
        .order_by()
        .values_list("source_raw")
        .annotate(leads=Count("pk"), last=Max("created_at"))
        .order_by("-leads", "source_raw")
    )
    found: dict[str, Unmapped] = {}
    for value, leads, last in rows[: MOST * 5]:
        known = found.get(fold(value))
        if known is None:
            found[fold(value)] = Unmapped(value, leads, last)
        else:
            known.leads += leads
            known.last = max(known.last, last)
    return sorted(found.values(), key=lambda row: (-row.leads, row.value))[:MOST]


@verb
def name_source(value: str, source_id: int, *, by: User | None) -> int:
    """Let a value name a source from now on, and move the leads that brought it. Returns how many.

    A value too long for an alias moves its leads only. Raises what `add_alias` and `map_raw_source` do.
    """
    longest = SourceAlias._meta.get_field("value").max_length
    if longest is None or len(value) <= longest:
        add_alias(source_id, value, by=by)
    return map_raw_source(value, source_id, by=by)
