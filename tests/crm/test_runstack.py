"""`make run` as a person meets it: it starts from nothing, keeps itself running, and leaves nothing behind."""

import fcntl
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from tests.crm.stack import ROOT, Stack, free_port, plain_environment, production_on_postgres, wait_until

pytestmark = [pytest.mark.once, pytest.mark.processes, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    more = production_on_postgres() if connection.vendor == "postgresql" else {}
    with Stack(tmp_path, more) as started:
        yield started


def test_it_starts_from_nothing_and_ctrl_c_leaves_no_process(stack: Stack) -> None:
    assert wait_until(lambda: stack.get("/healthz")[0] == 200), stack.log.read_text()
    assert wait_until(stack.is_ready), stack.log.read_text()
    assert len(stack.processes()) >= 5, "supervisor, broker, web, worker, beat"
    found = stack.manage("shell", "-v0", "-c", "from django.conf import settings; print(settings.REDIS_URL)")
    assert found.stdout.startswith("unix://"), "a command given by hand finds the running broker"
    assert stack.interrupt() == 0
    assert stack.processes() == {}
    lines = stack.log.read_text()
    assert f"http://127.0.0.1:{stack.port}/" in lines
    assert "Traceback" not in lines


def test_killed_parts_come_back_and_a_killed_supervisor_leaves_no_process(stack: Stack) -> None:
    assert wait_until(stack.is_ready), stack.log.read_text()
    for piece in ("valkey-server", " worker ", " beat ", "gunicorn"):
        os.kill(stack.main_process(piece), signal.SIGKILL)
    assert wait_until(lambda: stack.log.read_text().count("starting it again") >= 4), stack.log.read_text()
    assert wait_until(stack.is_ready), stack.log.read_text()
    stack.process.kill()
    stack.process.wait()
    with stack:  # at once, while the killed one's children are still ending
        assert wait_until(stack.is_ready), stack.log.read_text()
        assert any("valkey-server" in line for line in stack.processes().values())
        stack.process.kill()
        assert wait_until(lambda: stack.processes() == {}, within=30)


def make_run(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**plain_environment(tmp_path), "DATA_DIR": str(tmp_path / "kept")}
    command = ["make", "run", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_a_taken_port_is_said_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = make_run(tmp_path, f"PORT={port}")
    said = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert done.returncode != 0
    assert said == [f"Port {port} cannot be used (Address already in use); try: make run PORT={port + 1}"]


def test_a_number_that_is_no_port_is_said_in_one_sentence(tmp_path: Path) -> None:
    done = make_run(tmp_path, "PORT=70000")
    assert [line for line in done.stderr.splitlines() if not line.startswith("make")] == [
        "70000 is no port; it must be between 1 and 65535."
    ]


def test_a_second_run_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    with (folder / "runstack.lock").open("w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        done = make_run(tmp_path, f"PORT={free_port()}")
    assert f"Another `make run` already works in {folder}" in done.stderr
