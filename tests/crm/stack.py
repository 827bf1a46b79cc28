"""Starts the program as a person does, on a free port and in a folder of its own, and sees what is left of it."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import psycopg
from django.db import connection

from crm.supervisor import end_with_parent

ROOT = Path(__file__).resolve().parent.parent.parent


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def plain_environment(home: Path) -> dict[str, str]:
    """What a newcomer's shell has, and nothing that this run of the tests, or a .env file, has set."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    example = (ROOT / ".env.example").read_text()
    defaults = dict(re.findall(r"^([A-Z0-9_]+)=(.*)$", example, re.MULTILINE))
    return {**kept, **defaults, "HOME": str(home)}


def production_on_postgres() -> dict[str, str]:
    """The variables of a production start on an empty database of the server that these tests run on."""
    settings = connection.settings_dict
    name = f"stack_{secrets.token_hex(6)}"
    options = {"host": settings["HOST"], "port": settings["PORT"], "user": settings["USER"]}
    given = {key: value for key, value in {**options, "password": settings["PASSWORD"]}.items() if value}
    with psycopg.connect(dbname="postgres", autocommit=True, **given) as server:
        server.execute(f'CREATE DATABASE "{name}"')
    who = ":".join(quote(part, safe="") for part in (settings["USER"], settings["PASSWORD"]) if part)
    where = f"{settings['HOST']}:{settings['PORT']}" if settings["PORT"] else settings["HOST"]
    return {
        **{key: value for key, value in os.environ.items() if key.startswith("PG")},
        "DATABASE_URL": f"postgres://{who}@{where}/{name}" if where else f"postgres:///{name}",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "ALLOWED_HOSTS": "127.0.0.1",
    }


def wait_until(holds: Callable[[], Any], within: float = 60.0) -> bool:
    """Look until `holds()` is true; answers whether it became so in time."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.1)
    return False


class Stack:
    """`manage.py runstack` (or the command given) in a process group of its own; used as a context manager."""

    def __init__(self, folder: Path, more: Mapping[str, str] | None = None) -> None:
        self.port = free_port()
        self.folder = folder / "kept"
        self.log = folder / "log"
        own = {"DATA_DIR": str(self.folder), "PORT": str(self.port), "DEMO": "0"}
        self.environment = {**plain_environment(folder), **own, **(more or {})}
        self.command = [sys.executable, "manage.py", "runstack"]

    def __enter__(self) -> Self:
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_parent,  # a test run that is killed leaves nothing behind either
            )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def processes(self) -> dict[int, str]:
        """All living processes that were started with this folder: number and command line."""
        mark = f"DATA_DIR={self.folder}".encode()
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdecimal():
                continue
            try:
                # The broker writes its title over its environment; it works inside the folder.
                inside = Path(os.readlink(entry / "cwd")).is_relative_to(self.folder)
                if inside or mark in (entry / "environ").read_bytes().split(b"\0"):
                    found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
        return found

    def main_process(self, piece: str) -> int:
        """The number of the oldest process whose command line has `piece` in it."""
        return min(pid for pid, line in self.processes().items() if piece in line)

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of an answer; (0, "") while nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def is_ready(self) -> bool:
        """Whether all parts work."""
        status, body = self.get("/readyz")
        return status == 200 and json.loads(body)["status"] == "ok"

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another command of manage.py beside it."""
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)

    def interrupt(self) -> int:
        """What Ctrl-C in a terminal does; answers the exit status."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(40)
