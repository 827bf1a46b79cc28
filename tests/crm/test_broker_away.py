"""A broker or cache that is away, refused or silent, costs a change at most a second and never becomes its error."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crm.stack import ROOT, plain_environment

SEND = """
import django, time; django.setup()
from django.core.cache import cache
from django.conf import settings
from crm.jobs import tick
began = time.monotonic()
{what}
print(f"{{time.monotonic() - began:.2f}}")
"""


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes connections and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(64)
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


@pytest.fixture
def refused() -> str:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return f"redis://127.0.0.1:{server.getsockname()[1]}/0"


@pytest.fixture
def full() -> Iterator[str]:
    """A server whose queue of connections is full, so that connecting hangs, as behind a wall that drops packets."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        address = server.getsockname()
        waiting = []
        for _ in range(4):
            one = socket.socket()
            one.settimeout(0)
            one.connect_ex(address)
            waiting.append(one)
        time.sleep(0.1)
        yield f"redis://127.0.0.1:{address[1]}/0"
        for one in waiting:
            one.close()


def seconds(tmp_path: Path, redis_url: str, what: str) -> float:
    """How long `what` took in a process whose broker and cache are at `redis_url`; fails when it raised."""
    own = {"DATA_DIR": str(tmp_path), "REDIS_URL": redis_url, "DJANGO_SETTINGS_MODULE": "crm.settings"}
    done = subprocess.run(
        [sys.executable, "-c", SEND.format(what=what)],
        cwd=ROOT,
        env={**plain_environment(tmp_path), **own},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return float(done.stdout.split()[-1])


@pytest.mark.parametrize("away", ["refused", "silent", "full"])
@pytest.mark.parametrize(
    "what",
    [
        "for _ in range(20): tick.delay()",
        "for _ in range(20): assert cache.get('x', 5) == 5; cache.set('x', 1); assert cache.add('y', 1)",
    ],
    ids=["job", "cache"],
)
def test_an_absent_server_costs_at_most_a_second_and_no_error(
    tmp_path: Path, request: pytest.FixtureRequest, away: str, what: str
) -> None:
    assert seconds(tmp_path, request.getfixturevalue(away), what) < 1.3  # a second, and some for a busy machine
