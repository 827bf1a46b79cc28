"""Source values that nobody recognised, and giving them a source (`domain.md`, Source)."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max

from crm.text import fold
from crm.transactions import verb
from leads.editing import map_raw_source
from leads.models import Lead
from sources.actions import add_alias
from sources.models import UNKNOWN, Source, SourceAlias
from team.models import User

MOST = 200
LIKE_ENOUGH = 0.7  # of 1, by the letters that two words share


@dataclass
class Unmapped:
    """A value as it came (its most frequent spelling), how many leads carry it, and when the last one arrived."""

    value: str
    leads: int
    last: datetime
    meant: int | None = None  # the source that it most looks like, so that one press is enough


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


def guess_sources(values: Iterable[Unmapped], sources: Iterable[Source]) -> None:
    """Say of each value which source it most looks like, if any: a slip of a name or alias, or a part of it."""
    known = {fold(source.name): source.pk for source in sources}
    for row in values:
        word = fold(row.value)
        near = difflib.get_close_matches(word, known, n=1, cutoff=LIKE_ENOUGH)
        inside = [name for name in known if len(name) > 3 and (name in word or (len(word) > 3 and word in name))]
        found = [*near, *sorted(inside, key=len, reverse=True)]
        row.meant = known[found[0]] if found else None


@verb
def name_source(value: str, source_id: int, *, by: User | None) -> int:
    """Let a value name a source from now on, and move the leads that brought it. Returns how many.

    A value too long for an alias moves its leads only. Raises what `add_alias` and `map_raw_source` do.
    """
    longest = SourceAlias._meta.get_field("value").max_length
    if longest is None or len(value) <= longest:
        add_alias(source_id, value, by=by)
    return map_raw_source(value, source_id, by=by)
