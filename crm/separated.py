"""Tables as text: which encoding and separator a file has, and its lines, whatever ends them."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation import gettext as _

from crm.limits import LONGEST_CELL, MOST_COLUMNS, Unreadable

SEPARATORS = (";", ",", "\t")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_BLOCK = 1 << 16
_LOOKED_AT = 64_000  # characters, to find the separator
# The reader's own limit is the process's; it is as long as the longest record that is read at all.
csv.field_size_limit(max(csv.field_size_limit(), 131_072))


def encoding_of(path: Path) -> str:
    """UTF-8 (with or without a mark), UTF-16 or Windows-1251. Raises Unreadable for what is no text."""
    with path.open("rb") as file:
        beginning = file.read(_BLOCK)
    for mark, name in _BOMS:
        if beginning.startswith(mark):
            return _checked(path, name)
    # UTF-16 without a mark: every other byte of Latin text, digits and separators is zero.
    if beginning[1:200:2].count(0) > 20 and not beginning[:200:2].count(0):
        return _checked(path, "utf-16-le")
    if beginning[:200:2].count(0) > 20 and not beginning[1:200:2].count(0):
        return _checked(path, "utf-16-be")
    for name in ("utf-8", "cp1251"):
        if _is_text(path, name):
            return name
    raise Unreadable(_("This is no text: save the table as CSV in UTF-8 or Windows-1251."))


def _checked(path: Path, encoding: str) -> str:
    if not _is_text(path, encoding):
        raise Unreadable(_("This is no text: save the table as CSV in UTF-8 or Windows-1251."))
    return encoding


def _is_text(path: Path, encoding: str) -> bool:
    """Does all of the file decode, without a NUL?"""
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            while block := file.read(_BLOCK):
                if "\x00" in decoder.decode(block):
                    return False
            decoder.decode(b"", final=True)
        except UnicodeError:
            return False
    return True


def separator_of(path: Path, encoding: str) -> str:
    """The separator with which the first line has the most columns, and the following ones as many."""
    with path.open(encoding=encoding, newline="") as file:
        text = file.read(_LOOKED_AT)
    if text[:4].lower() == "sep=" and text[4:5] in SEPARATORS:
        return text[4]

    def fit(separator: str) -> tuple[int, int]:
        counts: list[int] = []
        try:
            for cells in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
                if any(cells):
                    counts.append(len(cells))
                if len(counts) == 20:
                    break
        except csv.Error:
            return 0, 0
        return (counts[0], counts.count(counts[0])) if counts else (0, 0)

    return max(SEPARATORS, key=fit)


def lines(path: Path, encoding: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """(number of the record, cells). Raises Unreadable for quotes that do not close and for what is too long."""
    with path.open(encoding=encoding, newline="") as file:
        if file.read(4).lower() != "sep=":
            file.seek(0)
        else:
            file.readline()
        number = 0
        try:
            for number, cells in enumerate(csv.reader(file, delimiter=separator, strict=True), start=1):
                _check(cells, number)
                yield number, cells
        except csv.Error as error:
            said = _("Row %(number)s cannot be read: a quotation mark is not closed, or a cell is too long.")
            raise Unreadable(said % {"number": number + 1}) from error
        except UnicodeError as error:
            raise Unreadable(_("This is no text: save the table as CSV in UTF-8 or Windows-1251.")) from error


def _check(cells: list[str], number: int) -> None:
    if len(cells) > MOST_COLUMNS and any(cells[MOST_COLUMNS:]):
        raise Unreadable(_("There are more than %(count)s columns.") % {"count": MOST_COLUMNS})
    if any(len(cell) > LONGEST_CELL for cell in cells):
        raise Unreadable(_("A cell of row %(number)s is too long.") % {"number": number})
