"""Variables of the environment, read as text, as yes or no, as a number or as a limit. An empty one counts as unset.

The secret that stands in for an unset SECRET_KEY on a newcomer's machine is made here too.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

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


def is_weak(secret: str) -> bool:
    """Whether a secret of production could be guessed: too short, too even, or made for trying things out."""
    return len(secret) < 50 or len(set(secret)) < 10 or secret.startswith("django-insecure")


def generated_secret(path: Path) -> str:
    """The secret of this DATA_DIR, made at the first start; of several processes that start at once, one makes it."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(64))
    for _attempt in range(100):
        if secret := path.read_text().strip():
            return secret
    raise ImproperlyConfigured(f"{path} is empty; delete it, and the next start makes a new secret.")
