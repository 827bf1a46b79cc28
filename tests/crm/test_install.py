"""What a newcomer reads when python3 is too old or cannot make a virtual environment. The pythons are stand-ins."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.crm.stack import ROOT, plain_environment

OLD = "import sys; sys.version_info = (3, 9, 2, 'final', 0)"
WITHOUT_VENV = "import sys; sys.modules['ensurepip'] = None"
RUN = "; import runpy; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"


def make_with(tmp_path: Path, python: str) -> subprocess.CompletedProcess[str]:
    """`make run` in a folder without .venv, with another python3."""
    for name in ("Makefile", "requirements"):
        (tmp_path / name).symlink_to(ROOT / name)
    copy = tmp_path / "requirements"
    copy.unlink()
    copy.mkdir()
    for path in (ROOT / "requirements").iterdir():
        if path.is_file():
            (copy / path.name).write_bytes(path.read_bytes())
    command = ["make", "run", f"PYTHON={python}"]
    environment = plain_environment(tmp_path)
    return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)


def stand_in(tmp_path: Path, before: str) -> str:
    script = tmp_path / "python-stand-in"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{before}{RUN}" "$@"\n')
    script.chmod(0o755)
    return str(script)


def said(done: subprocess.CompletedProcess[str]) -> list[str]:
    """All that was printed but make's own last line."""
    return [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("make: ***")]


@pytest.mark.parametrize(
    ("before", "sentence"),
    [
        (OLD, "Python 3.11 or newer is needed, but this python3 is 3.9.2; try: make run PYTHON=python3.11"),
        (
            WITHOUT_VENV,
            "This python3 cannot make a virtual environment: its venv module is missing; "
            "on Debian and Ubuntu it comes with: apt-get install python3-venv",
        ),
    ],
    ids=["old", "without venv"],
)
def test_an_unfit_python_is_said_in_one_sentence(tmp_path: Path, before: str, sentence: str) -> None:
    done = make_with(tmp_path, stand_in(tmp_path, before))
    assert done.returncode != 0
    assert said(done) == [sentence]
    assert not (tmp_path / ".venv").exists()


def test_no_python_at_all_is_said_in_one_sentence(tmp_path: Path) -> None:
    done = make_with(tmp_path, "python-that-is-not-there")
    assert done.returncode != 0
    assert said(done) == ["Python is not installed: there is no python-that-is-not-there on the PATH"]
