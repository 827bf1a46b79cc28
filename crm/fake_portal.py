"""`make run BITRIX24=fake`: the tests' fake portal beside the product, to try the mirror without a portal of one's own.

It keeps what it has in DATA_DIR, so that the next run goes on with it. It is started for nobody who does not ask.
"""

from __future__ import annotations

import importlib.util
import secrets
import socket
import sys
from pathlib import Path

from crm.supervisor import Child

MODULE = "tests.bitrix24.portal"


def fake_portal(folder: Path, product: str) -> tuple[Child, dict[str, str]]:
    """The portal's process, and the settings under which the product at address `product` mirrors to it.

    Ends with a sentence when this installation has no tests.
    """
    try:
        found = importlib.util.find_spec(MODULE)
    except ModuleNotFoundError:
        found = None
    if found is None:
        sys.exit("BITRIX24=fake needs the folder tests/ of the sources, which this installation does not have.")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    token = secrets.token_urlsafe(24)
    command = [sys.executable, "-m", MODULE, "--port", str(port), "--keep", str(folder / "fake-portal.json")]
    command += ["--tell", f"{product}bitrix24/event/", "--token", token]
    settings = {
        "BITRIX24_ALLOW_INSECURE": "1",
        "BITRIX24_WEBHOOK_URL": f"http://127.0.0.1:{port}/rest/1/s3cretc0de/",
        "BITRIX24_APPLICATION_TOKEN": token,
    }
    return Child("portal", command), settings
