"""Where the browser comes from; the programs that bring it are stand-ins."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser import chromium

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def nothing_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without a browser; answers the folder of its programs."""
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setattr(chromium, "KEPT", tmp_path / "kept")
    return programs


def program(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_an_installed_browser_is_taken(nothing_here: Path) -> None:
    program(nothing_here, "google-chrome", "exit 0")
    assert chromium.find_or_get() == nothing_here / "google-chrome"


def test_a_browser_that_does_not_start_is_passed_by(nothing_here: Path) -> None:
    program(nothing_here, "chromium", "exit 127")
    assert chromium.find() is None


def test_root_gets_the_package_of_debian(nothing_here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    browser = nothing_here / "chromium"
    make = f'printf "#!/bin/sh\\nexit 0\\n" > {browser}; /bin/chmod 755 {browser}'
    program(nothing_here, "apt-get", f'[ "$4" = update ] || {{ {make}; }}')
    assert chromium.find_or_get() == browser


def test_others_get_the_package_of_npm(nothing_here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    program(nothing_here, "apt-get", "exit 1")
    program(nothing_here, "npm", "exit 0")
    program(nothing_here, "node", 'printf "#!/bin/sh\\nexit 0\\n" > $TMPDIR/chromium; /bin/chmod 755 $TMPDIR/chromium')
    assert chromium.find_or_get() == chromium.KEPT / "chromium"
    assert "--headless=shell" in chromium.flags(chromium.KEPT / "chromium")


def test_without_any_way_one_sentence_is_said(tmp_path: Path) -> None:
    # An interpreter outside the environment, so that a browser fetched into it earlier is not found.
    code = (
        "from tests.browser import chromium; chromium.KEPT = chromium.Path('/nowhere'); print(chromium.find_or_get())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "The browser tests need Chromium, and none could be installed; put chromium on the PATH." in done.stderr
