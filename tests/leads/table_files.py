"""Table files for tests of imports, and the worker's part done here and now."""

import io
from collections.abc import Sequence

from openpyxl import Workbook

from leads.incoming import carry_in
from leads.models import ImportFile
from leads.uploads import start, upload
from team.models import User


def csv_text(rows: Sequence[Sequence[object]], separator: str = ";") -> str:
    def cell(value: object) -> str:
        text = str(value)
        return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in f'{separator}"\r\n') else text

    return "".join(separator.join(map(cell, row)) + "\r\n" for row in rows)


def workbook(rows: Sequence[Sequence[object]]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(list(row))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def checked(content: bytes | str, *, by: User, name: str = "leads.csv", kind: str = "leads") -> ImportFile:
    """The file uploaded and looked through."""
    file = upload([content.encode() if isinstance(content, str) else content], name=name, kind=kind, by=by)
    while carry_in():
        pass
    file.refresh_from_db()
    return file


def taken(content: bytes | str, *, by: User, name: str = "leads.csv", kind: str = "leads") -> ImportFile:
    """The file taken in."""
    file = checked(content, by=by, name=name, kind=kind)
    assert file.is_checked, file.trouble
    start(file.pk, by=by)
    while carry_in():
        pass
    file.refresh_from_db()
    return file


def counts(file: ImportFile) -> tuple[int, int, int, int]:
    """(new, duplicates, here already, refused)"""
    return file.new, file.repeats, file.known, file.refused
