"""What any text from outside has to go through before it is stored or searched: cleaning, and folding for search.

Pure: knows no model and no request. How long a field may be is the caller's to say.
"""

from __future__ import annotations

import math
import re
import unicodedata
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

MAX_MARKS = 5
"""Combining marks kept after one letter: living scripts stack at most four, hundreds of them break a page."""

MAX_INTEGER = 2**63 - 1
MAX_INTEGER_BITS = 128
"""Longer integers inside free-form JSON are no identifiers and are dropped; see `clean_json`."""

MAX_QUERY_LENGTH = 200
MAX_QUERY_WORDS = 10
QUERY_TOO_LONG = _("A search takes at most 200 characters and 10 words")

# Line breaks and tab have rules of their own (they depend on the field), so they are missing here.
_CONTROLS = r"\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"
# Category Cf and what renders as nothing: bidi overrides, isolates and marks, zero-width characters, soft hyphen, tags,
# Hangul fillers. The joiner U+200D is looked at separately: emoji are built with it.
_INVISIBLE = (
    r"\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u180e\u200b\u200c\u200e\u200f"
    r"\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001345f"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_SURROGATES = r"\ud800-\udfff"
_NONCHARACTERS = r"\ufdd0-\ufdef" + "".join(
    f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
)
_EMOJI = r"[\u00a9\u00ae\u2190-\u2bff\u3030\u303d\U0001f000-\U0001faff]"
_UNWANTED = re.compile(
    f"[{_CONTROLS}{_INVISIBLE}{_SURROGATES}{_NONCHARACTERS}]+"
    rf"|(?<!{_EMOJI})(?<!{_EMOJI}\ufe0f)\u200d|\u200d(?!{_EMOJI})"
)
_LINE_BREAK = re.compile(r"\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
_BREAKS_AND_TABS = re.compile(r"[\t\n\r\x0b\x0c\x85\u2028\u2029]+")
# A cheap look before the slow one: Latin, Greek and Cyrillic letters cannot be part of a run of marks.
_MAYBE_MARKS = re.compile(rf"[^\x00-\u02ff\u0370-\u0482\u048a-\u0590]{{{MAX_MARKS + 1}}}")


class TooDeep(ValueError):
    """JSON nested deeper than we read."""


def clean(value: str, *, limit: int | None = None, multiline: bool = False) -> str:
    """The text as it may be stored and shown: NFC, trimmed, without what is invisible or cannot be stored.

    Dropped are control characters, lone surrogates, noncharacters, bidi and zero-width characters (a joiner inside an
    emoji stays) and marks piled on one letter beyond MAX_MARKS. Line breaks and tabs stay with `multiline` (every kind
    of break as a line feed) and are blanks without it. `limit` cuts, in code points. Cleaning twice changes nothing.
    """
    value = _LINE_BREAK.sub("\n", value) if multiline else _BREAKS_AND_TABS.sub(" ", value)
    if not (value.isascii() and value.isprintable()):
        value = _cut_marks(unicodedata.normalize("NFC", _UNWANTED.sub("", value)))
    value = value.strip()
    if limit is not None and len(value) > limit:
        value = value[:limit].removesuffix("\u200d").rstrip()
    return value


def is_clean(value: str, *, multiline: bool = False) -> bool:
    """Whether `clean` would drop nothing from it. Trimming and NFC are not a loss: й in two code points is clean."""
    value = value.strip()
    if not multiline and _BREAKS_AND_TABS.search(value):
        return False
    composed = unicodedata.normalize("NFC", value)
    return not _UNWANTED.search(value) and _cut_marks(composed) == composed


def clean_json(value: object, *, depth: int = 20) -> Json:
    """The same structure with every string and key cleaned, safe for a JSON column of any database.

    NaN and the infinities become null, and so does what is no JSON. An integer beyond 64 bits becomes text (databases
    and browsers would round it), beyond MAX_INTEGER_BITS null. Of two keys that are equal once cleaned the first wins.
    Raises TooDeep for more than `depth` nested objects and lists; it never goes deeper than that itself.
    """
    if isinstance(value, str):
        return clean(value, multiline=True)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return _bounded(value)
    if isinstance(value, float | Decimal):
        return _finite(value)
    if not isinstance(value, dict | list | tuple):
        return None
    if depth <= 0:
        raise TooDeep
    if isinstance(value, dict):
        cleaned: dict[str, Json] = {}
        for key, inner in value.items():
            cleaned.setdefault(clean(str(key)), clean_json(inner, depth=depth - 1))
        return cleaned
    return [clean_json(inner, depth=depth - 1) for inner in value]


def fold(value: str) -> str:
    """The form in which texts are compared and searched: case, ё/е, width, composition and blanks do not matter."""
    folded = value
    # Case folding may undo composition and the other way round, so it goes on until nothing changes (2 or 3 times).
    for _round in range(4):
        before, folded = folded, " ".join(unicodedata.normalize("NFKC", folded).casefold().replace("ё", "е").split())
        if folded == before:
            break
    return folded


def search_words(query: str) -> list[str]:
    """The folded words of a search; all of them are to be found. An empty query has none.

    Raises ValueError with a sentence in the active language beyond 200 characters or 10 words.
    """
    words = fold(clean(query)).split() if len(query) <= MAX_QUERY_LENGTH else []
    if len(query) > MAX_QUERY_LENGTH or len(words) > MAX_QUERY_WORDS:
        raise ValueError(QUERY_TOO_LONG)
    return words


def _cut_marks(value: str) -> str:
    """Without the combining marks that follow MAX_MARKS others."""
    if not _MAYBE_MARKS.search(value):
        return value
    kept, run = [], 0
    for character in value:
        run = run + 1 if unicodedata.category(character).startswith("M") else 0
        if run <= MAX_MARKS:
            kept.append(character)
    return "".join(kept)


def _bounded(value: int) -> int | str | None:
    if abs(value) <= MAX_INTEGER:
        return value
    return str(value) if value.bit_length() <= MAX_INTEGER_BITS else None


def _finite(value: float | Decimal) -> float | None:
    try:
        number = float(value)
    except (OverflowError, ValueError):
        return None
    return number if math.isfinite(number) else None
