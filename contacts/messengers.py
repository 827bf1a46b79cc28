"""Links that open a chat with a client, and texts with named variables: what may be in them and what becomes of them.

Pure: knows no tables and no request. A text is not a template language: the listed words in braces are replaced by
plain text, once, and everything else stays as it is (`reliability.md` H13).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

SCHEMES = ("https", "sms", "tel", "tg", "whatsapp")
"""What a link may begin with. Anything else could run as a script or reach into the reader's own machine."""
LINK_WORDS = ("digits", "phone", "text")
VARIABLES = ("name", "operator", "office", "address", "meeting", "date", "time", "documents")
ADDRESS_OF_MEETING = ("office", "address", "meeting", "date", "time")  # these have no value without a meeting
LONGEST_MESSAGE = 2000  # characters; more makes a link that browsers and messengers cut

_BRACES = re.compile(r"\{([^{}]*)\}")
_UNWANTED_IN_LINK = re.compile(r"[\s<>\"'\\^`|\x00-\x1f\x7f]")
_VARIABLE = re.compile(r"\{(" + "|".join(VARIABLES) + r")\}")
_END_OF_SENTENCE = re.compile(r"(?<=[.!?…])(?=\s)|(?<=\n)")
# An address to the client by name, with the comma that sets it off.
_NAME_IN_FRONT = re.compile(r"^(\s*)\{name\}\s*[,!.]?\s*")
_NAME_BEHIND = re.compile(r"\s*,?\s*\{name\}(?=\s*[.!?…,;:)]|\s*$)")


def check_link(pattern: str) -> None:
    """Raise ValidationError with a sentence unless `pattern` is a link of a known kind with known words in braces."""
    _check_words(pattern, LINK_WORDS)
    scheme, colon, rest = pattern.partition(":")
    if not colon or scheme not in SCHEMES:
        raise ValidationError(
            _("A link begins with one of: %(schemes)s") % {"schemes": ", ".join(f"{known}:" for known in SCHEMES)}
        )
    if _UNWANTED_IN_LINK.search(pattern):
        raise ValidationError(_("There are blanks, quotes or other characters that a link cannot have."))
    if scheme == "https":
        _check_site(pattern)
    elif not rest:
        raise ValidationError(_("The link leads nowhere."))


def _check_site(pattern: str) -> None:
    """An https link names a site, which neither the number nor the text may be part of."""
    try:
        parts = urlsplit(pattern)
        site = parts.netloc
        known = bool(parts.hostname) and parts.port is None and "." in site
    except ValueError:
        known, site = False, ""
    if not known or not pattern.startswith("https://") or "@" in site or "{" in site:
        raise ValidationError(_("After https:// a link names a site, for example https://wa.me/{digits}?text={text}"))


def check_text(text: str) -> None:
    """Raise ValidationError with a sentence unless every brace of `text` belongs to a known variable."""
    _check_words(text, VARIABLES)


def _check_words(text: str, words: tuple[str, ...]) -> None:
    known = ", ".join(f"{{{word}}}" for word in words)
    for found in _BRACES.finditer(text):
        if found[1] not in words:
            raise ValidationError(
                _("There is no such variable: %(found)s. Possible: %(known)s") % {"found": found[0], "known": known}
            )
    if re.search(r"[{}]", _BRACES.sub("", text)):
        raise ValidationError(_("A brace stands alone. Braces are for variables only: %(known)s") % {"known": known})


@dataclass(frozen=True)
class Rendered:
    """A text ready to be edited and sent. `missing` names the variables that had no value."""

    text: str
    missing: tuple[str, ...] = ()


def render(text: str, values: Mapping[str, str]) -> Rendered:
    """The text with its variables replaced, once and by plain text: on one line, `documents` on one line each.

    A name that is not known takes the comma of the address with it: «{name}, здравствуйте» becomes «Здравствуйте». A
    sentence with any other value missing is left out, since half of it would say nothing.
    """
    known = {name: _one_line(values.get(name, "")) for name in VARIABLES}
    known["documents"] = "\n".join(map(_one_line, values.get("documents", "").splitlines()))
    wanted = dict.fromkeys(found[1] for found in _VARIABLE.finditer(text))
    missing = tuple(name for name in wanted if not known[name])
    sentences = []
    for sentence in _END_OF_SENTENCE.split(text):
        needs = {found[1] for found in _VARIABLE.finditer(sentence)} - {"name"}
        if any(not known[name] for name in needs):
            sentence = "\n" if sentence.endswith("\n") else ""
        elif not known["name"]:
            sentence = _without_name(sentence)
        sentences.append(_VARIABLE.sub(lambda found: known[found[1]], sentence))
    lines = (" ".join(line.split()) for line in "".join(sentences).strip().split("\n"))
    return Rendered("\n".join(lines), missing)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _without_name(sentence: str) -> str:
    """The sentence that addresses nobody by name."""
    shorter, count = _NAME_IN_FRONT.subn(r"\1", sentence)
    if count:
        start = len(shorter) - len(shorter.lstrip())
        shorter = shorter[:start] + shorter[start : start + 1].upper() + shorter[start + 1 :]
    return _NAME_BEHIND.sub("", shorter)


def link_with_text(pattern: str, phone: str) -> str:
    """The link to a number (E.164) in which `{text}` still stands for the message."""
    before, mark, query = pattern.partition("?")
    digits = phone.removeprefix("+")
    # A plus inside a query would be read as a blank.
    before = before.replace("{digits}", digits).replace("{phone}", phone)
    return before + mark + query.replace("{digits}", digits).replace("{phone}", quote(phone, safe=""))


def link_to(pattern: str, phone: str, text: str) -> str:
    """The link that opens a chat with `phone` (E.164) and, where the pattern says so, with `text` typed in."""
    return link_with_text(pattern, phone).replace("{text}", quote(text, safe=""))
