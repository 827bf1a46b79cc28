"""How large an uploaded table may be, and how its reader says that it cannot be read."""

from __future__ import annotations

MOST_ROWS = 50_000
MOST_COLUMNS = 200
MOST_BYTES = 30_000_000  # as uploaded
MOST_UNPACKED = 200_000_000  # of a workbook
LONGEST_CELL = 32_767  # characters, what a spreadsheet's cell takes


class Unreadable(Exception):
    """The file is refused; the sentence says why."""
