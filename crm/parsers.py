"""Reading the body of an API call: one JSON object in UTF-8, bounded in depth, and nothing is guessed.

Intake reads more forgivingly, because it never loses a lead: what cannot be taken of one member costs that member only.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser

MAX_DEPTH = 20
"""How deep the value of a member may be nested (`reliability.md` H01)."""
LONGEST_INTEGER = 4000  # digits; Python itself refuses to read more than 4300
KEPT = 20_000  # characters of a member that is too deep to be read

# A whole string (or an unterminated one, to the end), or a run of brackets. Possessive, so that nothing is tried twice:
# the time grows with the length of the body and with nothing else.
_TOKEN = re.compile(r'(?P<string>"(?:[^"\\]++|\\.)*+(?:"|\\?\Z))|(?P<open>[\[{]++)|(?P<close>[\]}]++)', re.DOTALL)


class Unstorable:
    """A number that JSON can write and nobody can keep: NaN, 1e400, five thousand digits."""

    def __init__(self, written: str) -> None:
        self.written = written

    def __str__(self) -> str:
        return self.written


class StrictJSONParser(BaseParser):
    """A JSON object in UTF-8 (a byte order mark may lead it); anything doubtful in it is 400."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The body as a dict. Raises ParseError (400), UnsupportedMediaType (415) or RequestDataTooBig (413)."""
        _require_utf8_json(media_type or "")
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise RequestDataTooBig
        try:
            text = body.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ParseError(_("The body is not UTF-8.")) from error
        try:
            value = self.read(text)
        except (ValueError, RecursionError) as error:
            raise ParseError(_("The body is not valid JSON.")) from error
        if not isinstance(value, dict):
            raise ParseError(_("The body must be a JSON object."))
        return value

    def read(self, text: str) -> Any:
        """The JSON value of `text`. Raises ParseError, or ValueError where it is no JSON."""
        if _too_deep(text, first_only=True):
            raise ParseError(_("The body is nested deeper than %(levels)d levels.") % {"levels": MAX_DEPTH})
        return json.loads(
            text, parse_constant=_refuse, parse_int=_whole, parse_float=_fraction, object_pairs_hook=_without_doubles
        )


class IntakeJSONParser(StrictJSONParser):
    """The same for applications: a member that is too deep or no number comes as a list holding its text.

    No field of an application is a list, so `leads/applications.py` leaves it empty and keeps the text. Of equal keys
    the last wins.
    """

    def read(self, text: str) -> Any:
        pieces, copied = [], 0
        for start, end in _too_deep(text):
            pieces += [text[copied:start], json.dumps([text[start : min(end, start + KEPT)]])]
            copied = end
        value = json.loads(
            "".join([*pieces, text[copied:]]),
            parse_constant=Unstorable,
            parse_int=lambda written: int(written) if len(written) <= LONGEST_INTEGER else Unstorable(written),
            parse_float=lambda written: float(written) if math.isfinite(float(written)) else Unstorable(written),
        )
        if not isinstance(value, dict):
            return value
        return {
            name: [inner.written[:KEPT]] if isinstance(inner, Unstorable) else inner for name, inner in value.items()
        }


def _require_utf8_json(content_type: str) -> None:
    """Raises UnsupportedMediaType unless it is `application/json`, as UTF-8 if it names a character set."""
    kind, *parameters = content_type.split(";")
    if kind.strip().lower() != StrictJSONParser.media_type:
        raise UnsupportedMediaType(content_type)
    for parameter in parameters:
        name, _equals, value = parameter.partition("=")
        if name.strip().lower() != "charset":
            continue
        try:
            is_utf8 = codecs.lookup(value.strip().strip("\"'")).name == "utf-8"
        except (LookupError, ValueError):
            is_utf8 = False
        if not is_utf8:
            raise UnsupportedMediaType(content_type, detail=_("Send JSON in UTF-8."))


def _too_deep(text: str, *, first_only: bool = False) -> list[tuple[int, int]]:
    """Where the members of the outer object stand that are nested beyond MAX_DEPTH, found without parsing.

    One pass over the text, no recursion. `first_only` stops at the first, when one is enough to refuse.
    """
    found = []
    depth = deepest = start = 0
    for token in _TOKEN.finditer(text):
        if token.lastgroup == "open":
            if depth <= 1:
                start, deepest = token.start() + 1 - depth, 0
            depth += len(token[0])
            deepest = max(deepest, depth - 1)
            if first_only and deepest > MAX_DEPTH:
                return [(start, len(text))]
        elif token.lastgroup == "close":
            before, depth = depth, max(0, depth - len(token[0]))
            if before > 1 >= depth:
                if deepest > MAX_DEPTH:
                    found.append((start, token.start() + before - 1))
                deepest = 0
    return found


def _refuse(_written: str) -> NoReturn:
    raise ParseError(_("NaN and Infinity are not JSON."))


def _whole(written: str) -> int:
    if len(written) > LONGEST_INTEGER:
        raise ParseError(_("A number in the body is too long."))
    return int(written)


def _fraction(written: str) -> float:
    number = float(written)
    if not math.isfinite(number):
        raise ParseError(_("A number in the body is too large."))
    return number


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise ParseError(_("A name stands twice in one object of the body."))
    return read
