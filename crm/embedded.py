"""Where the embedded broker of a DATA_DIR listens, and whether it answers. Starting it is left to `runstack`."""

from __future__ import annotations

import hashlib
import socket
import tempfile
from pathlib import Path

LONGEST_SOCKET_PATH = 100  # the system's limit is 107 bytes on Linux and 103 on macOS


def broker_socket(data_dir: Path) -> Path:
    """The address of the broker of `data_dir`: the same in every process, and short enough to be opened."""
    path = data_dir.resolve() / "broker" / "valkey.sock"
    if len(str(path).encode()) <= LONGEST_SOCKET_PATH:
        return path
    name = hashlib.sha256(str(path).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"crm-{name}.sock"


def answers(path: Path) -> bool:
    """Whether somebody listens on the socket `path`. Takes at most a fifth of a second."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(0.2)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True
