"""Files on their way in: uploaded, looked through, and taken in portion by portion by a worker (`crm/errands.py`).

A portion's rows, what became of them, and how far the file has come are one transaction: whatever is killed whenever,
new + duplicate + here already + refused are the rows, and nothing is taken in twice (`reliability.md` F19, I01).
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from django.utils import translation
from django.utils.translation import gettext as _

from contacts.resources import ContactResource
from crm import private_files, tables
from crm.errands import Errand, drive, finish, keep, release
from crm.nudges import CARRY_FILES, nudge
from crm.resources import Context, Row, VerbResource, Verdict
from crm.transactions import verb
from deals.resources import DocumentResource, StageResource
from leads.catalogue_resources import MessengerResource, OfficeResource, ScriptResource, TemplateResource
from leads.former_resource import FormerLeadResource
from leads.models import ImportFile, RefusedRow
from leads.resources import LeadResource
from sources.resources import SourceResource, SpendResource
from tasks.resources import SpecialDayResource, TaskRuleResource
from team.models import User
from team.roles import Right, may

RESOURCES: dict[str, type[VerbResource]] = {
    ImportFile.Kind.LEADS: LeadResource,
    ImportFile.Kind.BITRIX24: FormerLeadResource,
    ImportFile.Kind.CONTACTS: ContactResource,
    ImportFile.Kind.SOURCES: SourceResource,
    ImportFile.Kind.SPENDS: SpendResource,
    ImportFile.Kind.STAGES: StageResource,
    ImportFile.Kind.DOCUMENTS: DocumentResource,
    ImportFile.Kind.RULES: TaskRuleResource,
    ImportFile.Kind.DAYS: SpecialDayResource,
    ImportFile.Kind.OFFICES: OfficeResource,
    ImportFile.Kind.SCRIPTS: ScriptResource,
    ImportFile.Kind.MESSENGERS: MessengerResource,
    ImportFile.Kind.TEMPLATES: TemplateResource,
}
PORTION = 200  # rows taken in at once: half a second of the one writer that SQLite has
LOOKED_AT = 1000  # rows looked through at once
SLICE = 20.0  # seconds that one run of the job works on a file before others have their turn
SAMPLE = 20
MOST_REASONS, MOST_NAMED = 200, 10  # reasons that are kept before anything is stored, and rows named for each
_ROWS = ".rows"
T = TypeVar("T")


def may_import(by: User | None) -> bool:
    """Who brings files in (`reliability.md` A15)."""
    return may(by, Right.IMPORT)


def resource_of(file: ImportFile) -> VerbResource:
    """The rules for the rows of a file."""
    return RESOURCES[file.kind]()


def carry_in(*, seconds: float = SLICE) -> bool:
    """Work on uploaded files, the oldest first, for some seconds. Returns whether there is more to do."""
    until = time.monotonic() + seconds
    drive(ImportFile, lambda file: _carry(file, until), until=until)
    return ImportFile.objects.filter(state__in=(Errand.State.WAITING, Errand.State.RUNNING)).exists()


def _carry(file: ImportFile, until: float) -> None:
    with translation.override(file.by.language):
        if not may_import(file.by):
            finish(file, trouble=_("You may not bring files in any more."))
            return
        try:
            _check(file) if file.step == ImportFile.Step.CHECK else _take(file, until)
        except tables.Unreadable as error:
            finish(file, trouble=str(error))
        except FileNotFoundError:
            finish(file, trouble=_("The file is no longer there. Choose it once more."))


# --- looking through


def _check(file: ImportFile) -> None:
    """Read the whole file, tell what each row would become, and store nothing of it."""
    resource, seen = resource_of(file), _nothing_seen()
    digest = _unpack(file)
    context = Context(file.by, digest, file.meanings)
    counts: Counter[str] = Counter()
    first: list[list[Any]] = []
    refused: dict[str, list[int]] = {}
    for portion in portions(_read_rows(file), LOOKED_AT):
        rows = [resource.read(number, cells, file.columns) for number, cells in portion]
        outcomes = resource.judge_all(rows, context, seen)
        counts.update(outcome.verdict for outcome in outcomes)
        for (number, cells), outcome in zip(portion, outcomes, strict=True):
            shown = [number, [cell[:200] for cell in cells], outcome.verdict, outcome.reason]
            if len(first) < SAMPLE:
                first.append(shown)
            if outcome.verdict == Verdict.REFUSED and (outcome.reason in refused or len(refused) < MOST_REASONS):
                refused.setdefault(outcome.reason, []).append(number)
        _progress(file, done=sum(counts.values()))
    finish(
        file,
        digest=digest,
        total=sum(counts.values()),
        done=sum(counts.values()),
        sample={"rows": first, "refused": _reasons(refused)},
        unknown=_unknown(resource),
        **_counts(counts),
    )


def _reasons(refused: dict[str, list[int]]) -> list[list[Any]]:
    """The most frequent first: reason, rows, the first of them."""
    by_count = sorted(refused.items(), key=lambda pair: -len(pair[1]))
    return [[reason, len(numbers), numbers[:MOST_NAMED]] for reason, numbers in by_count[:SAMPLE]]


def _unpack(file: ImportFile) -> str:
    """Write the rows of the upload down as plain lines, once; returns their digest, whatever the file's encoding."""
    path = private_files.path_of(file.stored)
    plain, part = path.with_suffix(_ROWS), path.with_suffix(".part")
    if not plain.exists():
        total = 0
        with part.open("w", encoding="utf-8") as lines:
            for portion in portions(tables.rows(path, tables.Layout.of(file.layout)), LOOKED_AT):
                for row in portion:
                    lines.write(json.dumps(row, ensure_ascii=False) + "\n")
                total += len(portion)
                _progress(file, done=0, total=total)
        part.rename(plain)
    with plain.open("rb") as lines:
        return hashlib.file_digest(lines, "sha256").hexdigest()


