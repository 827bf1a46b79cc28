"""The portal's lists: filters with their prefixes, order, pages of 50 and the counting that can be switched off."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

PAGE = 50
PREFIXES = (">=", "<=", "!@", "!=", "=%", "%=", "!%", ">", "<", "@", "=", "%", "!")


class NoSuchField(Exception):
    """The field cannot be filtered or sorted by."""


def page(rows: Iterable[dict[str, Any]], given: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """The rows of one page, and `total` and `next` of the envelope."""
    wanted = {name: _many(name, value) for name, value in (given.get("filter") or {}).items()}
    found = [row for row in rows if all(_fits(row, name, value) for name, value in wanted.items())]
    for name, direction in reversed(list((given.get("order") or {"id": "ASC"}).items())):
        found.sort(
            key=lambda row: _sortable(row.get(name, row.get(name.lower()))), reverse=str(direction).upper() == "DESC"
        )
    start = int(given.get("start") or 0)
    if start < 0:
        return found[:PAGE], {"total": 0}
    after = {"next": start + PAGE} if start + PAGE < len(found) else {}
    return found[start : start + PAGE], {"total": len(found), **after}


def _fits(row: dict[str, Any], name: str, wanted: Any) -> bool:
    prefix = next((mark for mark in PREFIXES if name.startswith(mark)), "=")
    field = name.removeprefix(prefix)
    value = row.get(field, row.get(field.lower()))
    if isinstance(wanted, frozenset):
        return (_text(value) in wanted) != prefix.startswith("!")
    if prefix in {"=", "!", "!="}:
        return _same(value, wanted) == (prefix == "=")
    if "%" in prefix:
        return (str(wanted).strip("%").lower() in str(value or "").lower()) != prefix.startswith("!")
    if value in (None, ""):
        return False
    ours, theirs = _sortable(value), _sortable(wanted)
    return {">": ours > theirs, "<": ours < theirs, ">=": ours >= theirs, "<=": ours <= theirs}[prefix]


def _many(name: str, value: Any) -> Any:
    """Several values, one of which it is to be, as a set."""
    if isinstance(value, list):
        return frozenset(_text(one) for one in value)
    return frozenset([_text(value)]) if name.startswith(("@", "!@")) else value


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _same(value: Any, wanted: Any) -> bool:
    return _text(value) == _text(wanted)


def _sortable(value: Any) -> tuple[int, Any]:
    text = "" if value is None else str(value)
    if text.lstrip("-").replace(".", "", 1).isdigit():
        return 0, float(text)
    try:
        return 1, datetime.fromisoformat(text).timestamp()
    except ValueError:
        return 2, text
