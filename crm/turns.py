"""Turns for the writers of one process, in the order in which they ask.

SQLite has one writer at a time and lets the others sleep and try again, for up to a tenth of a second, so that a busy
thread takes the lock again and again while many sleepers never find it free. Measured with 64 threads on a loaded
machine: one thread wrote on, 63 waited in vain for 80 s. In a queue each is served; the lock of the file is then asked
for by one thread of each process only.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Queue:
    """A lock that is handed on to whoever has waited longest."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._taken = False

    @contextmanager
    def turn(self, within: float) -> Iterator[None]:
        """Wait for one's turn, at most `within` seconds, and keep it for the block. Raises TimeoutError.

        Not to be asked for again inside the block: the thread would wait for itself.
        """
        with self._guard:
            mine = threading.Event() if self._taken else None
            if mine is None:
                self._taken = True
            else:
                self._waiting.append(mine)
        if mine is not None:
            self._wait(mine, within)
        try:
            yield
        finally:
            self._hand_on()

    def _wait(self, mine: threading.Event, within: float) -> None:
        came = False
        try:
            came = mine.wait(within)
        finally:
            if not came:  # too late, or interrupted: leave the queue, or pass on a turn that came just now
                with self._guard:
                    called = mine.is_set()
                    if not called:
                        self._waiting.remove(mine)
                if called:
                    self._hand_on()
        if not came:
            raise TimeoutError

    def _hand_on(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False
