"""A text with one or more numbers -> stretches of digits, each with what stands before it (a label, a list …).

Knows the words people put beside numbers; whether a stretch is a number of any country is for `phone_plan` to say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from contacts.phone_text import Unreadable


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LABELS = _words(
    """
    т тел телефон телефоны м моб мобильный сот сотовый раб рабочий дом домашний гор городской личный основной факс
    контакт контакты контактный номер ном звонить вотсап вотсапп ватсап ватсапп вацап вайбер телеграм телеграмм тг
    макс смс
    t tel telephone phone m mob mobile cell cellphone home work office fax number num no contact call whatsapp wa
    viber telegram tg max sms signal imo
    """
)
"""Words that may stand beside a number; any other letter makes the text no phone (R6)."""

EXTENSIONS = _words("доб добав добавочный доп вн внут внутр внутренний ext extn extension x х p pp w ww")
"""What announces an extension, dial pauses among it (R7)."""

CONJUNCTIONS = _words("или и либо or and")

HIDDEN = _words(
    """
    анонимный аноним анонимно скрыт скрытый скрыто неизвестный неизвестен неизвестно засекречен
    anonymous restricted private unknown withheld unavailable hidden blocked
    """
)
"""What telephone exchanges write instead of a number."""


@dataclass
class Piece:
    """A stretch of digits and separators after "start", "label", "comma", "list" or "extension"."""

    after: str
    text: str = ""

    @property
    def has_digits(self) -> bool:
        """Whether there is more to it than separators."""
        return any(character.isdigit() for character in self.text)


# Before a number may stand several things (", доб."): the one that says most counts.
_WEIGHT = {"start": 0, "label": 1, "comma": 2, "list": 3, "extension": 4}

_SERVICE = re.compile(r"\d{1,4}|[*#][\d*#]+")
_WORD = re.compile(r"[^\W\d_]+")
_BRACKETS = re.compile(r"[(\[]([^()\[\]\d+]*)[)\]]")
_NAME = re.compile(r"[\s.,'’&:/-]*[^\W\d_][^\d_]*")
_NAME_MARK = "\x1f"
_TOKEN = re.compile(r"(?P<word>[^\W\d_]+)|(?P<number>[\d +().\[\]-]+)|(?P<mark>.)", re.DOTALL)


def pieces_of(text: str) -> list[Piece]:
    """The stretches with digits, in order, at least one.

    Raises Unreadable (no_digits, service, unfinished, letters, characters).
    """
    if _SERVICE.fullmatch(text.replace(" ", "")):
        raise Unreadable("service")
    if not any(character.isdigit() for character in text):
        raise Unreadable("no_digits" if HIDDEN.isdisjoint(_WORD.findall(text)) else "service")
    if "_" in text or "*" in text:
        raise Unreadable("unfinished")
    pieces = [Piece("start")]
    for token in _TOKEN.finditer(_BRACKETS.sub(_mark_name, text)):
        if token["number"]:
            pieces[-1].text += token["number"]
        elif kind := _kind_of_word(token["word"]) if token["word"] else _kind_of_mark(token["mark"], pieces[-1]):
            if pieces[-1].has_digits:
                pieces.append(Piece(kind))
            elif _WEIGHT[kind] > _WEIGHT[pieces[-1].after]:
                pieces[-1].after = kind
    return [piece for piece in pieces if piece.has_digits]


def _mark_name(brackets: re.Match[str]) -> str:
    """«(Иван)», «(WhatsApp)» -> one mark; «(доб.)» loses its brackets; other brackets are part of the number."""
    content = brackets[1]
    if not _NAME.fullmatch(content) or not set('<>;="{}$%\\').isdisjoint(content):
        return brackets[0]
    return f" {content} " if EXTENSIONS.issuperset(_WORD.findall(content)) else _NAME_MARK


def _kind_of_word(word: str) -> str:
    if word in LABELS:
        return "label"
    if word in EXTENSIONS:
        return "extension"
    if word in CONJUNCTIONS:
        return "list"
    raise Unreadable("letters")


def _kind_of_mark(mark: str, piece: Piece) -> str:
    """What a mark other than those inside numbers announces; empty if nothing. `piece` is what stands before it."""
    if mark == _NAME_MARK:
        return "label"
    if mark == ",":
        return "comma"
    if mark in ";/|\\&\n":
        return "list"
    if mark == "#" and (piece.has_digits or piece.after == "extension"):
        return "extension"
    if mark in ":=" and not piece.has_digits and piece.after != "start":
        return ""
    raise Unreadable("characters")
