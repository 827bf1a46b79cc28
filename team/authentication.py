"""Who calls the API: a key in the header becomes its user, in that user's language."""

from __future__ import annotations

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


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Token <key>`. Sets `request.user` to the key's user and `request.auth` to the ApiKey."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        """None without such a header. Raises AuthenticationFailed (401) for a key that opens nothing."""
        header = get_authorization_header(request)
        scheme, _blank, plain = header.partition(b" ")
        if scheme.lower() != SCHEME.lower().encode():
            return None
        now = clock.now()
        plain = plain.strip()
        # A key is ASCII; anything else is refused before it reaches the database.
        key = ApiKey.objects.find(plain.decode("ascii"), now) if plain.isascii() and len(plain) <= LONGEST else None
        if key is None:
            raise AuthenticationFailed(_("This key is not known, or no longer valid."))
        translation.activate(key.user.language or User.Language.RUSSIAN)
        note_use(key, at=now)
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        """What WWW-Authenticate says beside a 401."""
        return SCHEME


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
