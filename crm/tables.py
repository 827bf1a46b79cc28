"""Tables that somebody uploads: what kind of file it is, its headings, and its rows as texts, one after the other.

Nothing in a file is trusted (`reliability.md` I03-I07): it is read in a stream within limits, and what cannot be read
is refused with a sentence. What the columns mean is others' business; how CSV and XLSX are read, `crm.separated`'s and
`crm.workbooks`'.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from django.utils.translation import gettext as _

from crm import separated, workbooks
from crm.limits import MOST_BYTES, MOST_COLUMNS, MOST_ROWS, Unreadable
from crm.text import clean

__all__ = ["MOST_BYTES", "MOST_COLUMNS", "MOST_ROWS", "Head", "Layout", "Unreadable", "look", "rows"]

CSV, XLSX = "csv", "xlsx"
SAMPLE = 20  # rows that are shown before anything is stored
_SUFFIXES = {".csv": CSV, ".txt": CSV, ".tsv": CSV, ".xlsx": XLSX}
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True)
class Layout:
    """How a file is to be read."""

    kind: str
    encoding: str = ""
    separator: str = ""
    sheet: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, said: dict[str, Any]) -> Self:
        return cls(**said)


@dataclass(frozen=True)
class Head:
    """The beginning of a file: its headings, and up to SAMPLE rows as (number in the file, cells)."""

    layout: Layout
    headers: list[str]
    sample: list[tuple[int, list[str]]] = field(default_factory=list)


def look(path: Path, name: str) -> Head:
    """The kind of the file, judged by its contents, its headings and first rows. `name` is what its owner calls it.

    Raises Unreadable, with a sentence in the active language.
    """
    layout = _layout(path, name)
    table = _lines(path, layout)
    headers = next(([clean(cell) for cell in cells] for _number, cells in table if any(cells)), None)
    if headers is None:
        raise Unreadable(_("The file is empty."))
    while headers and not headers[-1]:
        headers.pop()
    if len(headers) > MOST_COLUMNS:
        raise Unreadable(_("There are more than %(count)s columns.") % {"count": MOST_COLUMNS})
    sample: list[tuple[int, list[str]]] = []
    for number, cells in table:
        if any(cells):
            sample.append((number, cells))
        if len(sample) == SAMPLE:
            break
    if not sample:
        raise Unreadable(_("There are no rows below the headings."))
    return Head(layout, headers, sample)


def rows(path: Path, layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """The rows below the headings as (number in the file, cells); empty ones are left out. Raises Unreadable."""
    table = _lines(path, layout)
    for _number, cells in table:
        if any(cells):
            break
    for count, (number, cells) in enumerate(((number, cells) for number, cells in table if any(cells)), start=1):
        if count > MOST_ROWS:
            raise Unreadable(_("There are more than %(count)s rows. Divide the file.") % {"count": MOST_ROWS})
        yield number, cells


def _layout(path: Path, name: str) -> Layout:
    expected = _SUFFIXES.get(Path(name).suffix.lower())
    if expected is None:
        raise Unreadable(_("Choose a file of the kind CSV or XLSX."))
    if path.stat().st_size > MOST_BYTES:
        raise Unreadable(_("The file is larger than %(count)s MB.") % {"count": MOST_BYTES // 1_000_000})
    with path.open("rb") as file:
        beginning = file.read(8)
    if not beginning:
        raise Unreadable(_("The file is empty."))
    if beginning == _OLE:
        raise Unreadable(_("This is an old .xls or has a password. Save it as XLSX without one."))
    if beginning.startswith(_ZIP) and expected == CSV:
        raise Unreadable(_("The file is named as CSV, but is a workbook. Name it .xlsx."))
    if expected == XLSX:
        if not beginning.startswith(_ZIP):
            raise Unreadable(_("The file is named .xlsx, but is no workbook."))
        return Layout(XLSX, sheet=workbooks.check(path))
    encoding = separated.encoding_of(path)
    return Layout(CSV, encoding, separated.separator_of(path, encoding))


def _lines(path: Path, layout: Layout) -> Iterator[tuple[int, list[str]]]:
    lines = (
        workbooks.lines(path, layout.sheet)
        if layout.kind == XLSX
        else separated.lines(path, layout.encoding, layout.separator)
    )
    for number, cells in lines:
        yield number, [_storable(cell) for cell in cells]


def _storable(cell: str) -> str:
    """Without what no database takes; the rest is for those who know what the cell is."""
    return (
        cell if cell.isascii() and "\x00" not in cell else cell.encode("utf-8", "ignore").decode().replace("\x00", "")
    )
