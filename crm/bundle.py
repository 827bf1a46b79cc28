"""The script of every page: our small modules of static/js, joined into one file, so that a page asks for few files.

A finder of static files makes it whenever one is asked for or collected; whoever reads the code reads the modules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.utils import matches_patterns
from django.core.files.storage import FileSystemStorage, Storage

NAME = "js/frame.js"
MODULES = ("app", "toasts", "connection", "drafts", "keys", "rows", "message", "new_lead", "notices")
"""In this order. A page may ask for one more module of its own, such as day.js."""
# Explanations are for readers of the modules: the one at the top of each, and lines that are nothing else.
REMARKS = re.compile(r"\A/\*.*?\*/\n|^\s*//[^\n]*\n", re.DOTALL | re.MULTILINE)


def joined() -> str:
    """What the browser gets."""
    folder = settings.BASE_DIR / "static" / "js"
    return "".join(REMARKS.sub("", (folder / f"{module}.js").read_text()) for module in MODULES)


def _made() -> Path:
    """The folder that holds the file as the modules are now."""
    folder = Path(settings.DATA_DIR) / "bundle"
    file, text = folder / NAME, joined()
    if not file.exists() or file.read_text() != text:
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f"{token_hex(4)}.new")  # several processes may make it at once
        draft.write_text(text)
        draft.replace(file)
    return folder


class BundleFinder(BaseFinder):
    def find(self, path: str, find_all: bool = False, **_kwargs: Any) -> Any:  # noqa: FBT001, FBT002 -- Django's own
        if path != NAME:
            return []
        file = str(_made() / NAME)
        return [file] if find_all else file

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        if not matches_patterns(NAME, ignore_patterns or []):
            yield NAME, FileSystemStorage(location=_made())
