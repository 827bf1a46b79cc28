"""Which errors of the database mean that it cannot serve just now, so that the same may be tried again later."""

from __future__ import annotations

from django.db import InterfaceError, InternalError, OperationalError

READ_ONLY = "25006"  # PostgreSQL's state for a write into a database that takes none (`reliability.md` F10)


def is_outage(error: BaseException) -> bool:
    """Whether `error` is the database's state rather than a fault of what was asked."""
    if isinstance(error, InternalError):
        return getattr(error.__cause__, "sqlstate", None) == READ_ONLY
    return isinstance(error, (OperationalError, InterfaceError))
