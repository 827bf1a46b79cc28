"""A fake portal that outlives its process: its data in one file, its messages to a product that runs beside it."""

from __future__ import annotations

import contextlib
import itertools
import json
import queue
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

from tests.bitrix24.crm_of_portal import Crm
from tests.bitrix24.events import body

TABLES = ("todos", "comments")
EVERY = 1.0  # seconds


def read(crm: Crm, path: Path) -> None:
    """Fill the portal with what was kept, if anything was."""
    if not path.exists():
        return
    kept = json.loads(path.read_text())
    crm.items = {int(kind): _by_number(rows) for kind, rows in kept["items"].items()}
    for kind, rows in crm.items.items():
        for item in rows.values():
            crm._note(kind, item)
    for name in TABLES:
        setattr(crm, name, _by_number(kept[name]))
    crm.statuses, crm._ids = kept["statuses"], itertools.count(kept["next"])


def write(crm: Crm, path: Path) -> None:
    """Keep everything; a reader sees the old file or the new one."""
    numbers = [number for rows in (*crm.items.values(), crm.todos, crm.comments) for number in rows]
    inner = [int(entry["id"]) for rows in crm.items.values() for item in rows.values() for entry in item["fm"]]
    used = max([100, *numbers, *inner, *(int(row["ID"]) for row in crm.statuses)])
    kept: dict[str, Any] = {"items": crm.items, "statuses": crm.statuses, "next": used + 1}
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(kept | {name: getattr(crm, name) for name in TABLES}))
    draft.replace(path)


def keep_writing(crm: Crm, path: Path, lock: threading.Lock) -> None:
    """Write it every second from a thread, as long as the process lives."""

    def work() -> None:
        while True:
            time.sleep(EVERY)
            with lock:
                write(crm, path)

    threading.Thread(target=work, daemon=True).start()


def tell(crm: Crm, address: str, token: str) -> None:
    """Post what happens to the product, as the portal's outgoing webhook does: once, whatever the answer."""
    waiting: queue.Queue[tuple[str, int]] = queue.Queue()
    crm.happened = lambda event, number: waiting.put((event, number))

    def work() -> None:
        while True:
            event, number = waiting.get()
            with contextlib.suppress(OSError):
                urllib.request.urlopen(address, body(event, number, token).encode(), timeout=5).close()

    threading.Thread(target=work, daemon=True).start()


def _by_number(rows: dict[str, Any]) -> dict[int, Any]:
    return {int(number): row for number, row in rows.items()}
