"""Backups: one file with the database, the files of DATA_DIR and a list of what must be in it, made and put back whole.

It holds clients' data and no secret of the installation. How a database is copied is left to `crm/dumps.py`.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import secrets
import shutil
import tarfile
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from crm import clock
from crm.dumps import Counts, Trouble, engine, holds_leads, sync
from crm.models import Backup
from crm.transactions import verb

MANIFEST = "manifest.json"
FILES = ("private", "media")  # folders of DATA_DIR that go along
PREFIX, SUFFIX = "crm-", ".tar.gz"
REMIND_AFTER = timedelta(days=3)
PORTION = 1024 * 1024


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself, to be compared with what is found in it and with what was put back."""

    made_at: str  # ISO, UTC
    member: str  # the database's file inside; its name tells the engine
    sha256: str  # of that file
    counts: Counts  # rows by table
    migrations: list[str]
    files: int


@dataclass(frozen=True)
class Done:
    """A backup that was made or put back."""

    path: Path
    manifest: Manifest
    seconds: float

    @property
    def leads(self) -> int:
        return self.manifest.counts.get("leads_lead", 0)


def make(place: Path, *, keep: int | None = None) -> Done:
    """Write a backup to the file `place`, or under a name of its own into the folder `place`; read back, then recorded.

    The file appears when it is whole, readable by its owner alone. In a folder, all but the newest `keep` of those that
    were made so are removed. Raises Trouble.
    """
    began = time.monotonic()
    into_folder = place.is_dir()
    path = place / f"{PREFIX}{clock.now():%Y%m%d-%H%M%S}{SUFFIX}" if into_folder else place
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with _scratch(path.parent) as scratch:
            copier = engine()
            dump = scratch / copier.member
            counts = copier.copy_out(dump)
            manifest = Manifest(
                made_at=clock.now().isoformat(),
                member=copier.member,
                sha256=_sum(dump),
                counts=counts,
                migrations=_applied(),
                files=len(files := list(_files())),
            )
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw:
                _write(raw, manifest, dump, files)
        look(part)
        sync(part)
        part.replace(path)
    except OSError as error:
        raise Trouble(f"{error.filename or path}: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)
    record(size=path.stat().st_size)
    if into_folder and keep is not None:
        for old in sorted(place.glob(f"{PREFIX}*{SUFFIX}"))[:-keep]:
            old.unlink(missing_ok=True)
    return Done(path, manifest, time.monotonic() - began)


def look(path: Path) -> Manifest:
    """Read a backup from beginning to end; answers what it says of itself. Raises Trouble when it is not whole."""
    try:
        with tarfile.open(path, "r:gz") as archive:
            first = archive.next()
            if first is None or first.name != MANIFEST:
                raise Trouble(f"{path} is no backup of this product.")
            manifest = Manifest(**json.loads(_read(archive, first)))
            found, files = "", 0
            for member in archive:
                stream = archive.extractfile(member)
                if member is first or stream is None:
                    continue
                if member.name == manifest.member:
                    found = _sum_of(stream)
                else:
                    _sum_of(stream)
                    files += 1
    except (OSError, EOFError, tarfile.TarError, ValueError, TypeError) as error:
        raise Trouble(f"{path} cannot be read as a backup ({error}).") from error
    if (found, files) != (manifest.sha256, manifest.files):
        raise Trouble(f"{path} is damaged: its content is not what was written into it.")
    return manifest


def restore(path: Path, *, replace: bool = False) -> Done:
    """Put the backup in the place of the database and of the files; brings its tables up to this version.

    Tables are compared row count by row count before the old ones go. Raises Trouble, and then nothing has changed,
    among others where the database holds leads and `replace` is not set.
    """
    began = time.monotonic()
    manifest = look(path)
    target = engine()
    if manifest.member != target.member:
        raise Trouble(f"The backup holds {manifest.member}, which is not for {connection.vendor}: see DATABASE_URL.")
    known = MigrationLoader(None, ignore_no_migrations=True).disk_migrations or {}
    if newer := sorted(set(manifest.migrations) - {".".join(key) for key in known}):
        raise Trouble(f"The backup is of a newer version, which knows {newer[0]}: install that one first.")
    if holds_leads() and not replace:
        raise Trouble("The database holds leads; --replace puts the backup in their place.")

    def approve(counts: Counts) -> None:
        wrong = {name for name in {*counts, *manifest.counts} if counts.get(name) != manifest.counts.get(name)}
        if wrong:
            raise Trouble(f"The rows that came back are not those that were copied: {', '.join(sorted(wrong))}.")

    data_dir = Path(settings.DATA_DIR)
    try:
        with _scratch(data_dir) as scratch, tarfile.open(path, "r:gz") as archive:
            for entry in archive:
                _take_out(archive, entry, scratch, manifest)
            target.put_back(scratch / manifest.member, approve)
            for folder in FILES:
                if (scratch / folder).is_dir():
                    shutil.copytree(scratch / folder, data_dir / folder, dirs_exist_ok=True)
    except OSError as error:
        raise Trouble(f"{error.filename or path}: {error.strerror}.") from error
    call_command("migrate", interactive=False, verbosity=0)
    return Done(path, manifest, time.monotonic() - began)


@verb
def record(*, size: int | None = None) -> None:
    """Note that there is a good backup as of now."""
    Backup.objects.create(size=size)


def age() -> timedelta | None:
    """How old the newest backup is; before the first one, the installation. None on tables that are a moment old."""
    newest = Backup.objects.values_list("made_at", flat=True).first()
    if newest is None:
        newest = MigrationRecorder.Migration.objects.order_by("applied").values_list("applied", flat=True).first()
    return None if newest is None else clock.now() - newest


def is_late(age: timedelta | None) -> bool:
    """Whether people are to be reminded (`reliability.md` L04)."""
    return age is not None and age > REMIND_AFTER


def _applied() -> list[str]:
    return sorted(".".join(key) for key in MigrationRecorder(connection).applied_migrations())


def _files() -> Iterator[Path]:
    for folder in FILES:
        yield from sorted(path for path in (Path(settings.DATA_DIR) / folder).rglob("*") if path.is_file())


def _write(raw: IO[bytes], manifest: Manifest, dump: Path, files: list[Path]) -> None:
    with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=3) as archive:
        head = json.dumps(asdict(manifest), indent=1).encode()
        entry = tarfile.TarInfo(MANIFEST)
        entry.size, entry.mtime = len(head), int(datetime.fromisoformat(manifest.made_at).timestamp())
        archive.addfile(entry, io.BytesIO(head))
        archive.add(dump, manifest.member)
        for file in files:
            archive.add(file, str(file.relative_to(settings.DATA_DIR)))


@contextlib.contextmanager
def _scratch(beside: Path) -> Iterator[Path]:
    """A folder for what is on its way in or out, on the disk of `beside`, for this user alone."""
    beside.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=beside) as folder:
        yield Path(folder)


def _take_out(archive: tarfile.TarFile, entry: tarfile.TarInfo, scratch: Path, manifest: Manifest) -> None:
    """Write one file of the archive below `scratch`; a name that leads elsewhere is none of ours. Raises Trouble."""
    inside = Path(entry.name)
    if entry.name == MANIFEST:
        return
    if not entry.isfile() or ".." in inside.parts or inside.parts[0] not in {*FILES, manifest.member}:
        raise Trouble(f"The backup holds {entry.name}, which was not made here.")
    stream = archive.extractfile(entry)
    assert stream is not None
    place = scratch / inside
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with stream, os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        shutil.copyfileobj(stream, file, PORTION)


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = archive.extractfile(member)
    assert stream is not None
    return stream.read()


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return _sum_of(file)


def _sum_of(stream: IO[Any]) -> str:
    digest = hashlib.sha256()
    while portion := stream.read(PORTION):
        digest.update(portion)
    return digest.hexdigest()
