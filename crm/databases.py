"""What Django is told about a database of ours, by its address: PostgreSQL, or SQLite on a newcomer's machine."""

from __future__ import annotations

from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

# IMMEDIATE takes the write lock at the start of each transaction: without it simultaneous writers fail at once with
# "database is locked", because a transaction that has read an older state may not begin to write.
SQLITE_OPTIONS: dict[str, Any] = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; PRAGMA mmap_size=134217728;"
        " PRAGMA journal_size_limit=27103364; PRAGMA cache_size=2000;"
    ),
}


def entry(address: str) -> dict[str, Any]:
    """Django's entry for the database at `address`. Raises ImproperlyConfigured unless it is PostgreSQL or SQLite."""
    found: dict[str, Any] = environ.Env.db_url_config(address)
    if found.get("ENGINE") == "django.db.backends.sqlite3":
        return {**found, "OPTIONS": SQLITE_OPTIONS}
    if found.get("ENGINE") == "django.db.backends.postgresql":
        options = {"connect_timeout": 5, **found.get("OPTIONS", {})}
        return {**found, "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True, "OPTIONS": options}
    raise ImproperlyConfigured("DATABASE_URL must begin with postgres:// (or sqlite:/// and a path).")
