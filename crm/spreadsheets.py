"""Text on its way into a spreadsheet: what could come alive there as a formula is found and made plain.

Knows no file format; who writes one (reports, the admin's exports) asks here (`reliability.md` I08-I10).
"""

from __future__ import annotations

import re
import unicodedata

from crm.text import clean

LONGEST_TEXT = 32_767  # of a cell of a spreadsheet, in UTF-16 units
_FORMULA = ("=", "+", "-", "@")
# A phone begins with a plus too; digits and separators alone cannot do anything.
_PHONE = re.compile(r"\+\d[\d ()\u00a0.-]{8,}")


def bounded(text: str) -> str:
    """As much as a cell takes; spreadsheets count a character beyond the basic plane twice."""
    if len(text) <= LONGEST_TEXT // 2:
        return text
    return text.encode("utf-16-le")[: LONGEST_TEXT * 2].decode("utf-16-le", "ignore")


def is_formula(text: str) -> bool:
    """Whether a spreadsheet could take the text, or one of its lines, for a formula (`reliability.md` I08).

    Blanks, control characters and full-width forms in front do not hide one. A phone number is none.
    """
    return any(_is_formula_line(line) for line in text.splitlines())


def _is_formula_line(line: str) -> bool:
    seen = unicodedata.normalize("NFKC", line)
    visible = "".join(character for character in seen if unicodedata.category(character)[0] not in "CZ")
    return visible.startswith(_FORMULA) and not _PHONE.fullmatch(seen.strip())


def plain(text: str) -> str:
    """The text without what cannot be stored, each line that could be a formula behind an apostrophe."""
    lines = clean(text, multiline=True).split("\n")
    return "\n".join(f"'{line}" if _is_formula_line(line) else line for line in lines)
