"""Files that only some may see: below DATA_DIR/private, under names that nobody can guess, served by no web server."""

from __future__ import annotations

import contextlib
import re
import time
import uuid
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

_NAME = re.compile(r"[0-9a-f]{32}(?:\.[a-z]{2,5})?")


def folder() -> Path:
    """The folder, made at the first call. Web and worker have to share it."""
    place = Path(settings.DATA_DIR) / "private"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def new_name(suffix: str = "") -> str:
    """A name for a file, with a suffix like ".csv"."""
    return f"{uuid.uuid4().hex}{suffix}"


def path_of(name: str) -> Path:
    """Where the file of that name is. Raises ValueError for what is no name of ours."""
    if not _NAME.fullmatch(name):
        raise ValueError(name)
    return folder() / name


def store(pieces: Iterable[bytes], suffix: str) -> str:
    """Write a file; returns its name. A file that could not be written whole (a full disk) is not left: OSError."""
    name = new_name(suffix)
    path = path_of(name)
    try:
        with path.open("xb") as file:
            for piece in pieces:
                file.write(piece)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return name


def remove(name: str) -> None:
    """Take a file away; one that is gone already is no error."""
    if name:
        path_of(name).unlink(missing_ok=True)


def clear_unnamed(named: Iterable[str], *, older_than: float) -> int:
    """Take away what belongs to none of the `named` files (`x.rows` belongs to `x`) and is older than so many seconds.

    Returns how many.
    """
    stems = {Path(name).stem for name in named}
    before = time.time() - older_than
    removed = 0
    for path in folder().iterdir():
        with contextlib.suppress(FileNotFoundError):  # somebody else was faster
            if path.stem not in stems and path.stat().st_mtime < before:
                path.unlink()
                removed += 1
    return removed
