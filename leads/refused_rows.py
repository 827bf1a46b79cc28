"""The rows of a file that were refused, as a file again: the columns they came with, and why, so that the same file can
be brought in once more after it was put right.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import IO

from django.utils.translation import gettext as _

from crm.sheets import Cell, Format, Table, write
from leads.models import ImportFile

IN_MEMORY = 5_000_000  # bytes; more goes to a file of the system that is gone when it is closed


def refused_rows_file(file: ImportFile, kind: Format) -> IO[bytes]:
    """An open file, read from its beginning. The caller closes it."""
    headers = [str(header) for header in file.headers]
    table = Table(
        title=_("Refused rows"),
        description="",
        headings=[*headers, _("Row of the file"), _("Why it was refused")],
        rows=_rows(file, len(headers)),
    )
    target = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the answer closes it
    write(table, kind, target)
    target.seek(0)
    return target


def _rows(file: ImportFile, width: int) -> Iterator[list[Cell]]:
    for row in file.refused_rows.iterator(chunk_size=1000):
        cells = [str(cell) for cell in row.cells[:width]]
        yield [*cells, *[""] * (width - len(cells)), row.number, row.reason]
