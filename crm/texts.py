"""Finds the texts that the code and the templates give to gettext, without GNU gettext.

Only texts that are written out at the call are found; a text that a variable holds has to be marked where it is
written (`gettext_lazy`, `gettext_noop`).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polib
from django.utils.translation.template import templatize

# How many leading arguments are (context, text, plural), by the name of the function without "_lazy" and "_noop".
SIGNATURES: dict[str, tuple[str, ...]] = {
    "_": ("text",),
    "gettext": ("text",),
    "ngettext": ("text", "plural"),
    "pgettext": ("context", "text"),
    "npgettext": ("context", "text", "plural"),
}
CALL = re.compile(r"""\b(n?p?gettext|_)\((?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[^()'"])*\)""", re.DOTALL)


@dataclass(frozen=True)
class Text:
    """One text of the product; `context` and `plural` are None where it has none."""

    text: str
    context: str | None = None
    plural: str | None = None


def in_python(source: str) -> Iterator[Text]:
    """The texts of a Python module."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        roles = SIGNATURES.get(name.removesuffix("_lazy").removesuffix("_noop"))
        if roles is None or len(node.args) < len(roles):
            continue
        parts: dict[str, str] = {}
        for role, argument in zip(roles, node.args, strict=False):
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                parts[role] = argument.value
        if len(parts) == len(roles):
            yield Text(**parts)


def in_template(source: str) -> Iterator[Text]:
    """The texts of a Django template."""
    for match in CALL.finditer(templatize(source)):
        # What counts the plural is a name that means nothing here; only the strings before it matter.
        yield from in_python(match.group().replace("\n", "\\n"))


def of_project(root: Path, apps: list[str], templates: Path) -> set[Text]:
    """All texts of the apps below `root` and of the templates; migrations only repeat what the models say."""
    found: set[Text] = set()
    for app in apps:
        for path in sorted((root / app).rglob("*.py")):
            if "migrations" not in path.parts:
                found.update(in_python(path.read_text()))
    for path in sorted(templates.rglob("*.html")):
        found.update(in_template(path.read_text()))
    return found


def missing(found: set[Text], catalogue: Path) -> list[Text]:
    """The texts that the catalogue (a .po file) does not have, in the order of the alphabet."""
    known = {Text(entry.msgid, entry.msgctxt, entry.msgid_plural or None) for entry in polib.pofile(str(catalogue))}
    return sorted(found - known, key=lambda text: (text.text.casefold(), text.context or ""))


def add(texts: list[Text], catalogue: Path) -> None:
    """Put the texts into the catalogue without a translation, and the catalogue in the order of the alphabet."""
    entries = polib.pofile(str(catalogue), wrapwidth=110)
    for text in texts:
        entry = polib.POEntry(msgid=text.text, msgctxt=text.context, msgid_plural=text.plural or "")
        if text.plural:
            entry.msgstr_plural = {0: "", 1: "", 2: ""}
        if "%(" in text.text:
            entry.flags.append("python-format")
        entries.append(entry)
    entries.sort(key=lambda entry: (entry.msgid.casefold(), entry.msgid))
    entries.save(str(catalogue))
