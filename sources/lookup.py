"""From whatever a form, a landing page or a file calls a source to the catalogue's row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.db import connection
from django.db.models import F

from crm.text import fold
from crm.transactions import require_transaction
from sources.models import UNKNOWN, Source

UNKNOWN_NAME = "Не определён"


@dataclass(frozen=True)
class SourceLookup:
    """The catalogue by every spelling, read once for any number of applications. One query."""

    by_spelling: dict[str, Source]
    unknown: Source

    @classmethod
    def read(cls) -> SourceLookup:
        """Codes go before aliases, aliases before names; what was merged leads to where it went."""
        kept = _kept.get()
        if kept is None:
            return cls._read()
        if not kept:
            kept.append(cls._read())
        return kept[0]

    @classmethod
    def _read(cls) -> SourceLookup:
        sources: dict[int, Source] = {}
        aliases: list[tuple[str, int]] = []
        for source in Source.objects.annotate(alias=F("aliases__folded")):
            sources[source.pk] = source
            if source.alias is not None:
                aliases.append((source.alias, source.pk))

        def present(pk: int) -> Source:
            source = sources[pk]
            while source.merged_into_id is not None:
                source = sources[source.merged_into_id]
            return source

        spellings = {fold(source.name): present(pk) for pk, source in sources.items()}
        spellings |= {folded: present(pk) for folded, pk in aliases}
        spellings |= {fold(source.code): present(pk) for pk, source in sources.items()}
        unknown = next((source for source in sources.values() if source.code == UNKNOWN), None)
        if unknown is None:  # a database without its catalogue must not lose a lead either
            unknown, _made = Source.objects.get_or_create(
                code=UNKNOWN, defaults={"name": UNKNOWN_NAME, "position": 1000}
            )
        return cls(spellings, unknown)

    @classmethod
    def read_and_hold(cls, raws: Iterable[str]) -> SourceLookup:
        """The same, with what `raws` name kept from being merged until the transaction ends (`reliability.md` C19).

        A row that is about to carry a source asks for it before it locks anything else: `merge` then either waits for
        that row and takes it along, or has already been, and the row gets the source that it led to.
        """
        require_transaction()
        names = list(raws)
        lookup = cls._read()
        if connection.vendor != "postgresql":
            return lookup  # SQLite has one writer at a time
        while not _hold(sorted({(lookup.find(raw) or lookup.unknown).pk for raw in names})):
            lookup = cls._read()
        return lookup

    def sources(self) -> list[Source]:
        """The sources that leads can be of, in the order of the catalogue."""
        found = {source.pk: source for source in self.by_spelling.values()}
        return sorted(found.values(), key=lambda source: (source.position, source.pk))

    def find(self, raw: str) -> Source | None:
        """The source that `raw` (any case, with or without blanks around) names, or None."""
        return self.by_spelling.get(fold(raw)) if raw.strip() else None


_kept: ContextVar[list[SourceLookup] | None] = ContextVar("kept", default=None)


@contextmanager
def read_once() -> Iterator[None]:
    """While it lasts, one reading of the catalogue serves all: for a page that asks for many filters."""
    token = _kept.set([])
    try:
        yield
    finally:
        _kept.reset(token)


def _hold(source_ids: list[int]) -> bool:
    """Lock sources against being merged, by the weakest lock that does it; False if one has been merged meanwhile.

    Django knows no FOR KEY SHARE, and any stronger lock would make all applications of a source wait for each other.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT merged_into_id FROM "{Source._meta.db_table}" WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE',
            [source_ids],
        )
        return all(merged_into is None for (merged_into,) in cursor.fetchall())
