"""How the database is copied out while everybody works on, and put back: SQLite by itself, PostgreSQL by its tools.

Either engine answers how many rows each table of the copy has, counted in the very state that was copied, and puts a
copy in the place of what is there all or nothing: the old tables go when the new ones have passed the caller's look.
What else belongs to a backup is left to `crm/backup.py`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.backends.sqlite3 import _functions  # type: ignore[attr-defined]  # the stubs know public names only

Counts = dict[str, int]
LIBPQ = {
    "HOST": "PGHOST",
    "PORT": "PGPORT",
    "USER": "PGUSER",
    "PASSWORD": "PGPASSWORD",
    "NAME": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
}


class Trouble(Exception):
    """The backup cannot be made or put back; the text says why, for whoever typed the command."""


class Sqlite:
    """The database is one file and what SQLite keeps beside it."""

    member = "crm.sqlite3"

    def copy_out(self, target: Path) -> Counts:
        """Write the database to the new file `target` by SQLite's own online copy. Raises Trouble."""
        try:
            with contextlib.closing(sqlite3.connect(_sqlite_file())) as source, _opened(target) as copy:
                source.backup(copy)
                return _look_at(copy)
        except sqlite3.Error as error:
            raise Trouble(f"SQLite cannot copy {_sqlite_file()}: {error}.") from error

    def put_back(self, copy: Path, approve: Callable[[Counts], None]) -> None:
        """Put the file `copy` in the place of the database. Raises Trouble, and what `approve` raises."""
        place = _sqlite_file()
        with _nobody_runs(settings.DATA_DIR):
            with _opened(copy) as database:
                approve(_look_at(database))
            connection.close()
            place.parent.mkdir(parents=True, exist_ok=True)
            beside = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
            shutil.copyfile(copy, beside)
            sync(beside)
            if place.exists():
                with _opened(place) as old:
                    old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            for leftover in ("-wal", "-shm"):  # of the old file; the new one must not be read with them
                place.with_name(place.name + leftover).unlink(missing_ok=True)
            beside.replace(place)


class Postgres:
    """The database is a schema on a server; pg_dump and pg_restore must be as new as that server."""

    member = "crm.dump"

    def copy_out(self, target: Path) -> Counts:
        """Write the schema to the new file `target` by pg_dump. Raises Trouble."""
        parameters = connection.get_connection_params()
        with contextlib.closing(connection.get_new_connection(parameters)) as raw, raw.cursor() as cursor:
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SELECT pg_export_snapshot(), current_schema()")
            snapshot, schema = cursor.fetchone()
            counts = _postgres_counts(cursor)
            options = ["--format=custom", "--compress=0", "--no-owner", "--no-privileges", f"--schema={schema}"]
            _tool("pg_dump", *options, f"--snapshot={snapshot}", f"--file={target}")
        listed = _tool("pg_restore", "--list", str(target))
        missing = [table for table in counts if f" TABLE DATA {schema} {table} " not in listed]
        if missing:
            raise Trouble(f"pg_dump has left out {', '.join(missing)}.")
        return counts

    def put_back(self, copy: Path, approve: Callable[[Counts], None]) -> None:
        """Fill the schema anew from the file `copy`. Raises Trouble, and what `approve` raises."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_schema(), current_database()")
            schema, name = cursor.fetchone()
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = %s AND backend_type = 'client backend' AND pid <> pg_backend_pid()",
                [name],
            )
            if others := cursor.fetchone()[0]:
                raise Trouble(f"{others} others are connected to {name}: stop web, worker, beat and sweep first.")
            aside = f"{schema}_{secrets.token_hex(4)}"
            cursor.execute(f'ALTER SCHEMA "{schema}" RENAME TO "{aside}"')
            cursor.execute(f'CREATE SCHEMA "{schema}"')
            try:
                options = ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges"]
                # The schema is there already; a dump that was told of it by name would make it once more.
                wanted = [f"--schema={schema}", f"--dbname={name}"]
                _tool("pg_restore", *options, *wanted, str(copy))
                approve(_postgres_counts(cursor))
            except BaseException:
                cursor.execute(f'DROP SCHEMA "{schema}" CASCADE')
                cursor.execute(f'ALTER SCHEMA "{aside}" RENAME TO "{schema}"')
                raise
            cursor.execute(f'DROP SCHEMA "{aside}" CASCADE')
            cursor.execute("ANALYZE")


def engine() -> Sqlite | Postgres:
    """The one that this installation's database needs."""
    return Sqlite() if connection.vendor == "sqlite" else Postgres()


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    """With Django's functions, which the constraints of our tables call: the check for integrity needs them."""
    with contextlib.closing(sqlite3.connect(file)) as database:
        _functions.register(database)
        yield database


def _sqlite_file() -> Path:
    return Path(str(connection.settings_dict["NAME"]))


def _look_at(database: sqlite3.Connection) -> Counts:
    """Rows by table of a whole and sound file. Raises Trouble for a broken one."""
    try:
        said = [row[0] for row in database.execute("PRAGMA integrity_check")]
        if said != ["ok"]:
            raise Trouble(f"SQLite finds the copy broken: {said[0]}")
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        names = sorted(row[0] for row in tables)
        return {name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}
    except sqlite3.DatabaseError as error:
        raise Trouble(f"SQLite cannot read the copy: {error}.") from error


def _postgres_counts(cursor: Any) -> Counts:
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename")
    names = [row[0] for row in cursor.fetchall()]
    counts = {}
    for name in names:
        cursor.execute(f'SELECT count(*) FROM "{name}"')
        counts[name] = cursor.fetchone()[0]
    return counts


def _tool(name: str, *arguments: str) -> str:
    """What the program of PostgreSQL printed. The password goes by the environment, where `ps` does not show it."""
    program = shutil.which(name)
    if program is None:
        raise Trouble(f"{name} is not installed; it comes with the client of PostgreSQL (postgresql-client).")
    known = {**connection.settings_dict, **connection.settings_dict["OPTIONS"]}
    given = {variable: str(known[key]) for key, variable in LIBPQ.items() if known.get(key)}
    done = subprocess.run(
        [program, *arguments], env={**os.environ, **given}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Trouble(f"{name}: {' '.join(done.stderr.split()) or f'ended with {done.returncode}'}")
    return done.stdout


@contextlib.contextmanager
def _nobody_runs(folder: Path) -> Iterator[None]:
    """Keep `make run` from starting in `folder` meanwhile. Raises Trouble while it runs there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "runstack.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Trouble(f"`make run` works in {folder}: stop it first.") from error
        yield


def sync(file: Path) -> None:
    """Return when the disk has what was written to `file`."""
    with file.open("rb") as written:
        os.fsync(written.fileno())


def holds_leads() -> bool:
    """Whether the database that a backup would replace has leads; one without tables has none. Raises Trouble."""
    try:
        with connection.cursor() as cursor:
            if "leads_lead" not in connection.introspection.table_names(cursor):
                return False
            cursor.execute("SELECT 1 FROM leads_lead LIMIT 1")
            return cursor.fetchone() is not None
    except (DatabaseError, psycopg.Error) as error:
        raise Trouble(f"The database does not answer ({type(error).__name__}): look at DATABASE_URL.") from error
