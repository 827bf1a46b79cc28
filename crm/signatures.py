"""Messages between programs, signed so that the other side knows who sent them, when, and that nothing was changed.

The scheme is that of Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`. Secrets are derived from SECRET_KEY and a
random label, so that neither a table nor a backup holds one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

TOLERANCE = timedelta(minutes=5)
"""How far the moment of a message may be from ours: an older one may have been overheard and sent again."""
FORMER_WORKS = timedelta(days=7)
"""How long the secret before the last one is still believed, for the other side to change over."""
LONGEST_ID = 200  # characters
_PREFIX = "whsec_"


@dataclass(frozen=True)
class Message:
    """What is signed: its id, when it was sent (seconds since 1970, as text) and its body as sent."""

    id: str
    timestamp: str
    body: bytes

    def signature(self, secret: bytes) -> str:
        """As the header has it: `v1,` and the code in base64."""
        said = f"{self.id}.{self.timestamp}.".encode() + self.body
        return "v1," + base64.b64encode(hmac.new(secret, said, hashlib.sha256).digest()).decode()

    def sent_at(self) -> float | None:
        """Seconds since 1970; None for what is no such number."""
        whole = self.timestamp.isascii() and self.timestamp.isdecimal() and len(self.timestamp) < 12
        return float(self.timestamp) if whole else None


def is_genuine(message: Message, signatures: str, known: Iterable[bytes], *, at: datetime) -> bool:
    """Whether one of `signatures` (parted by blanks) was made with a `known` secret, and the message is of now.

    Every pair is compared, each in constant time, so that the answer's time tells nothing.
    """
    sent_at = message.sent_at()
    if not message.id or len(message.id) > LONGEST_ID or sent_at is None:
        return False
    given = [signature.encode("utf-8", "replace") for signature in signatures.split()[:10]]
    expected = [message.signature(secret).encode() for secret in known]
    matches = [hmac.compare_digest(one, other) for one in given for other in expected]
    return any(matches) and abs(at.timestamp() - sent_at) <= TOLERANCE.total_seconds()


def new_label() -> str:
    return secrets.token_hex(16)


class HasSecret(models.Model):
    """A program outside that shares a secret with us; while it is changed over, the one before works as well."""

    secret_label = models.CharField(max_length=32, default=new_label, editable=False)
    former_label = models.CharField(max_length=32, blank=True, editable=False)
    former_until = models.DateTimeField(_("the former secret works until"), null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    def secrets_at(self, at: datetime) -> Iterator[bytes]:
        """What may sign at `at`, the present secret first. A SECRET_KEY that is being changed over counts as well."""
        labels = [self.secret_label]
        if self.former_until is not None and self.former_until > at:
            labels.append(self.former_label)
        for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
            for label in labels:
                yield self._derived(label, key)

    @property
    def written_secret(self) -> str:
        """The present secret as it is given to the other side."""
        return _PREFIX + base64.b64encode(self._derived(self.secret_label, settings.SECRET_KEY)).decode()

    def renew_secret(self, *, at: datetime) -> None:
        """Make another secret; the present one works until `former_until`. The caller saves."""
        self.former_label, self.former_until = self.secret_label, at + FORMER_WORKS
        self.secret_label = new_label()

    def _derived(self, label: str, key: str | bytes) -> bytes:
        return salted_hmac(f"signature.{self._meta.label}", label, secret=key, algorithm="sha256").digest()
