"""Limits such as "1200/min" or "5/15min" as the settings write them. Counting against a limit is left to the caller."""

from __future__ import annotations

import re
from dataclasses import dataclass

UNITS = {"s": 1, "sec": 1, "min": 60, "h": 3600, "hour": 3600, "d": 86400, "day": 86400}
_WRITTEN = re.compile(r"(\d+)/(\d*)([a-z]+)")


@dataclass(frozen=True)
class Rate:
    """At most `count` in any `seconds` seconds."""

    count: int
    seconds: int


def parse(written: str) -> Rate | None:
    """Read "N/[k]period" (period one of UNITS). Empty means no limit: None. Raises ValueError with a sentence."""
    written = written.strip()
    if not written:
        return None
    match = _WRITTEN.fullmatch(written)
    if match and match[3] in UNITS and int(match[1]) > 0 and match[2] != "0":
        return Rate(count=int(match[1]), seconds=int(match[2] or 1) * UNITS[match[3]])
    raise ValueError(f"{written!r} is no rate; write for example 1200/min or 5/15min, or leave it empty for no limit")
