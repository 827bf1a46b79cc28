"""The chain of the journal: each sealed line carries a digest of itself and of the line before it.

Sealing is a job of its own, a minute behind: whoever looks at a page waits for no lock, and there is one order however
many wrote at once. A line that was changed, taken out or put in between breaks the chain; lines taken off its end are
seen by the head, which is also said in the log at each sealing, outside of the database.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from datetime import UTC, timedelta

from crm import clock
from crm.transactions import verb
from history import append_only
from history.journal import Action, digest_of_words
from history.models import JournalHead, JournalLine

logger = logging.getLogger(__name__)
PORTION = 1000  # lines sealed at once: writers on SQLite wait for no longer than that takes
LATE = timedelta(minutes=10)  # a line that waits longer says that nobody seals
_SAID = (
    *("by_id", "role", "key_id", "door", "address", "request_id"),
    *("action", "kind", "object_id", "details", "words_digest"),
)


def digest(before: str, line: JournalLine) -> str:
    """The seal of a line behind the one whose seal is `before`."""
    told = {name: getattr(line, name) for name in _SAID}
    told |= {"before": before, "place": line.place, "id": line.pk, "at": line.at.astimezone(UTC).isoformat()}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def seal() -> int:
    """Seal what waits. Returns how many lines."""
    done = 0
    while portion := _seal_portion():
        done += portion
    return done


@verb
def _seal_portion() -> int:
    JournalHead.objects.get_or_create(pk=1)
    head = JournalHead.objects.select_for_update().get(pk=1)
    lines = list(JournalLine.objects.filter(place__isnull=True).order_by("pk")[:PORTION])
    for line in lines:
        line.place = head.place + 1
        line.digest = digest(head.digest, line)
        head.place, head.digest = line.place, line.digest
    if lines:
        JournalLine.objects.bulk_update(lines, ["place", "digest"], batch_size=200)
        head.save(update_fields=["place", "digest"])
        logger.info("the journal is sealed up to %s %s", head.place, head.digest)
    return len(lines)


def check(*, known_head: str = "") -> Iterator[str]:
    """A sentence for each thing that is wrong. `known_head`: place and seal that a log or a paper remembers, `12:ab…`.

    Reads all lines once; people may work meanwhile.
    """
    head = JournalHead.current()
    erased: set[int] = set()
    for details in JournalLine.objects.filter(action=Action.ERASED).values_list("details", flat=True):
        erased.update(details.get("lines", ()))
    remembered = dict([_read_head(known_head)]) if known_head else {}
    before, expected = "", 1
    for line in JournalLine.objects.filter(place__isnull=False, place__lte=head.place).order_by("place").iterator(2000):
        if line.place != expected:
            missing = f"{expected}" if line.place == expected + 1 else f"{expected} to {(line.place or 0) - 1}"
            yield f"Taken out: place {missing}."
            expected = line.place or 0
        elif line.digest != digest(before, line):
            yield f"Changed: line {line.pk} at place {line.place} is not what was sealed there."
        yield from _wrong_words(line, erased)
        if remembered.get(line.place or 0, line.digest) != line.digest:
            yield f"Changed: place {line.place} is not what it was when its seal was noted."
        remembered.pop(line.place or 0, None)
        before, expected = line.digest, expected + 1
    if expected - 1 != head.place or before != head.digest:
        yield f"Cut off: the chain ends at place {expected - 1}, its head says {head.place}."
    for place in remembered:
        yield f"Cut off: place {place} was sealed once and is not there."
    behind = list(JournalLine.objects.filter(place__gt=head.place).order_by("place")[:20])
    end = JournalHead.current().place  # lines may have been sealed meanwhile
    for line in behind:
        if (line.place or 0) > end:
            yield f"Put in: line {line.pk} claims place {line.place}, behind the end of the chain."
    waiting = JournalLine.objects.filter(place__isnull=True, at__lt=clock.now() - LATE).count()
    if waiting:
        yield f"Not sealed: {waiting} lines wait; look whether the worker runs, or run `manage.py journal seal`."
    if not append_only.is_guarded():
        yield "Not guarded: the database would let lines be changed; run `manage.py journal guard`."


def _wrong_words(line: JournalLine, erased: set[int]) -> Iterator[str]:
    if line.salt:
        if digest_of_words(line.salt, line.words) != line.words_digest:
            yield f"Changed: the words of line {line.pk} are not those that were written."
    elif line.words or (line.words_digest and line.pk not in erased):
        yield f"Changed: the words of line {line.pk} were taken away, and no erasure tells of it."


def _read_head(known: str) -> tuple[int, str]:
    place, _, seal_there = known.partition(":")
    return int(place), seal_there


def head() -> str:
    """The end of the chain as `place:digest`, to be noted where nobody who writes the database can reach."""
    return str(JournalHead.current())


@verb
def erase_words(lines: list[int]) -> int:
    """Take the words of these lines away, with the salt. The caller writes the line that says so."""
    return JournalLine.objects.filter(pk__in=lines).exclude(salt="").update(words="", salt="")
