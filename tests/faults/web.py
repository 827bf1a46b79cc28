"""The product's web server as processes of its own on a database that is named, to be killed, starved and asked."""

from __future__ import annotations

import http.client
import json
import os
import resource
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil
from django.conf import settings

from crm.management.commands.runstack import product
from crm.supervisor import end_with_parent
from tests.crm.stack import ROOT, free_port, plain_environment, wait_until

NO_ANSWER = 0
LONGEST_ANSWER = 40.0  # seconds


@dataclass(frozen=True)
class Answer:
    """Status 0 means that the connection ended without one."""

    status: int
    headers: Mapping[str, str]
    body: str
    seconds: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Web:
    """Used as a context manager; nothing of it is left behind. `key` is the key of the API sent with each call."""

    def __init__(self, folder: Path, database: Mapping[str, str], *, workers: int = 1, **more: str) -> None:
        self.folder = folder / "web"
        self.folder.mkdir()
        self.port = free_port()
        self.key = ""
        self.armed = self.folder / "armed"
        self.log = self.folder / "log"
        self.environment = {
            **plain_environment(folder),
            **{name: value for name, value in os.environ.items() if name.startswith("PG")},
            "DATA_DIR": str(self.folder),
            "SECRET_KEY": settings.SECRET_KEY,
            "ALLOWED_HOSTS": "127.0.0.1",
            "HTTPS": "0",
            "CRM_FAULT": str(self.armed),
            "THROTTLE_INTAKE": "",
            "PYTHONDONTWRITEBYTECODE": "1",  # a module cut short by a full disk would stay broken for everybody
            **database,
            **more,
        }
        web = product("127.0.0.1", self.port, self.environment["REDIS_URL"])[0].command
        self.command = ["tests.faults.armed" if word == "crm.wsgi" else word for word in web]
        self.command[self.command.index("--workers") + 1] = str(workers)

    def __enter__(self) -> Self:
        self.start()
        return self

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_parent,
            )
        if not wait_until(lambda: self.get("/healthz").status == 200):
            self.kill()
            raise AssertionError(self.log.read_text())

    def kill(self) -> None:
        """`kill -9` of the server and of the processes that work for it."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.kill()

    def processes(self) -> list[int]:
        parent = psutil.Process(self.process.pid)
        return [parent.pid, *(child.pid for child in parent.children())]

    def may_write(self, size: int | None) -> None:
        """How long its processes may make a file: beyond that their disk is full. None frees it again."""
        for pid in self.processes():
            _soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard if size is None else size, hard))

    def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        """One call on a connection of its own, with the key; bytes go as they are, anything else as JSON."""
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LONGEST_ANSWER)
        sent = {"Authorization": f"Token {self.key}", "Content-Type": "application/json", **(headers or {})}
        payload = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        try:
            connection.request(method, path, payload, sent)
            answer = connection.getresponse()
            text = answer.read().decode()
            return Answer(answer.status, dict(answer.getheaders()), text, time.monotonic() - began)
        except (OSError, http.client.HTTPException):
            return Answer(NO_ANSWER, {}, "", time.monotonic() - began)
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, headers=headers)

    def post_lead(self, name: str, number: int, **more: Any) -> Answer:
        """Post a lead with the external id `name` and a phone made of `number`."""
        body = {"phone": f"+7916{number:07d}", "source": "site", "external_id": name, **more}
        return self.ask("POST", "/api/v1/leads/", body)

    def wait_for_a_process(self) -> None:
        """Return when it answers again after one of its processes was killed."""
        assert wait_until(lambda: self.get("/healthz").status == 200), self.log.read_text()
