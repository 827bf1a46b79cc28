"""Workbooks (XLSX): the first sheet that is shown, as texts. Stored values only, within limits, nothing is run.

A workbook is an archive of XML, so it may be a bomb, hold macros, or ask for other files: it is looked through before
the library opens it.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from xml.etree.ElementTree import ParseError, parse

from django.utils.translation import gettext as _
from openpyxl import Workbook, load_workbook

from crm.limits import LONGEST_CELL, MOST_COLUMNS, MOST_UNPACKED, Unreadable

_MOST_PARTS = 1000
_MOST_TEXTS = 64_000_000  # bytes of the shared texts, which the library keeps in memory
_MOST_SEEN = 200_000  # rows, empty ones among them
_ENTITIES = re.compile(rb"<!(?:DOCTYPE|ENTITY)|<\x00!\x00[DE]\x00|\x00<\x00!\x00[DE]")
_ERROR = re.compile(r"#(?:N/A|REF!|NAME\?|VALUE!|DIV/0!|NULL!|NUM!)")
_BROKEN = (
    zipfile.BadZipFile,
    ParseError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    OSError,
    EOFError,
)


def check(path: Path) -> str:
    """The name of the sheet to be read. Raises Unreadable for what is no workbook or no harmless one."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_parts(archive)
            return _first_shown(archive)
    except _BROKEN as error:
        raise Unreadable(_("The workbook is damaged. Open it and save it anew.")) from error


def _first_shown(archive: zipfile.ZipFile) -> str:
    """The first sheet that is shown, read from the list of sheets: the library would read all texts for it."""
    with archive.open("xl/workbook.xml") as file:
        sheets = [part.attrib for part in parse(file).iter() if part.tag.endswith("}sheet")]
    shown = [sheet for sheet in sheets if sheet.get("state", "visible") == "visible"] or sheets
    if not shown:
        raise Unreadable(_("There is no sheet in the workbook."))
    return shown[0]["name"]


@contextmanager
def _opened(path: Path) -> Iterator[Workbook]:
    """The workbook, read as it is asked for; by an open file, since the library judges files by their names."""
    with path.open("rb") as file:
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        try:
            yield book
        finally:
            book.close()


def _check_parts(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    names = {part.filename.lower() for part in parts}
    if "xl/workbook.xml" not in names:
        raise Unreadable(_("This is an archive, but no workbook."))
    if any(part.flag_bits & 1 for part in parts):
        raise Unreadable(_("This is an old .xls or has a password. Save it as XLSX without one."))
    if any("vbaproject" in name for name in names):
        raise Unreadable(_("There are macros in the workbook. Save it as XLSX without them."))
    texts = sum(part.file_size for part in parts if part.filename.lower() == "xl/sharedstrings.xml")
    others = sum(part.file_size for part in parts if not part.filename.lower().startswith("xl/worksheets/")) - texts
    # The sizes are the archive's own words, but no part is unpacked further than they say.
    if (
        len(parts) > _MOST_PARTS
        or sum(part.file_size for part in parts) > MOST_UNPACKED
        or max(texts, others) > _MOST_TEXTS
    ):
        said = _("Unpacked, the workbook is larger than %(count)s MB. Divide the table.")
        raise Unreadable(said % {"count": MOST_UNPACKED // 1_000_000})
    for part in parts:
        if part.filename.lower().endswith((".xml", ".rels")):
            with archive.open(part) as file:
                if _ENTITIES.search(file.read(8192)):
                    raise Unreadable(_("The workbook asks for other files. Save it anew as XLSX."))


def lines(path: Path, sheet: str) -> Iterator[tuple[int, list[str]]]:
    """(number of the row, cells) of the sheet. Raises Unreadable."""
    try:
        with _opened(path) as book:
            table = book[sheet]
            table.reset_dimensions()  # the sheet's own word for its size may be a million columns
            for number, values in enumerate(table.iter_rows(values_only=True), start=1):
                if number > _MOST_SEEN:
                    raise Unreadable(_("There are too many empty rows in the sheet."))
                yield number, _texts(values, number)
    except _BROKEN as error:
        raise Unreadable(_("The workbook is damaged. Open it and save it anew.")) from error


def _texts(values: tuple[object, ...], number: int) -> list[str]:
    if len(values) > MOST_COLUMNS and any(value is not None for value in values[MOST_COLUMNS:]):
        raise Unreadable(_("There are more than %(count)s columns.") % {"count": MOST_COLUMNS})
    cells = [text_of(value) for value in values[:MOST_COLUMNS]]
    if any(len(cell) > LONGEST_CELL for cell in cells):
        raise Unreadable(_("A cell of row %(number)s is too long.") % {"number": number})
    return cells


def text_of(value: object) -> str:
    """A cell's value as a text: whole numbers without a tail, moments as ISO, what is an error as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e18 else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    text = str(value)
    return "" if _ERROR.fullmatch(text) else text
