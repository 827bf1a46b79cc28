"""Who calls the API: a key in the header becomes its user, in that user's language."""

from __future__ import annotations

from datetime import datetime

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from crm import clock
from team.actions import note_use
from team.models import ApiKey, User

SCHEME = "Token"
LONGEST = 200  # bytes; a key has 43 characters


def _is_ours(header: bytes) -> bool:
    return header.partition(b" ")[0].lower() == SCHEME.lower().encode()


def key_in(header: bytes, *, at: datetime) -> ApiKey | None:
    """The valid key of an `Authorization` header, with its user. One query, or none."""
    plain = header.partition(b" ")[2].strip()
    # A key is ASCII; anything else is refused before it reaches the database.
    if not _is_ours(header) or not plain.isascii() or len(plain) > LONGEST:
        return None
    return ApiKey.objects.find(plain.decode("ascii"), at)


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Token <key>`. Sets `request.user` to the key's user and `request.auth` to the ApiKey."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        """None without such a header. Raises AuthenticationFailed (401) for a key that opens nothing."""
        header = get_authorization_header(request)
        if not _is_ours(header):
            return None
        now = clock.now()
        key = key_in(header, at=now)
        if key is None:
            raise AuthenticationFailed(_("This key is not known, or no longer valid."))
        translation.activate(key.user.language or User.Language.RUSSIAN)
        note_use(key, at=now)
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        """What WWW-Authenticate says beside a 401."""
        return SCHEME


def language_of_caller(request: HttpRequest) -> str:
    """The language of the user whose key comes with `request`, empty without one that is valid.

    For answers that are given before any call is reached; the key is not used by that.
    """
    try:
        key = key_in(get_authorization_header(request), at=clock.now())
    except (OperationalError, InterfaceError):
        return ""
    return key.user.language or User.Language.RUSSIAN if key else ""


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the API's description names the key."""

    target_class = "team.authentication.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "The word Token, a blank and the key: `Token <key>`. It has the rights of its user.",
        }
