"""The one clock of the product. Every rule, verb and job reads the time here and nowhere else.

Tests of several processes shift it together through the file named by the setting CLOCK_FILE; in production the setting
is empty and this is the plain clock.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings


def now() -> datetime:
    """The present moment, aware, in UTC.

    With CLOCK_FILE set, the file holds ``{"real": epoch seconds, "shown": epoch seconds, "rate": number}``: at the real
    moment ``real`` the clock shows ``shown`` and from there runs ``rate`` times as fast (0 freezes it). A missing file
    means no shift, so that a test may put it there and take it away while processes run.
    """
    if not settings.CLOCK_FILE:
        return datetime.now(UTC)
    try:
        shift = json.loads(Path(settings.CLOCK_FILE).read_text())
    except FileNotFoundError:
        return datetime.now(UTC)
    elapsed = time.time() - shift["real"]
    return datetime.fromtimestamp(shift["shown"] + elapsed * shift["rate"], UTC)


def write_shift(path: Path, *, shown: datetime, rate: float = 1.0) -> None:
    """Make every process that reads `path` as its CLOCK_FILE show `shown` from now on, running `rate` times as fast."""
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps({"real": time.time(), "shown": shown.timestamp(), "rate": rate}))
    draft.replace(path)
