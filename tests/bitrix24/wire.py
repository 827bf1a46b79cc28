"""How a portal reads what it is sent: JSON, forms and multipart with PHP's bracket names, and an address's query."""

from __future__ import annotations

import json
from email import message_from_bytes
from typing import Any
from urllib.parse import parse_qsl


def unbracketed(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """`fields[fm][n0][value]=1` as PHP reads it; a map whose keys are 0, 1, 2 … is a list."""
    tree: dict[str, Any] = {}
    for name, value in pairs:
        head, *rest = name.replace("]", "").split("[")
        place = tree
        for before, key in zip([head, *rest], rest, strict=False):
            place = place.setdefault(before, {})
            if key == "":
                rest[rest.index("")] = str(len(place))
        place[[head, *rest][-1]] = value
    return {name: _lists(value) for name, value in tree.items()}


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {key: _lists(entry) for key, entry in value.items()}
    return list(inner.values()) if list(inner) == [str(place) for place in range(len(inner))] else inner


def query(text: str) -> dict[str, Any]:
    """The parameters in an address or in one command of a batch."""
    return unbracketed(parse_qsl(text, keep_blank_values=True))


def body(kind: str, text: bytes) -> dict[str, Any]:
    """The parameters in a body of this Content-Type. Raises ValueError for broken JSON."""
    if "json" in kind:
        given = json.loads(text or b"{}")
        return given if isinstance(given, dict) else {}
    if "multipart" in kind:
        message = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + text)
        parts = message.get_payload()
        assert isinstance(parts, list)
        named = [
            (part.get_param("name", header="content-disposition"), part.get_payload(decode=True)) for part in parts
        ]
        return unbracketed([(str(name), value.decode()) for name, value in named if isinstance(value, bytes)])
    return query(text.decode())
