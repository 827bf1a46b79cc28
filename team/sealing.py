"""Secrets that must be read again are stored sealed, under a key made of SECRET_KEY; a dump of the database opens none.

What was sealed under one of SECRET_KEY_FALLBACKS still opens, so SECRET_KEY can be changed (`reliability.md`, S11).
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


def _keys() -> MultiFernet:
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    digests = (hashlib.sha256(b"crm sealed secrets\0" + secret.encode()).digest() for secret in secrets)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


def seal(secret: bytes) -> str:
    """What may lie in the database instead of `secret`."""
    return _keys().encrypt(secret).decode()


def unseal(sealed: str) -> bytes | None:
    """The secret; None if it was sealed under a key that is no longer known."""
    try:
        return _keys().decrypt(sealed)
    except InvalidToken:
        return None


def sealed_anew(sealed: str) -> str | None:
    """The same secret under the present SECRET_KEY; None if it cannot be opened."""
    secret = unseal(sealed)
    return None if secret is None else seal(secret)
