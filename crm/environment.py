"""Variables of the environment, read as text, as yes or no, as a number or as a limit. An empty one counts as unset."""

from __future__ import annotations

import os

from django.core.exceptions import ImproperlyConfigured

from crm import rates


def text(name: str, default: str = "") -> str:
    """The variable `name` without surrounding blanks; unset and empty are both `default`."""
    return os.environ.get(name, "").strip() or default


def switch(name: str, *, default: bool) -> bool:
    """The variable `name` as yes or no. Raises ImproperlyConfigured for a word that is neither."""
    word = text(name).lower()
    if word in {"", "1", "true", "yes", "on", "0", "false", "no", "off"}:
        return default if not word else word in {"1", "true", "yes", "on"}
    raise ImproperlyConfigured(f"{name} is {word!r}; write 1 or 0.")


def whole(name: str, *, default: int) -> int:
    """The variable `name` as a number from 0. Raises ImproperlyConfigured for anything else."""
    word = text(name, str(default))
    if not word.isdecimal():
        raise ImproperlyConfigured(f"{name} is {word!r}; write a whole number.")
    return int(word)


def rate(name: str, default: str) -> rates.Rate | None:
    """The limit `name`, where a set but empty variable switches the limit off. Raises ImproperlyConfigured."""
    try:
        return rates.parse(os.environ.get(name, default))
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {error}.") from error
