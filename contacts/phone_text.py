"""From whatever arrived in a phone field to plain text: ASCII digits, `+`, separators, lower-case letters.

Knows types, characters, spreadsheets and address forms (`tel:`, wa.me); leaves words and numbers to `contacts.phones`.
"""

from __future__ import annotations

import math
import re
import unicodedata
from decimal import Decimal
from urllib.parse import unquote

MAX_LENGTH = 300
"""Longer text is no phone: the work per field stays bounded."""


class Unreadable(Exception):
    """There is no number to be had from it. `reason` is one of the codes of `contacts.phones.REFUSALS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def plain_text(raw: object) -> str:
    """What was typed or sent, as text to read numbers from. Raises Unreadable (blank, kind, too_long, rounded)."""
    text = _as_text(raw).strip()
    if len(text) > MAX_LENGTH:
        raise Unreadable("too_long")
    text = _plain_characters(text).strip()
    if not text:
        raise Unreadable("blank")
    return _from_address(_from_spreadsheet(text))


def _as_text(raw: object) -> str:
    """Text of a JSON value or a spreadsheet cell (R9). A fraction or a truth value can't be a phone."""
    if raw is None:
        return ""
    if isinstance(raw, str):
        return raw
    if isinstance(raw, bool):
        raise Unreadable("kind")
    if isinstance(raw, int):
        if raw.bit_length() > MAX_LENGTH:
            raise Unreadable("too_long")
        return str(raw)
    if isinstance(raw, float):
        if not math.isfinite(raw) or not raw.is_integer():
            raise Unreadable("kind")
        # Beyond 2**53 a binary fraction has lost whole digits.
        if abs(raw) > 2**53:
            raise Unreadable("too_long")
        return str(int(raw))
    if isinstance(raw, Decimal) and raw.is_finite():
        if len(raw.as_tuple().digits) > MAX_LENGTH:
            raise Unreadable("too_long")
        return str(raw)
    raise Unreadable("kind")


# R2. Compatibility forms would turn № into letters.
_NUMBER_SIGN = str.maketrans({"№": " "})
_ASCII = str.maketrans(dict.fromkeys([*range(32), 127]) | {"\t": " "} | dict.fromkeys("\n\r\v\f", "\n"))
# Invisible though Unicode counts them among the letters.
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")
_MINUS = frozenset("\u2212\u2043")
_DOTS = frozenset("\u00b7\u2022\u2219\u22c5\u30fb")


def _plain_characters(text: str) -> str:
    """Compatibility forms resolved, any digit as ASCII, hidden characters gone, one kind of dash and one of blank."""
    if not text.isascii():
        composed = unicodedata.normalize("NFKC", text.translate(_NUMBER_SIGN))
        text = "".join(map(_plain_character, composed))
    return text.translate(_ASCII).lower()


def _plain_character(character: str) -> str:
    if character.isascii():
        return character
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    kind = unicodedata.category(character)
    if kind == "Pd" or character in _MINUS:
        return "-"
    if character in _DOTS:
        return "."
    if kind in ("Zl", "Zp") or character == "\x85":
        return "\n"
    # Emoji and other pictures part numbers like a blank does.
    if kind in ("Zs", "So", "Sk"):
        return " "
    if kind[0] in "CM" or character in _FILLERS:
        return ""
    return character


# What spreadsheets and people put around a whole value: ="…", a leading apostrophe, quotes.
_WRAPPING = " \"'`=\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb"
_SCIENTIFIC = re.compile(r"\+?(\d+)(?:[.,](\d*))?e\+?(\d{1,3})")
_DECIMAL_TAIL = re.compile(r"(\+?\d{10,15})[.,]0+")


def _from_spreadsheet(text: str) -> str:
    """Guards taken off, a decimal tail dropped, scientific form expanded if no digit was rounded away (R9)."""
    text = text.strip(_WRAPPING)
    if tail := _DECIMAL_TAIL.fullmatch(text):
        return tail[1]
    if scientific := _SCIENTIFIC.fullmatch(text):
        whole, fraction, exponent = scientific[1], scientific[2] or "", int(scientific[3])
        if len(fraction) < exponent:
            raise Unreadable("rounded")
        if fraction[exponent:].strip("0"):
            raise Unreadable("letters")
        return whole + fraction[:exponent]
    return text


_NUMBER = r"(?P<number>\+?[\d .()\-]{3,40})"
_MESSENGER = r"(?:https?://)?(?:www\.)?(?:wa\.me|t\.me|api\.whatsapp\.com|web\.whatsapp\.com|viber\.click)"
_ADDRESSES = [
    re.compile(rf"(?:tel|callto|sms|smsto):/*{_NUMBER}(?P<parameters>(?:;[a-z-]+(?:=[^;?]*)?)*)(?:\?.*)?"),
    re.compile(rf"(?:[^<>]*<)?sips?:{_NUMBER}(?:[;:@][^<>\s]*)?>?"),
    re.compile(rf"{_NUMBER}@(?:c\.us|s\.whatsapp\.net)"),
]
_LINKS = [
    re.compile(rf"{_MESSENGER}/{_NUMBER}/?(?:\?.*)?"),
    re.compile(rf"(?:{_MESSENGER}|whatsapp:|viber:|tg:)[a-z/]*\?(?:[^&]*&)*?(?:phone|number)={_NUMBER}(?:&.*)?"),
]
_EXTENSION = re.compile(r";ext=(\d{1,6})(?:;|$)")


def _from_address(text: str) -> str:
    """The number inside tel:, sip:, wa.me and the like (R6); other text as it is."""
    if not any(mark in text for mark in ":/@"):
        return text
    text = unquote(text) if "%" in text else text
    for form in _ADDRESSES:
        if found := form.fullmatch(text):
            extension = _EXTENSION.search(found.groupdict().get("parameters") or "")
            return f"{found['number']} ext {extension[1]}" if extension else found["number"]
    for form in _LINKS:
        if found := form.fullmatch(text):
            # Messengers write full international numbers without the plus.
            number = found["number"]
            return f"+{number}" if re.fullmatch(r"[1-79]\d{10,14}", number) else number
    return text
