"""Moments as tables write them, on the firm's clock unless they say otherwise."""

from __future__ import annotations

import re
from datetime import datetime

from django.utils import timezone

_FORMATS = ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y")
_LONGEST = 40


def moment_of(text: str) -> datetime | None:
    """The moment that a cell means («24.11.2026 12:40», ISO), aware; None if it means none."""
    text = re.sub(r"\s+", " ", text.strip())
    if not text or len(text) > _LONGEST:
        return None
    found = None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        for known in _FORMATS:
            try:
                found = datetime.strptime(text, known)  # noqa: DTZ007 - the firm's clock, below
                break
            except ValueError:
                continue
    if found is None:
        return None
    try:
        return found if timezone.is_aware(found) else timezone.make_aware(found)
    except (ValueError, OverflowError):
        return None
