"""The product's web server as processes of its own, to be asked over HTTP while they are killed and starved."""

from __future__ import annotations

import http.client
import json
import resource
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psutil

from crm.management.commands.runstack import product
from tests.crm.stack import free_port, wait_until
from tests.programs import Programs

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


class Web(Programs):
    """One node: the web server on a port of its own. `key` is the key of the API sent with each call."""

    def __init__(self, folder: Path, more: Mapping[str, str], *, name: str = "web", workers: int = 1) -> None:
        self.port = free_port()
        self.key = ""
        self.armed = folder / name / "armed"
        own = {"HTTPS": "0", "CRM_FAULT": str(self.armed), "THROTTLE_INTAKE": ""}
        super().__init__(folder / name, {**own, **more})
        self.log = self.folder / "web.log"
        shipped = product("127.0.0.1", self.port, self.environment["REDIS_URL"])[0].command
        command = ["tests.faults.armed" if word == "crm.wsgi" else word for word in shipped]
        command[command.index("--workers") + 1] = str(workers)
        self.commands["web"] = command

    def __enter__(self) -> Self:
        super().__enter__()
        self.wait_for_a_process()
        return self

    def processes(self) -> list[int]:
        parent = psutil.Process(self.running["web"].pid)
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
        """Return when it answers, after its start or after one of its processes was killed."""
        assert wait_until(lambda: self.get("/healthz").status == 200), self.said()
