"""Phone numbers as people write them: any spelling -> E.164, region, extension, or why not; and how we show them.

Pure: knows no model. Characters and address forms are read by `phone_text`, one number by `phone_plan`; here a text is
taken apart into numbers, labels and extensions. Time zones and cities are guessed by `zones`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from django.utils.translation import gettext_lazy as _

from contacts.phone_pieces import pieces_of
from contacts.phone_plan import Number, read_number
from contacts.phone_text import Unreadable, plain_text

MAX_NUMBERS = 10
"""Numbers kept from one text."""

NOT_RECOGNISED = _("Number not recognised. 11 digits, for example 8 937 000-60-27")
"""What forms say at the field, whatever the reason (`ux.md`, section 12)."""

REFUSALS = {
    "blank": _("No phone was given"),
    "kind": _("This is not a text or a number"),
    "no_digits": _("There is not a single digit"),
    "letters": _("There are letters in the number"),
    "characters": _("There are characters that phone numbers do not have"),
    "unfinished": _("The number was not typed to the end"),
    "rounded": _("The spreadsheet has rounded the number, digits are lost"),
    "glued": _("Several numbers run together"),
    "too_short": _("Digits or the area code are missing"),
    "too_long": _("There are too many digits"),
    "not_in_plan": _("No operator has such a number"),
    "placeholder": _("The number is made up"),
    "service": _("A hidden or service number"),
}
"""Why a text is no phone, by code; sentences for the list of leads that need a look."""

_EXTENSION_AFTER_COMMA = re.compile(r" *\d{1,6}[ .]*")


@dataclass(frozen=True)
class Phones:
    """What a text says: `main` and `others` in E.164, the extension of the main one (up to 6 digits), the main one's
    region ("RU", "KZ" …). Without a number `main` is None and `reason` is a code of REFUSALS.
    """

    main: str | None = None
    others: tuple[str, ...] = ()
    extension: str = ""
    reason: str = ""
    region: str = ""

    @property
    def is_valid(self) -> bool:
        """Whether there is a number to call and to know the client by."""
        return self.main is not None

    @property
    def is_blank(self) -> bool:
        """Whether nothing was given at all: then a lead needs an e-mail."""
        return self.reason == "blank"


def parse(raw: object) -> Phones:
    """The numbers in whatever a phone field, a cell or JSON holds. Never raises; the work is bounded.

    Rules R1-R12 of the phone table in `tests/contacts/phone_table.py`. The raw value is the caller's to keep.
    """
    try:
        numbers, extension = _read(plain_text(raw))
    except Unreadable as refusal:
        return Phones(reason=refusal.reason)
    main, *others = dict.fromkeys(number.e164 for number in numbers)  # each once, in order
    return Phones(main=main, others=tuple(others), extension=extension, region=numbers[0].region)


def for_lookup(raw: object) -> str | None:
    """The number to look a card up by, from any spelling; None if there is none."""
    return parse(raw).main


def refusal_text(reason: str) -> str:
    """A sentence in the active language for a code of REFUSALS; empty for an accepted number."""
    return str(REFUSALS.get(reason, NOT_RECOGNISED)) if reason else ""


def display(e164: str | None) -> str:
    """How a stored number is shown: «+7 937 000-60-27», abroad as its country writes it. Other text as it is."""
    return _display(e164) if e164 else ""


@lru_cache(maxsize=4096)
def _display(e164: str) -> str:
    if re.fullmatch(r"\+7\d{10}", e164):
        return f"+7 {e164[2:5]} {e164[5:8]}-{e164[8:10]}-{e164[10:]}"
    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return e164
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL))


def tail(raw: str) -> str:
    """The digits to look for at the end of numbers («60-27», «000-60-27»); empty if it is no piece of a number."""
    digits = _piece_of_number(raw)
    return digits if 4 <= len(digits) <= 10 else ""


def beginnings(raw: str) -> tuple[str, ...]:
    """What stored numbers may begin with, if this is how somebody starts to type one («8 937», «+7 (937)», «937»)."""
    digits = _piece_of_number(raw)
    if not 3 <= len(digits) <= 15:
        return ()
    if "+" in raw:
        return (f"+{digits}",)
    national = f"+7{digits}"
    # A leading 8 or 7 may be the prefix or belong to the area code (846, 701).
    return (f"+7{digits[1:]}", national) if digits[0] in "78" else (national,)


def _piece_of_number(raw: str) -> str:
    try:
        text = plain_text(raw)
    except Unreadable:
        return ""
    return re.sub(r"\D", "", text) if re.fullmatch(r"[\d\s()+.-]+", text) else ""


def _read(text: str) -> tuple[list[Number], str]:
    """At least one number, and the extension of the first. Raises Unreadable."""
    numbers: list[Number] = []
    extension, refusal = "", ""
    for piece in pieces_of(text):
        if refusal and piece.after == "label":
            # "8 (Иван) 916 …": letters inside a number, not between two of them.
            raise Unreadable("letters")
        if piece.after == "extension":
            if not numbers:
                raise Unreadable(refusal or "letters")
            dialled, rest = _extension_and_rest(piece.text)
            if len(numbers) == 1:
                extension = extension or dialled
            numbers += _numbers(rest) if rest else []
        elif (
            piece.after == "comma"
            and len(numbers) == 1
            and not extension
            and _EXTENSION_AFTER_COMMA.fullmatch(piece.text)
        ):
            extension = piece.text.strip(" .")
        else:
            try:
                numbers += _numbers(piece.text)
            except Unreadable as why:
                # R8: after a number, what is none is a local number or a shared tail ("… 67 / 68").
                refusal = refusal or ("" if numbers else why.reason)
    if not numbers:
        raise Unreadable(refusal)
    return numbers[:MAX_NUMBERS], extension


def _extension_and_rest(text: str) -> tuple[str, str]:
    """What follows «доб.»: up to six digits, perhaps apart («12-34»), or those and after a blank the next number."""
    text = text.strip(" .-()[]")
    together = re.sub(r"[ .-]", "", text)
    if re.fullmatch(r"\d{0,6}", together):
        return together, ""
    first, _blank, rest = text.partition(" ")
    if re.fullmatch(r"\d{1,6}", first):
        return first, rest
    raise Unreadable("too_long")


def _numbers(text: str) -> list[Number]:
    """The numbers of a stretch of digits and separators; a plus starts a new one. Raises Unreadable if any is none."""
    before, *after = text.split("+")
    segments = [(before, False), *((segment, True) for segment in after)]
    segments = [(segment, plus) for segment, plus in segments if _digits(segment)]
    found: list[Number] = []
    for position, (segment, plus) in enumerate(segments, start=1):
        # "+7 +7 916 …", "8+7916…": the country code that a form's mask put in front of a whole number.
        if position < len(segments) and _digits(segment) in ("7", "8"):
            continue
        found += _numbers_apart(segment, plus=plus)
    return found


def _numbers_apart(text: str, *, plus: bool) -> list[Number]:
    """One number, or several with blanks between them if there is exactly one way to part them (R8)."""
    try:
        return [read_number(text, plus=plus)]
    except Unreadable:
        if len(_digits(text)) < 20:
            raise
    chunks = [chunk for chunk in text.split() if _digits(chunk)]
    # ways[i]: how chunks[i:] part into whole numbers; two ways are enough to know that it is not clear.
    ways: list[list[list[Number]]] = [[] for _chunk in chunks] + [[[]]]
    for start in reversed(range(len(chunks))):
        for end in range(start + 1, len(chunks) + 1):
            part = " ".join(chunks[start:end])
            if len(_digits(part)) > 15 or len(ways[start]) > 1:
                break
            if ways[end]:
                try:
                    number = read_number(part, plus=plus and start == 0)
                except Unreadable:
                    continue
                ways[start] += [[number, *others] for others in ways[end]]
    if len(ways[0]) != 1:
        raise Unreadable("glued" if len(_digits(text)) <= 15 * MAX_NUMBERS else "too_long")
    return ways[0][0]


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)
