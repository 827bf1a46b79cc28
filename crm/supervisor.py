"""Keeps a handful of processes running together: starts, prefixes their lines, restarts, and leaves none behind.

It knows nothing of what the processes do; `manage.py runstack` names them. For Linux and macOS.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import IO

GRACE = 15.0  # seconds between asking a process to end and killing it
WINDOW = 60.0  # seconds in which too many ends of one process stop everything
MOST_RESTARTS = 5
LONGEST_PAUSE = 10.0  # seconds before a restart, at most
LOOK_EVERY = 0.2  # seconds
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class GivesUp(Exception):
    """A process keeps ending; the text names it."""


class Ending:
    """Whether somebody has asked for the end, and whether that must wait until a process has been started."""

    asked = False
    held = False

    @classmethod
    @contextlib.contextmanager
    def waits(cls) -> Iterator[None]:
        """Raise no KeyboardInterrupt inside the block, but after it.

        While Python forks it runs hooks of its libraries and drops what is raised in them, Ctrl-C too. And a process
        that is started but not yet known to us would be left behind.
        """
        cls.held = True
        try:
            yield
        finally:
            cls.held = False
        cls.look()

    @classmethod
    def look(cls) -> None:
        """Raise KeyboardInterrupt if the end has been asked for."""
        if cls.asked:
            raise KeyboardInterrupt


def say(name: str, line: str) -> None:
    """Print one line under a name, in one piece, since every child's lines come from a thread of their own."""
    sys.stdout.write(f"{name:<6} | {line}\n")
    sys.stdout.flush()


def end_with_parent() -> None:
    """In the new process: ask the kernel for a SIGTERM when the supervisor dies, even by kill -9 (Linux only)."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """One process that is to stay alive. `noise` are pieces of lines that tell a newcomer nothing and are left out."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    noise: Sequence[str] = ()
    process: subprocess.Popen[str] | None = None
    reader: threading.Thread | None = None
    starts: list[float] = field(default_factory=list)
    start_again_at: float = 0.0

    def start(self) -> None:
        """Start it in a session of its own, so that the terminal's Ctrl-C reaches the supervisor alone."""
        self.starts.append(time.monotonic())
        with Ending.waits():
            self.process = subprocess.Popen(
                self.command,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
                preexec_fn=end_with_parent,
            )
            assert self.process.stdout is not None
            self.reader = threading.Thread(target=self._pass_on, args=(self.process.stdout,), daemon=True)
            self.reader.start()

    def _pass_on(self, lines: IO[str]) -> None:
        with lines:
            for line in lines:
                if line.strip() and not any(piece in line for piece in self.noise):
                    say(self.name, line.rstrip())

    def ask_to_end(self) -> None:
        """Send SIGTERM if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def make_end(self, deadline: float) -> None:
        """Wait until `deadline` (time.monotonic()), then kill what is left of it and of its own children."""
        if self.process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, deadline - time.monotonic()))
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self.reader is not None:
            self.reader.join(1.0)  # its last lines
        self.process = None

    def look_after(self) -> None:
        """Start it again, with a growing pause, when it has ended. Raises GivesUp when that happens too often."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.start_again_at:
                self.start()
            return
        status = self.process.poll()
        if status is None:
            return
        self.make_end(now)
        recent = [start for start in self.starts if now - start < WINDOW]
        if len(recent) > MOST_RESTARTS:
            raise GivesUp(f"{self.name} keeps ending (status {status}), so everything is stopped")
        pause = min(0.5 * 2 ** (len(recent) - 1), LONGEST_PAUSE) if recent else 0.0
        self.start_again_at = now + pause
        say("stack", f"{self.name} ended (status {status}), starting it again in {pause:.1f} s")


class Supervisor:
    """The processes in the order in which they start. They end in the opposite order, see `end`."""

    def __init__(self) -> None:
        self.children: list[Child] = []

    def start(self, child: Child) -> None:
        """Start one more process and look after it from now on."""
        self.children.append(child)
        child.start()

    def watch(self, until: Callable[[], bool] = lambda: False, within: float = math.inf) -> bool:
        """Look after all of them until `until()` is true, `within` so many seconds; answers whether it became true.

        Without arguments it goes on for ever. GivesUp, or the KeyboardInterrupt of a signal, end it at any time.
        """
        deadline = time.monotonic() + within
        while not until():
            Ending.look()
            if time.monotonic() > deadline:
                return False
            for child in self.children:
                child.look_after()
            time.sleep(LOOK_EVERY if within == math.inf else LOOK_EVERY / 10)
        return True

    def end(self) -> None:
        """End all processes: the first one started (what the others need) last, the rest together."""
        first, rest = self.children[:1], self.children[1:]
        for group in (rest, first):
            deadline = time.monotonic() + GRACE
            for child in group:
                child.ask_to_end()
            for child in group:
                child.make_end(deadline)


def interrupt_on_terminate() -> None:
    """Let SIGTERM and a closed terminal do what Ctrl-C does: raise KeyboardInterrupt in the main thread.

    While a process is being started it waits, see Ending; one that is dropped on its way is raised again by `watch`.
    """
    Ending.asked = False

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        Ending.asked = True
        if not Ending.held:
            raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)


def ignore_signals() -> None:
    """From here on nothing interrupts: the end is under way, and `make` passes Ctrl-C on a second time."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
