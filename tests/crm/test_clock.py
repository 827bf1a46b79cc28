"""One clock for all processes: a file moves it for every one of them at the same moment, and only in tests."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crm import clock

ROOT = Path(__file__).resolve().parents[2]
TELL = "import sys; from crm import clock; [print(clock.now().isoformat(), flush=True) for _ in sys.stdin]"
THEN = datetime(2027, 1, 31, 23, 59, 30, tzinfo=UTC)


@contextmanager
def another_process(file: Path) -> Iterator[subprocess.Popen[str]]:
    """A process of its own that says what time it is whenever it is asked."""
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "crm.settings", "CLOCK_FILE": str(file)}
    told = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", TELL], cwd=ROOT, env=env, **told) as process:
        yield process
        assert process.stdin
        process.stdin.close()
        assert process.wait(10) == 0


def ask(process: subprocess.Popen[str]) -> datetime:
    assert process.stdin
    assert process.stdout
    process.stdin.write("\n")
    process.stdin.flush()
    return datetime.fromisoformat(process.stdout.readline().strip())


def test_every_process_sees_the_same_shift_at_once(tmp_path: Path, settings) -> None:
    file = tmp_path / "clock.json"
    settings.CLOCK_FILE = str(file)
    with ExitStack() as stack:
        people = [stack.enter_context(another_process(file)) for _ in range(2)]

        def everybody() -> list[datetime]:
            return [*(ask(process) for process in people), clock.now()]

        for moment in everybody():  # no file: the plain clock
            assert abs(moment - datetime.now(UTC)) < timedelta(seconds=30)
        clock.write_shift(file, shown=THEN, rate=0)
        assert everybody() == [THEN] * 3
        clock.write_shift(file, shown=THEN - timedelta(days=1000), rate=0)  # back as well
        assert everybody() == [THEN - timedelta(days=1000)] * 3
        clock.write_shift(file, shown=THEN)
        for moment in everybody():
            assert timedelta(0) <= moment - THEN < timedelta(seconds=30)
        file.unlink()
        for moment in everybody():
            assert abs(moment - datetime.now(UTC)) < timedelta(seconds=30)


def test_time_may_run_faster(tmp_path: Path, settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CLOCK_FILE = str(tmp_path / "clock.json")
    monkeypatch.setattr("crm.clock.time.time", lambda: 1000.0)
    clock.write_shift(Path(settings.CLOCK_FILE), shown=THEN, rate=3600)
    monkeypatch.setattr("crm.clock.time.time", lambda: 1002.0)
    assert clock.now() == THEN + timedelta(hours=2)


def test_without_the_setting_it_is_the_plain_clock(settings) -> None:
    assert settings.CLOCK_FILE == ""
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    assert clock.now().tzinfo is UTC


def test_the_product_reads_the_time_in_one_place() -> None:
    asks = re.compile(r"\b(?:timezone\.now|datetime\.(?:now|utcnow|today)|time\.time|date\.today)\(")
    of_the_machine = {"team/signin.py"}  # reckons with the times that django-axes has written
    apps = ["team", "contacts", "sources", "history", "outbox", "tasks", "deals", "leads", "reports", "bitrix24"]
    found = {
        str(path.relative_to(ROOT))
        for app in apps
        for path in (ROOT / app).rglob("*.py")
        if "migrations" not in path.parts and asks.search(path.read_text())
    }
    assert found == of_the_machine
