"""One number: digits with or without a plus -> E.164, if the numbering plan has such a number (R3, R4, R5, R10).

The plans are those of `phonenumbers`; how Russians write their own numbers is known here. Several numbers in one text,
labels and extensions are the business of `contacts.phones`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneNumber, ValidationResult

from contacts.phone_text import Unreadable

PLACEHOLDERS = frozenset({"9000000000"})
"""National numbers that people type to get past a form, beside those of one digit only and those that count up or down.

Add here what turns up as one card with many strangers on it.
"""

CIS_CODES = ("373", "374", "375", "380", "992", "993", "994", "995", "996", "998")
"""Country codes that are understood without a plus (7 is understood anyway)."""

_MAX_DIGITS = 18  # 810 and the longest number there can be
E164 = re.compile(r"\+[1-9]\d{7,14}")
_LENGTHS = {ValidationResult.TOO_SHORT: "too_short", ValidationResult.TOO_LONG: "too_long"}
_LONE_7_OR_8 = re.compile(r"[\s().-]*[78](?!\d)")
_LONE_8 = re.compile(r"[\s().-]*8(?!\d)")
_LONE_8_AFTER_7 = re.compile(r"[\s().-]*7[\s().-]*8(?!\d)")


class Number(NamedTuple):
    """A number that exists in its plan: `e164` and the region it belongs to ("RU", "KZ"; "" for the international)."""

    e164: str
    region: str


def read_number(text: str, *, plus: bool) -> Number:
    """One number written in digits, blanks, dots, dashes and brackets; `plus` tells whether a plus stood before it.

    Raises Unreadable (too_short, too_long, not_in_plan, placeholder).
    """
    digits = re.sub(r"\D", "", text)
    length = len(digits)
    if length > _MAX_DIGITS:
        raise Unreadable("too_long")
    if plus:
        return _international(digits, text)
    if length < 10:
        raise Unreadable("too_short")
    if digits.startswith("00") and not is_placeholder(digits):
        return _international(digits[2:])
    if length == 10:
        # "8 (423) 212-34-5": a lone 8 or 7 in front is a trunk prefix, so a digit of the number itself is missing.
        if _LONE_7_OR_8.match(text):
            raise Unreadable("too_short")
        return _plus_7(digits, otherwise="too_short" if digits[0] in "78" else "not_in_plan")
    if length == 11 and digits[0] in "78":
        return _plus_7(digits[1:])
    if digits.startswith("810"):
        return _international(digits[3:])
    if length <= 13 and digits.startswith(CIS_CODES):
        return _abroad(digits)
    raise Unreadable("too_long")


def _international(digits: str, text: str = "") -> Number:
    """What follows a plus or an international prefix; `text` is how it was written, where that matters."""
    if digits.startswith("7"):
        national = digits[1:]
        if len(national) == 11 and (_LONE_8_AFTER_7.match(text) or _is_prefix_too_many(national)):
            national = national[1:]
        return _plus_7(national)
    if digits.startswith("00"):
        return _international(digits[2:])
    is_like_trunk_8 = len(digits) == 11 and digits[0] == "8"
    # R4: apart from the rest, the 8 is the Russian trunk prefix whatever +8… would mean.
    if is_like_trunk_8 and _LONE_8.match(text):
        return _plus_7(digits[1:])
    try:
        return _abroad(digits)
    except Unreadable:
        if is_like_trunk_8:
            return _plus_7(digits[1:])
        if digits.startswith("810"):
            return _international(digits[3:])
        raise


def _is_prefix_too_many(national: str) -> bool:
    """Whether 11 digits after +7 start with a trunk 8 or a second 7, which Russians and form masks leave there.

    Not where the first ten are a number already: then it is the last digit that is one too many. Nor, after a second
    7, for numbers that start with 7 themselves (Kazakhstan's): too many of those are one digit apart.
    """
    return (national[0] == "8" or (national[0] == "7" and national[1] != "7")) and not _region(national[:10])


def _plus_7(national: str, *, otherwise: str = "not_in_plan") -> Number:
    """A number of Russia or Kazakhstan, ten digits. `otherwise` is the reason when the plan has no such number."""
    if is_placeholder(national):
        raise Unreadable("placeholder")
    if len(national) != 10:
        raise Unreadable("too_short" if len(national) < 10 else "too_long")
    if national[0] == "0":
        raise Unreadable(otherwise)
    region = _region(national)
    if not region:
        raise Unreadable(otherwise)
    return Number(f"+7{national}", region)


def _region(national: str) -> str:
    """RU or KZ for ten digits that are a number there, else empty."""
    number = PhoneNumber(country_code=7, national_number=int(national))
    # The region alone says nothing: for a shared country code it is told by the first digit.
    return (phonenumbers.region_code_for_number(number) or "") if phonenumbers.is_valid_number(number) else ""


def _abroad(digits: str) -> Number:
    """A number of any country by its full digits."""
    try:
        number = phonenumbers.parse(f"+{digits}", None)
    except phonenumbers.NumberParseException as error:
        long = error.error_type == phonenumbers.NumberParseException.TOO_LONG
        raise Unreadable("too_long" if long else "too_short" if len(digits) < 8 else "not_in_plan") from None
    if is_placeholder(phonenumbers.national_significant_number(number)):
        raise Unreadable("placeholder")
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if not phonenumbers.is_valid_number(number) or not E164.fullmatch(e164):
        possible = phonenumbers.is_possible_number_with_reason(number)
        raise Unreadable(_LENGTHS.get(possible, "not_in_plan"))
    region = phonenumbers.region_code_for_number(number)
    return Number(e164, region if region and region.isalpha() else "")


def is_placeholder(national: str) -> bool:
    """Whether a national number is nobody's: on the list, one digit repeated, or counting up or down (R10)."""
    counts = len(national) >= 9 and (national in "01234567890" or national in "09876543210")
    return counts or national in PLACEHOLDERS or (len(national) >= 7 and len(set(national)) == 1)
