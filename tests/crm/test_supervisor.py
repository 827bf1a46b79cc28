"""The supervisor alone, with children that do little."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm import supervisor
from crm.supervisor import Child, GivesUp, Supervisor


def child(code: str, **more: object) -> Child:
    return Child("child", [sys.executable, "-c", code], **more)  # type: ignore[arg-type]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_child_that_ends_is_started_again_after_a_growing_pause(capfd: pytest.CaptureFixture[str]) -> None:
    one = child("pass")
    one.start()
    pauses = []
    while len(pauses) < 3:
        one.look_after()
        if one.process is None and one.start_again_at > time.monotonic():
            pauses.append(one.start_again_at - time.monotonic())
            one.start_again_at = 0.0
        time.sleep(0.01)
    one.make_end(time.monotonic())
    assert [round(pause, 1) for pause in pauses] == [0.5, 1.0, 2.0]


def test_a_child_that_keeps_ending_ends_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "LONGEST_PAUSE", 0.0)
    monkeypatch.setattr(supervisor, "LOOK_EVERY", 0.01)
    group = Supervisor()
    group.start(child("raise SystemExit(3)"))
    with pytest.raises(GivesUp, match="child keeps ending .status 3."):
        group.watch()
    group.end()


def test_the_end_takes_grandchildren_and_the_deaf_along(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(supervisor, "GRACE", 0.3)
    note = tmp_path / "pids"
    deaf = f"""
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
inner = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open({str(note)!r} + ".new", "w").write(f"{{os.getpid()}} {{inner.pid}}")
os.rename({str(note)!r} + ".new", {str(note)!r})
time.sleep(60)
"""
    group = Supervisor()
    group.start(child(deaf))
    while not note.exists():
        time.sleep(0.02)
    group.end()
    deadline = time.monotonic() + 5
    while any(is_alive(int(pid)) for pid in note.read_text().split()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [pid for pid in note.read_text().split() if is_alive(int(pid))] == []


def test_lines_carry_the_name_and_noise_is_left_out(capfd: pytest.CaptureFixture[str]) -> None:
    one = child("print('hello'); print('bye bye')", noise=["bye"])
    one.start()
    assert one.process is not None
    one.process.wait()
    one.make_end(time.monotonic() + 5)  # waits for its last lines
    assert capfd.readouterr().out == "child  | hello\n"


def test_what_others_need_ends_last(tmp_path: Path) -> None:
    note = tmp_path / "ends"
    code = """
import signal, sys, time
def end(*_):
    with open({note!r}, "a") as f: f.write({name!r})
    sys.exit()
signal.signal(signal.SIGTERM, end)
open({note!r} + {name!r}, "w").close()
time.sleep(60)
"""
    group = Supervisor()
    for name in "abc":
        group.start(child(code.format(note=str(note), name=name)))
    while not all((tmp_path / f"ends{name}").exists() for name in "abc"):
        time.sleep(0.02)
    group.end()
    assert sorted(note.read_text()) == ["a", "b", "c"]
    assert note.read_text()[-1] == "a"


@pytest.fixture
def interruptible(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Signals end the supervisor as in `make run`, for the length of a test."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    monkeypatch.setattr(supervisor.Ending, "asked", False)
    supervisor.interrupt_on_terminate()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_ctrl_c_while_a_process_starts_leaves_none_behind(monkeypatch: pytest.MonkeyPatch, interruptible: None) -> None:
    started: list[int] = []

    def popen(*args: object, **options: object) -> object:
        process = subprocess.Popen(*args, **options)  # type: ignore[call-overload]
        started.append(process.pid)
        os.kill(os.getpid(), signal.SIGINT)  # before anybody knows of the process
        return process

    class Module:
        Popen = staticmethod(popen)
        DEVNULL, PIPE, STDOUT = subprocess.DEVNULL, subprocess.PIPE, subprocess.STDOUT

    monkeypatch.setattr(supervisor, "subprocess", Module)
    group = Supervisor()
    with pytest.raises(KeyboardInterrupt):
        group.start(child("import time; time.sleep(60)"))
    monkeypatch.undo()
    group.end()
    assert not is_alive(started[0])


def test_ctrl_c_that_is_dropped_on_its_way_is_heard_all_the_same(interruptible: None) -> None:
    with contextlib.suppress(KeyboardInterrupt):  # as Python does with what is raised in its hooks around a fork
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(1)
    with pytest.raises(KeyboardInterrupt):
        Supervisor().watch(within=1)
