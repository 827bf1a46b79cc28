"""A backup is whole, is made while people work, and comes back row by row into an empty place; else nothing happens."""

import contextlib
import errno
import fcntl
import gzip
import io
import os
import sqlite3
import stat
import subprocess
import sys
import tarfile
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from crm import backup, dumps
from crm.demo.play import play
from crm.models import Backup
from leads.models import Lead
from tests.crm.stack import ROOT, plain_environment, production_on_postgres
from tests.factories import lead
from tests.postgres import programs
from tests.races import ON_POSTGRES
from tests.sizes import size

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("catalogues")]
LEADS = size(60, 100_000)
MINUTES = 15  # for either way at the full size


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A DATA_DIR of the test's own, and on PostgreSQL the programs that are as new as the tests' server."""
    settings.DATA_DIR = tmp_path / "kept"
    settings.DATA_DIR.mkdir()
    if ON_POSTGRES:
        monkeypatch.setenv("PATH", f"{programs()}{os.pathsep}{os.environ['PATH']}")
    return settings.DATA_DIR


def elsewhere(tmp_path: Path) -> dict[str, str]:
    """The environment of another machine: an empty folder and, on PostgreSQL, an empty database."""
    there = {"DATA_DIR": str(tmp_path / "there")}
    if ON_POSTGRES:
        there |= {**production_on_postgres(), "DEBUG": "1"}
    return {**plain_environment(tmp_path), "PATH": os.environ["PATH"], **there}


def manage(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def rows(environment: dict[str, str], table: str) -> int:
    """How many rows the table has there."""
    if not ON_POSTGRES:
        with contextlib.closing(sqlite3.connect(f"{environment['DATA_DIR']}/crm.sqlite3")) as database:
            return database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    at = {name.lower().removeprefix("pg"): value for name, value in environment.items() if name == "PGHOST"}
    with psycopg.connect(environment["DATABASE_URL"], **at) as server:
        return server.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_F24_L03_a_backup_comes_back_on_another_machine_with_every_row(folder: Path, tmp_path: Path) -> None:
    play(leads=LEADS, months=3, seed=7, tell=lambda _done: None)
    (folder / "private").mkdir()
    (folder / "private" / "a.csv").write_text("Список")
    made = backup.make(tmp_path / "crm.tar.gz")
    assert made.leads == Lead.objects.count() > 0
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert Backup.objects.get().size == made.path.stat().st_size

    there = elsewhere(tmp_path)
    put_back = manage(there, "restore", str(made.path))
    assert put_back.returncode == 0, put_back.stderr
    total = sum(made.manifest.counts.values())
    assert put_back.stdout.startswith(f"{made.leads} leads and all {total} rows of "), put_back.stdout
    assert (tmp_path / "there" / "private" / "a.csv").read_text() == "Список"
    for table in ("leads_lead", "contacts_contact", "history_event"):
        assert rows(there, table) == made.manifest.counts[table] > 0
    seconds = float(put_back.stdout.split()[-2])
    print(f"{made.leads} leads: backup {made.seconds:.0f} s, restore {seconds:.0f} s")
    assert max(made.seconds, seconds) < MINUTES * 60


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A backup with one lead in it; since then another one has come."""
    first = lead()
    done = backup.make(tmp_path / "crm.tar.gz")
    assert lead().pk != first.pk
    return done.path


def test_what_is_there_is_replaced_only_when_that_is_asked_for(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match="holds leads; --replace"):
        call_command("restore", kept)
    with monkeypatch.context() as patch:
        patch.setattr(type(dumps.engine()), "member", "other")
        with pytest.raises(CommandError, match="which is not for"):
            call_command("restore", kept, "--replace")
    assert Lead.objects.count() == 2
    call_command("restore", kept, "--replace", stdout=io.StringIO())
    assert lead().pk > Lead.objects.earliest("pk").pk, "numbers go on"
    assert Lead.objects.count() == 2


def test_a_copy_whose_rows_are_not_all_there_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lead()
    engine = type(dumps.engine())
    copy_out = engine.copy_out
    monkeypatch.setattr(engine, "copy_out", lambda self, target: {**copy_out(self, target), "leads_lead": 7})
    path = backup.make(tmp_path / "crm.tar.gz").path
    with pytest.raises(CommandError, match="not those that were copied: leads_lead"):
        call_command("restore", path, "--replace")
    assert Lead.objects.count() == 1
    assert Backup.objects.count() == 1


def damaged(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def foreign(path: Path) -> None:
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("readme"))


def changed(path: Path) -> None:
    plain = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(plain.replace(b"yandex_direct", b"yandex_dir3ct")))


def newer(path: Path) -> None:
    plain = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(plain.replace(b'"team.0001_initial"', b'"team.9001_initial"')))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (damaged, "cannot be read as a backup"),
        (foreign, "is no backup of this product"),
        (changed, "is damaged"),
        (newer, "of a newer version, which knows team.9001_initial"),
        (Path.unlink, "No such file"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused(kept: Path, spoil, sentence: str) -> None:
    spoil(kept)
    with pytest.raises(CommandError, match=sentence):
        call_command("restore", kept, "--replace")
    assert Lead.objects.count() == 2


def test_it_is_refused_while_others_are_at_work(kept: Path, folder: Path) -> None:
    if ON_POSTGRES:
        other = connection.copy()
        with contextlib.closing(other), other.cursor(), pytest.raises(CommandError, match="stop web, worker, beat"):
            call_command("restore", kept, "--replace")
    else:
        with (folder / "runstack.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with pytest.raises(CommandError, match="`make run` works in"):
                call_command("restore", kept, "--replace")
    assert Lead.objects.count() == 2


def test_a_backup_that_fails_leaves_nothing_and_is_not_recorded(tmp_path: Path, monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(backup, "_write", full)
    with pytest.raises(CommandError, match="No space left on device"):
        call_command("backup", tmp_path / "crm.tar.gz")
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert not Backup.objects.exists()


def test_in_a_folder_the_newest_are_kept(tmp_path: Path, frozen) -> None:
    (tmp_path / "crm-20200101-000000.tar.gz").touch()
    (tmp_path / "letter.tar.gz").touch()
    for _ in range(2):
        call_command("backup", tmp_path, "--keep", "2", stdout=io.StringIO())
        frozen.move(days=1)
    names = sorted(path.name for path in tmp_path.glob("*.tar.gz"))
    assert names == ["crm-20261124-090000.tar.gz", "crm-20261125-090000.tar.gz", "letter.tar.gz"]


def test_on_postgresql_missing_programs_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if ON_POSTGRES:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(CommandError, match="pg_dump is not installed; it comes with"):
            call_command("backup", tmp_path / "crm.tar.gz")
