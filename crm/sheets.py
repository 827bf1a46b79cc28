"""Tables as files: XLSX and CSV in which nothing that somebody typed can act as a formula.

Knows nothing of what the table says; a report or a list brings rows and gets bytes, or has them written to a file.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import IO

from django.utils import timezone
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from crm.errors import Invalid
from crm.spreadsheets import bounded, is_formula, plain
from crm.text import clean

Cell = str | int | float | Decimal | date | datetime | None


class Format(StrEnum):
    XLSX = "xlsx"
    CSV = "csv"

    @property
    def content_type(self) -> str:
        """What the browser is told that the file is."""
        if self == Format.CSV:
            return "text/csv; charset=utf-8"
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


_SHEET_NAME = re.compile(r"[\[\]:*?/\\]")


@dataclass(frozen=True)
class Table:
    """What a file holds: `description` (the filters; may be empty) in its first row, then headings, rows and totals."""

    title: str
    description: str
    headings: Sequence[str]
    rows: Iterable[Sequence[Cell]]
    totals: Sequence[Cell] = ()


def read_format(params: Mapping[str, str]) -> Format | None:
    """The parameter `export`; None without it. Raises Invalid for another word than those of Format."""
    given = params.get("export")
    if not given:
        return None
    try:
        return Format(given)
    except ValueError as error:
        raise Invalid({"export": _("One of: %(words)s") % {"words": ", ".join(Format)}}) from error


def to_file(table: Table, kind: Format) -> bytes:
    """The file of that kind."""
    return to_xlsx(table) if kind == Format.XLSX else to_csv(table)


def to_xlsx(table: Table) -> bytes:
    """A workbook of one sheet. Numbers and dates stay what they are, text is text whatever it begins with."""
    file = io.BytesIO()
    write_xlsx(table, file)
    return file.getvalue()


def write_xlsx(table: Table, file: IO[bytes]) -> None:
    """The same into a file, row by row: memory does not grow with the table."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_SHEET_NAME.sub(" ", table.title)[:31])
    sheet.freeze_panes = "A3" if table.description else "A2"
    widths = [max(12, min(60, len(heading) + 4)) for heading in table.headings]
    if widths:
        widths[0] = 32 if table.description else widths[0]
    for position, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(position)].width = width
    if table.description:
        sheet.append(_cells(sheet, [table.description]))
    sheet.append(_cells(sheet, table.headings, bold=True))
    for row in table.rows:
        sheet.append(_cells(sheet, row))
    if table.totals:
        sheet.append(_cells(sheet, table.totals, bold=True))
    book.save(file)


def to_csv(table: Table) -> bytes:
    """Semicolons and a byte order mark: what Russian spreadsheets open by a double click. Lines end with CR LF."""
    file = io.BytesIO()
    write_csv(table, file)
    return file.getvalue()


def write_csv(table: Table, file: IO[bytes]) -> None:
    """The same into a file, row by row."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    if table.description:
        writer.writerow([_csv_value(table.description)])
    writer.writerow([_csv_value(heading) for heading in table.headings])
    for row in table.rows:
        writer.writerow([_csv_value(value) for value in row])
    if table.totals:
        writer.writerow([_csv_value(value) for value in table.totals])
    text.flush()
    text.detach()


def write(table: Table, kind: Format, file: IO[bytes]) -> None:
    """The file of that kind, into an open one."""
    (write_xlsx if kind == Format.XLSX else write_csv)(table, file)


def _cells(sheet: WriteOnlyWorksheet, row: Sequence[Cell], *, bold: bool = False) -> list[WriteOnlyCell]:
    return [_cell(sheet, value, bold=bold) for value in row]


def _cell(sheet: WriteOnlyWorksheet, value: Cell, *, bold: bool) -> WriteOnlyCell:
    if isinstance(value, datetime):
        value = timezone.localtime(value).replace(tzinfo=None)  # spreadsheets know no zones
    elif isinstance(value, str):
        value = bounded(clean(value, multiline=True))
    cell = WriteOnlyCell(sheet, value)
    if isinstance(value, str):
        # openpyxl takes what begins with "=" for a formula and "#N/A" for an error. The quote prefix is the sheet's own
        # mark of a text: without it a formula would come alive when somebody edits the cell.
        cell.data_type = "s"
        cell.quotePrefix = int(is_formula(value))
    if bold:
        cell.font = Font(bold=True)
    return cell


def _csv_value(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%d.%m.%Y %H:%M")
    if isinstance(value, date):
        return value.strftime("%d.%m.%Y")
    if isinstance(value, float | Decimal):
        return str(value).replace(".", ",")
    if isinstance(value, int):
        return str(value)
    return plain(value)
