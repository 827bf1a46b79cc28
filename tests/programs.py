"""Programs of the product as processes of their own on a database that is named, to be killed, starved and ended."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from crm.supervisor import end_with_parent
from tests.crm.stack import ROOT, plain_environment


def database_url() -> str:
    """The database of this test, as another process is told of it."""
    known = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{known['NAME']}"
    who = ":".join(quote(part, safe="") for part in (known["USER"], known["PASSWORD"]) if part)
    where = f"{who}@{known['HOST']}:{known['PORT']}" if known["HOST"] else ""
    return f"postgres://{where}/{known['NAME']}"


class Programs:
    """Used as a context manager; nothing of it is left behind. Each program has a process group and a log of its own.

    `folder` is their DATA_DIR and comes into being; `more` are settings on top of those that they all need.
    """

    def __init__(self, folder: Path, more: Mapping[str, str]) -> None:
        self.folder = folder
        self.folder.mkdir()
        self.environment = {
            **plain_environment(folder.parent),
            **{name: value for name, value in os.environ.items() if name.startswith("PG")},
            "DATA_DIR": str(folder),
            "SECRET_KEY": settings.SECRET_KEY,
            "ALLOWED_HOSTS": "127.0.0.1",
            "PYTHONDONTWRITEBYTECODE": "1",  # a module cut short by a full disk would stay broken for everybody
            **more,
        }
        self.commands: dict[str, Sequence[str]] = {}
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        for name in self.commands:
            self.start(name)
        return self

    def start(self, name: str) -> None:
        with (self.folder / f"{name}.log").open("a") as log:
            self.running[name] = subprocess.Popen(
                self.commands[name],
                cwd=ROOT,
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

    def said(self) -> str:
        """What the processes have printed."""
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        for name in list(self.running):
            self.kill(name)
