"""Compile locale/*/LC_MESSAGES/django.po to the .mo files that gettext reads, in plain Python, and check them.

GNU gettext is a developer's tool here (`make messages`); starting and testing must not need it.
"""

from __future__ import annotations

import os
from pathlib import Path

import polib


def compile_all(folders: list[Path]) -> list[Path]:
    """Write the .mo file beside each .po file that is newer; answers those that were written.

    A file appears under its name only when complete, so that processes which start at once do not read half of it.
    """
    written = []
    for folder in folders:
        for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
            target = source.with_suffix(".mo")
            if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
                continue
            draft = target.with_suffix(f".{os.getpid()}.new")
            polib.pofile(str(source)).save_as_mofile(str(draft))
            draft.replace(target)
            written.append(target)
    return written


def unfinished(folders: list[Path]) -> list[str]:
    """One line for each text without a translation or with a doubtful ("fuzzy") one: file and text."""
    lines = []
    for folder in folders:
        for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
            entries = polib.pofile(str(source))
            lines += [f"{source}: not translated: {entry.msgid!r}" for entry in entries.untranslated_entries()]
            lines += [f"{source}: doubtful: {entry.msgid!r}" for entry in entries.fuzzy_entries()]
    return lines