def _read_rows(file: ImportFile, place: int = 0) -> Iterator[tuple[int, list[str]]]:
    """(number, cells) of the rows behind `place`."""
    with private_files.path_of(file.stored).with_suffix(_ROWS).open(encoding="utf-8") as lines:
        for line in islice(lines, place, None):
            number, cells = json.loads(line)
            yield number, cells


@verb
def _progress(file: ImportFile, **changes: Any) -> None:
    keep(file, **changes)


def _unknown(resource: VerbResource) -> dict[str, list[list[Any]]]:
    found = getattr(resource, "unknown", {})
    return {name: [list(pair) for pair in counts.most_common(100)] for name, counts in found.items() if counts}


# --- taking in


def _take(file: ImportFile, until: float) -> None:
    """Take the rows in, from where it has come to. Late rows (`is_late`) go in a second round over the file."""
    resource = resource_of(file)
    context = Context(file.by, file.digest, file.meanings)
    rounds = 2 if isinstance(resource, FormerLeadResource) else 1
    while file.place < rounds * file.total:
        late = file.place >= file.total
        for portion in portions(_read_rows(file, file.place - late * file.total), PORTION):
            rows = [(cells, resource.read(number, cells, file.columns)) for number, cells in portion]
            if rounds > 1:
                rows = [(cells, row) for cells, row in rows if resource.is_late(row) == late]
            _take_portion(file, resource, rows, context, place=file.place + len(portion))
            if time.monotonic() > until and file.place < rounds * file.total:
                release(file)
                nudge(CARRY_FILES)
                return
    finish(file)


@verb
def _take_portion(
    file: ImportFile, resource: VerbResource, rows: Sequence[tuple[list[str], Row]], context: Context, *, place: int
) -> None:
    """Rows, what became of them, and the place behind them: together or not at all."""
    keep(file)
    present = ImportFile.objects.get(pk=file.pk)
    outcomes = resource.take_portion([row for _cells, row in rows], context) if rows else []
    RefusedRow.objects.bulk_create(
        RefusedRow(file=file, number=row.number, cells=cells, reason=outcome.reason)
        for (cells, row), outcome in zip(rows, outcomes, strict=True)
        if outcome.verdict == Verdict.REFUSED
    )
    counted = _counts(Counter(outcome.verdict for outcome in outcomes))
    added: dict[str, Any] = {name: getattr(present, name) + count for name, count in counted.items()}
    keep(file, place=place, done=present.done + len(outcomes), beginnings=0, **added)


def _nothing_seen() -> dict[str, set[Any]]:
    return {"numbers": set(), "ids": set(), "open": set()}


def _counts(counts: Counter[str]) -> dict[str, Any]:
    return {
        "new": counts[Verdict.NEW],
        "repeats": counts[Verdict.REPEAT],
        "known": counts[Verdict.KNOWN],
        "refused": counts[Verdict.REFUSED],
    }


def portions(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    """The rows by `size`."""
    rows = iter(rows)
    while portion := list(islice(rows, size)):
        yield portion


def stored_files(file: ImportFile) -> list[Path]:
    """What is kept of it below the private folder."""
    path = private_files.path_of(file.stored)
    return [path, path.with_suffix(_ROWS), path.with_suffix(".part")]
