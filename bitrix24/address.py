"""The address of the portal's incoming webhook. It is a password, so whatever prints it gets only the portal's name."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

_SECRET_PATH = re.compile(r"(/rest/(?:api/)?\d+/)[^/\s\"'?#]+")
_AUTH = re.compile(r"(\bauth[\"']?\s*[=:]\s*[\"']?)[\w.-]+", re.IGNORECASE)
PERSONAL = frozenset({"name", "phone", "email", "city", "comment", "debt", "recording"})
"""The words by which an administrator allows personal data to leave."""
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def words(text: str) -> tuple[str, ...]:
    """The setting BITRIX24_PERSONAL_DATA: words of PERSONAL, commas between, or `none`. Raises ImproperlyConfigured."""
    found = dict.fromkeys(word.strip().lower() for word in text.split(",") if word.strip())
    if unknown := set(found) - PERSONAL - {"none"}:
        raise ImproperlyConfigured(f"BITRIX24_PERSONAL_DATA: {', '.join(sorted(unknown))} is none of its words.")
    return tuple(word for word in found if word != "none")


def setting(text: str, insecure: bool) -> Webhook | None:  # noqa: FBT001 - one line of the settings
    """The setting BITRIX24_WEBHOOK_URL, None when it is empty. Raises ImproperlyConfigured without repeating it."""
    try:
        return parse(text, insecure=insecure) if text else None
    except ValueError as error:
        raise ImproperlyConfigured(f"BITRIX24_WEBHOOK_URL: {error}.") from None


def mask(text: str) -> str:
    """The text with the codes of webhooks and the tokens in it made unreadable."""
    return _AUTH.sub(r"\1***", _SECRET_PATH.sub(r"\1***", text))


@dataclass(frozen=True)
class Webhook:
    """`https://PORTAL/rest/USER_ID/CODE`, taken apart. Its text and its repr are masked; `base` is the secret."""

    base: str = field(repr=False)
    insecure: bool = False  # plain HTTP is allowed, on this machine only

    def __str__(self) -> str:
        return mask(f"{self.base}/")

    __repr__ = __str__

    @property
    def portal(self) -> str:
        """The portal's host name, which is no secret."""
        return urlsplit(self.base).netloc

    def at(self, portal: str) -> Webhook:
        """The same webhook at the name that the portal has now."""
        return Webhook(self.base.replace(self.portal, portal, 1), self.insecure)

    def method(self, name: str) -> str:
        """The address to which calls of a method are posted. Secret."""
        return f"{self.base}/{name}"

    def words_without(self, text: str) -> str:
        """The text with this webhook's own code masked wherever it stands, and any other secret of the kind."""
        return mask(text.replace(self.base.rsplit("/", 1)[-1], "***"))

    def moved(self, location: str, name: str) -> Webhook:
        """This webhook on the portal that `location` leads to, as a renamed portal answers a call of method `name`.

        Raises ValueError for an address that is anything but the same call at another host: nobody else gets the code.
        """
        parts = urlsplit(location)
        if parts.path.removesuffix(".json").rstrip("/") != urlsplit(self.method(name)).path or parts.query:
            raise ValueError("the portal sends its callers somewhere else")
        return parse(
            location.split("?")[0].removesuffix(".json").rstrip("/").removesuffix(f"/{name}"), insecure=self.insecure
        )


def parse(text: str, *, insecure: bool) -> Webhook:
    """The webhook written as `text`. `insecure` allows plain HTTP, on this machine only.

    Raises ValueError, whose sentence does not repeat the text.
    """
    parts = urlsplit(text.strip())
    if not re.fullmatch(r"/+rest/+\d+/+[^/\s]+/*", parts.path) or parts.query or parts.fragment or not parts.hostname:
        raise ValueError("write it as the portal shows it, https://PORTAL/rest/USER_ID/CODE/")
    if parts.username or parts.password:
        raise ValueError("there is a user name in front of the portal's name")
    plain = parts.scheme == "http" and insecure and parts.hostname in LOOPBACK
    if parts.scheme != "https" and not plain:
        raise ValueError("it must begin with https://")
    return Webhook(f"{parts.scheme}://{parts.netloc}{re.sub('/+', '/', parts.path).rstrip('/')}", insecure)
