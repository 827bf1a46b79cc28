"""A fake Bitrix24 portal: a real HTTP server on loopback with a plan of faults, and a ledger of every call.

`python -m tests.bitrix24.portal` starts one to try the mirror with; it prints the webhook address to set.
"""

from __future__ import annotations

import json
import random
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.bitrix24.crm_of_portal import Crm, Error

CODE = "s3cretc0de"
BEFORE = {"reset_before", "503", "429", "401", "500_before"}  # faults in which nothing is done
AFTER = {"reset_after", "html_after", "cut_after", "500_after", "hang_after"}  # done, but the caller is not told so
KINDS = sorted((BEFORE | AFTER) - {"401", "hang_after"})  # what a random plan draws from: no end of all, no waiting


@dataclass
class Call:
    """A line of the ledger."""

    at: float
    method: str
    params: dict[str, Any]
    fault: str = ""
    done: bool = False


@dataclass
class Plan:
    """Which call fails how: the next ones of a method in order, then by chance (`rate` from 0 to 1, seeded)."""

    rate: float = 0.0
    seed: int = 0
    next: dict[str, list[str]] = field(default_factory=dict)
    always: str = ""

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    def draw(self, method: str) -> str:
        if self.always:
            return self.always
        if waiting := self.next.get(method):
            return waiting.pop(0)
        return self._chance.choice(KINDS) if self._chance.random() < self.rate else ""


class Portal:
    """The server. `crm` is its data, `ledger` what was asked of it, `plan` what goes wrong."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.now = now
        self.crm = Crm(now)
        self.plan = Plan()
        self.ledger: list[Call] = []
        self.bucket: tuple[int, float] | None = None  # most at once, drained a second; None: no limit
        self.redirect = ""  # another portal's address to which callers are sent
        self.hang = threading.Event()  # what `hang_after` waits for
        self._level, self._level_at = 0.0, now()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a reset is meant
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def webhook(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/rest/1/{CODE}/"

    def calls(self, method: str) -> list[Call]:
        return [call for call in self.ledger if call.method == method]

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.hang.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def _over_limit(self) -> bool:
        if self.bucket is None:
            return False
        most, drained = self.bucket
        self._level = max(0.0, self._level - (self.now() - self._level_at) * drained) + 1
        self._level_at = self.now()
        return self._level > most

    def answer(self, path: str, params: dict[str, Any]) -> tuple[int, Any, str]:
        """HTTP status, body, fault of one call; the call is in the ledger and, unless a fault forbids it, done."""
        parts = [part for part in path.split("?")[0].split("/") if part]
        method = parts[-1].removesuffix(".json").lower() if len(parts) == 4 else ""
        with self._lock:
            call = Call(self.now(), method, params)
            self.ledger.append(call)
            if parts[:3] != ["rest", "1", CODE]:
                return 401, {"error": "NO_AUTH_FOUND", "error_description": "Wrong authorization data"}, ""
            call.fault = "503" if self._over_limit() else self.plan.draw(method)
            if call.fault in BEFORE:
                return *self._refused(call.fault), call.fault
            times = {"start": self.now(), "finish": self.now(), "operating": 0.1, "operating_reset_at": self.now() + 60}
            try:
                if method not in self.crm.methods:
                    raise Error(404, "ERROR_METHOD_NOT_FOUND", "Method not found!")
                result = json.loads(json.dumps(self.crm.methods[method](params)))
            except Error as error:
                return error.status, {"error": error.code, "error_description": error.text}, ""
            call.done = True
            return 200, {"result": result, "time": times}, call.fault

    def _refused(self, fault: str) -> tuple[int, Any]:
        status, code, text = {
            "503": (503, "QUERY_LIMIT_EXCEEDED", "Too many requests"),
            "429": (429, "OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit."),
            "401": (401, "NO_AUTH_FOUND", f"Wrong authorization data {CODE}"),
            "500_before": (500, "INTERNAL_SERVER_ERROR", "Internal server error"),
            "reset_before": (0, "", ""),
        }[fault]
        reset = self.now() + 60
        return status, {"error": code, "error_description": text, "time": {"operating_reset_at": reset}}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        portal = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                """The ledger is the log."""

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if portal.redirect:
                    self._send(302, b"", Location=portal.redirect + self.path)
                    return
                status, answer, fault = portal.answer(self.path, json.loads(body or b"{}"))
                told = json.dumps(answer).encode()
                if fault.startswith("reset"):
                    self._reset()
                elif fault == "hang_after":
                    portal.hang.wait(10)
                    self._reset()
                elif fault == "html_after":
                    self._send(502, b"<html><h1>502 Bad Gateway</h1></html>")
                elif fault == "500_after":
                    self._send(500, b'{"error": "INTERNAL_SERVER_ERROR", "error_description": "Internal server error"}')
                elif fault == "cut_after":
                    self._send(200, told[: len(told) // 2])
                else:
                    self._send(status, told)

            def _send(self, status: int, body: bytes, **headers: str) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with suppress(OSError):
                    self.wfile.write(body)

            def _reset(self) -> None:
                """Close with a reset, as a fallen server does."""
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
                self.rfile.close()
                self.wfile.close()
                self.connection.close()

        return Handler


@contextmanager
def running(now: Callable[[], float] = time.time) -> Iterator[Portal]:
    portal = Portal(now)
    portal.start()
    try:
        yield portal
    finally:
        portal.stop()


def main() -> None:
    """Run a portal with the usual limits and, with a number from 0 to 1 given, so many faults, until it is stopped."""
    with running() as portal:
        portal.bucket = (50, 2.0)
        portal.plan = Plan(rate=float(sys.argv[1]) if len(sys.argv) > 1 else 0.0)
        print(f"BITRIX24_ALLOW_INSECURE=1 BITRIX24_WEBHOOK_URL={portal.webhook}", flush=True)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
