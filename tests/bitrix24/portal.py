"""A fake Bitrix24 portal: a real HTTP server on loopback with a plan of faults, and a ledger of every call.

`python -m tests.bitrix24.portal` starts one to try the mirror with; it prints the webhook address to set.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.bitrix24 import kept, wire
from tests.bitrix24.crm_of_portal import Crm
from tests.bitrix24.events import TOKEN
from tests.bitrix24.fields import NAMES
from tests.bitrix24.rest_of_portal import Error

CODE = "s3cretc0de"
BEFORE = {"reset_before", "503", "429", "401", "302", "500_before", "html_before", "empty_error"}  # nothing is done
AFTER = {"reset_after", "html_after", "cut_after", "500_after", "hang_after"}  # done, but the caller is not told so
EVERY = sorted(BEFORE | AFTER)
KINDS = sorted((BEFORE | AFTER) - {"401", "302", "hang_after", "empty_error"})
"""What a random plan draws from: not the end of all, no waiting, nothing that a person would have to decide."""
REFUSALS = {
    "503": (503, "QUERY_LIMIT_EXCEEDED", "Too many requests"),
    "429": (429, "OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit."),
    "401": (401, "NO_AUTH_FOUND", f"Wrong authorization data {CODE}"),
    "500_before": (500, "INTERNAL_SERVER_ERROR", "Internal server error"),
    "empty_error": (400, "", "Access denied."),
    **dict.fromkeys(("reset_before", "html_before", "302"), (0, "", "")),
}
MOST_COMMANDS = 50


@dataclass
class Call:
    """A line of the ledger. A command of a batch has its own, with `inside`."""

    at: float
    method: str
    params: dict[str, Any]
    fault: str = ""
    done: bool = False
    inside: bool = False


@dataclass
class Plan:
    """Which call fails how: the next ones of a method in order, then by chance (`rate` from 0 to 1, seeded).

    `reset_after@13`: in the middle of a batch or an import, after its 13th part.
    """

    rate: float = 0.0
    seed: int = 0
    next: dict[str, list[str]] = field(default_factory=dict)
    always: str = ""
    inner: float = 0.0  # the share of a batch's commands that fail by themselves
    kinds: Sequence[str] = tuple(KINDS)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    def draw(self, method: str) -> str:
        if self.always:
            return self.always
        if waiting := self.next.get(method):
            return waiting.pop(0)
        fault = self._chance.choice(self.kinds) if self._chance.random() < self.rate else ""
        parts = method in {"batch", "crm.item.batchimport"}
        return f"{fault}@{self._chance.randint(1, 20)}" if fault in AFTER and parts else fault

    def fails_inside(self) -> bool:
        return self._chance.random() < self.inner


class _Fallen(Exception):
    """The server died between two parts of a call."""


class Portal:
    """The server. `crm` is its data, `ledger` what was asked of it, `plan` what goes wrong."""

    def __init__(self, now: Callable[[], float] = time.time, port: int = 0) -> None:
        self.now = now
        self.crm = Crm(now)
        self.crm.step = self._step  # type: ignore[method-assign]
        self.plan = Plan()
        self.ledger: list[Call] = []
        self.bucket: tuple[int, float] | None = None  # most at once, drained a second (of real time); None: no limit
        self.refused = 0  # by that limit
        self.operating = 0.1  # seconds of its method's time that each call takes
        self.most_operating: float | None = None  # of a method in ten minutes; None: no limit
        self._spent: dict[str, dict[int, float]] = {}  # method -> minute -> seconds
        self.delay = 0.0  # seconds that each answer takes
        self.redirect = ""  # another portal's address to which callers are sent
        self.redirected = 0
        self.hang = threading.Event()  # what `hang_after` waits for
        self._falls_after = 0
        self._level, self._level_at = 0.0, time.monotonic()
        self.lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a reset is meant
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def webhook(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/rest/1/{CODE}/"

    def summary(self) -> str:
        """What a person sees who opens the portal in a browser: figures, and the last calls."""
        counts = {name: len(self.crm.items[kind]) for kind, name in NAMES.items()}
        counts |= {"todo": len(self.crm.todos), "comment": len(self.crm.comments)}
        lines = [f"{name}: {count}" for name, count in counts.items()]
        lines += [f"{call.method} {call.fault}".rstrip() for call in self.ledger[-30:][::-1]]
        return "A fake Bitrix24 portal\n\n" + "\n".join(lines) + "\n"

    def calls(self, method: str) -> list[Call]:
        return [call for call in self.ledger if call.method == method.lower()]

    def requests(self) -> list[Call]:
        """What came over the wire; a batch is one."""
        return [call for call in self.ledger if not call.inside]

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
        now = time.monotonic()
        self._level = max(0.0, self._level - (now - self._level_at) * drained) + 1
        self._level_at = now
        return self._level > most

    def answer(self, path: str, params: dict[str, Any]) -> tuple[int, Any, str]:
        """HTTP status, body, fault of one call; the call is in the ledger and, unless a fault forbids it, done."""
        parts = [part for part in path.split("?")[0].split("/") if part]
        method = parts[-1].removesuffix(".json").lower() if len(parts) == 4 else ""
        with self.lock:
            call = Call(self.now(), method, params)
            self.ledger.append(call)
            if parts[:3] != ["rest", "1", CODE]:
                return 401, {"error": "NO_AUTH_FOUND", "error_description": "Wrong authorization data"}, ""
            if self._over_limit():
                self.refused += 1
                call.fault = "503"
            elif self._over_its_time(method):
                call.fault = "429"
                return *self._refusal("429", method), "429"
            else:
                call.fault = self.plan.draw(method)
            fault, _at, place = call.fault.partition("@")
            if fault in BEFORE:
                return *self._refusal(fault), fault
            self._falls_after = int(place or 0)
            try:
                result, envelope = self._do(method, params)
            except _Fallen:
                return 0, {}, fault
            except Error as error:
                return error.status, {**self._error(error.code, error.text), "time": self._times(method)}, ""
            call.done = True
            return 200, {"result": result, **envelope, "time": self._times(method)}, fault

    def _spend(self, method: str) -> None:
        """A method's time is summed in ten buckets of a minute."""
        minutes, this = self._spent.setdefault(method, {}), int(self.now() // 60)
        self._spent[method] = {minute: spent for minute, spent in minutes.items() if minute > this - 10}
        self._spent[method][this] = self._spent[method].get(this, 0.0) + self.operating

    def _over_its_time(self, method: str) -> bool:
        minutes, this = self._spent.get(method, {}), int(self.now() // 60)
        spent = sum(of for minute, of in minutes.items() if minute > this - 10)
        return self.most_operating is not None and spent >= self.most_operating

    def _times(self, method: str = "") -> dict[str, Any]:
        now, minutes = self.now(), self._spent.get(method, {})
        reset = {"operating_reset_at": (min(minutes) + 10) * 60 if minutes else now + 60}
        spent = {"operating": round(sum(minutes.values()), 3)}
        return {"start": now, "finish": now, "duration": 0.01, "processing": 0.01, **spent, **reset}

    @staticmethod
    def _error(code: str, text: str) -> dict[str, Any]:
        return {"error": code, "error_description": text}

    def _refusal(self, fault: str, method: str = "") -> tuple[int, Any]:
        status, code, text = REFUSALS[fault]
        return status, {**self._error(code, text), "time": self._times(method)}

    def _step(self, number: int) -> None:
        if self._falls_after and number > self._falls_after:
            raise _Fallen

    def _do(self, method: str, params: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The result, and what else the envelope has."""
        if method == "batch":
            return self._batch(params), {}
        known = self.crm.methods.get(method)
        if known is None:
            raise Error(404, "ERROR_METHOD_NOT_FOUND", "Method not found!")
        self._spend(method)
        result = known(params)
        result, envelope = result if isinstance(result, tuple) else (result, {})
        return json.loads(json.dumps(result)), envelope

    def _batch(self, params: dict[str, Any]) -> dict[str, Any]:
        commands = params.get("cmd") or {}
        commands = commands if isinstance(commands, dict) else {str(n): one for n, one in enumerate(commands)}
        if len(commands) > MOST_COMMANDS:
            raise Error(400, "ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded")
        maps: dict[str, dict[str, Any]] = {f"result{of}": {} for of in ("", "_error", "_total", "_next", "_time")}
        for place, (name, command) in enumerate(commands.items()):
            self._step(place + 1)
            method, _mark, text = str(command).partition("?")
            method = method.lower().removesuffix(".json")
            call = Call(self.now(), method, wire.query(self._filled(text, maps["result"])), inside=True)
            self.ledger.append(call)
            try:
                if method == "batch":
                    raise Error(405, "ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage")
                if self.plan.fails_inside():
                    raise Error(429, "OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit.")
                maps["result"][name], envelope = self._do(method, call.params)
                call.done = True
                maps["result_time"][name] = self._times(method)
                for what in ("total", "next"):
                    if what in envelope:
                        maps[f"result_{what}"][name] = envelope[what]
            except Error as error:
                maps["result_error"][name] = self._error(error.code, error.text)
                if str(params.get("halt") or "0") in {"1", "Y", "true", "True"}:
                    break
        return {name: told or [] for name, told in maps.items()}  # an empty map comes as an empty list

    @staticmethod
    def _filled(text: str, results: dict[str, Any]) -> str:
        """`$result[key][field]` replaced by what an earlier command answered."""

        def value(found: re.Match[str]) -> str:
            place: Any = results
            for key in re.findall(r"\[([^\]]*)\]", found[0]):
                place = place[int(key)] if isinstance(place, list) else place.get(key, "")
            return str(place)

        return re.sub(r"(?:\$|%24)result(?:\[[^\]]*\])+", value, text.replace("%5B", "[").replace("%5D", "]"))

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        portal = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # head and body are sent apart: the second would wait 40 ms for the first

            def log_message(self, *_: Any) -> None:
                """The ledger is the log."""

            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))  # a body on GET is ignored
                if self.path == "/":
                    self._send(200, portal.summary().encode(), **{"Content-Type": "text/plain; charset=utf-8"})
                else:
                    self._serve({})

            def do_POST(self) -> None:
                text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self._serve(wire.body(self.headers.get("Content-Type", ""), text))

            def _serve(self, given: dict[str, Any]) -> None:
                if portal.redirect:
                    portal.redirected += 1
                    self._send(302, b"", Location=portal.redirect + self.path)
                    return
                if portal.delay:
                    time.sleep(portal.delay)
                given = {**wire.query(self.path.partition("?")[2]), **given}
                status, answer, fault = portal.answer(self.path, given)
                told = json.dumps(answer).encode()
                if fault.startswith("reset"):
                    self._reset()
                elif fault == "hang_after":
                    portal.hang.wait(10)
                    self._reset()
                elif fault == "302":  # the portal has another name now: this machine's other one
                    name = "localhost" if str(self.headers.get("Host")).startswith("127.") else "127.0.0.1"
                    self._send(302, b"", Location=f"http://{name}:{portal._server.server_port}{self.path}")
                elif fault.startswith("html"):
                    self._send(502, b"<html><h1>502 Bad Gateway</h1></html>")
                elif fault == "500_after":
                    self._send(500, b'{"error": "INTERNAL_SERVER_ERROR", "error_description": "Internal server error"}')
                elif fault == "cut_after":
                    self._send(200, told[: len(told) // 2] or b"{")
                else:
                    self._send(status, told)

            def _send(self, status: int, body: bytes, **headers: str) -> None:
                self.send_response(status)
                for name, value in {"Content-Type": "application/json; charset=utf-8", **headers}.items():
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
def running(now: Callable[[], float] = time.time, port: int = 0) -> Iterator[Portal]:
    portal = Portal(now, port)
    portal.start()
    try:
        yield portal
    finally:
        portal.stop()


def main() -> None:
    """Run a portal with the usual limits, and so many faults, until it is stopped."""
    words = argparse.ArgumentParser(prog="python -m tests.bitrix24.portal", description="A fake Bitrix24 portal.")
    words.add_argument("faults", nargs="?", type=float, default=0.0, help="the share of calls that fail, from 0 to 1")
    words.add_argument("--port", type=int, default=0, help="where it listens; left out, any free port")
    words.add_argument("--limit", type=float, default=2.0, help="calls a second that it takes, beyond 50 at once")
    words.add_argument("--keep", type=Path, help="a file in which it keeps what it has")
    words.add_argument("--tell", default="", help="where it posts what happens to its leads")
    words.add_argument("--token", default=TOKEN, help="the application token of those messages")
    given = words.parse_args()
    with running(port=given.port) as portal:
        portal.bucket = (50, given.limit)
        portal.plan = Plan(rate=given.faults)
        if given.keep:
            kept.read(portal.crm, given.keep)
            kept.keep_writing(portal.crm, given.keep, portal.lock)
        if given.tell:
            kept.tell(portal.crm, given.tell, given.token)
        print(f"BITRIX24_ALLOW_INSECURE=1 BITRIX24_WEBHOOK_URL={portal.webhook}", flush=True)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
