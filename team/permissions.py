"""Which calls a key or a role may make at all; which objects they see is said by `visible_to` of each model."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from crm.errors import Forbidden
from team.models import ApiKey
from team.roles import Right, may


def is_intake(request: Request) -> bool:
    """Whether an intake key calls: it may post leads and touches, and read nothing."""
    return isinstance(request.auth, ApiKey) and request.auth.kind == ApiKey.Kind.INTAKE


class KnownPerson(BasePermission):
    """Somebody who works here, by session or by a key with their rights. The rule of every call but the two below."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(request.user and request.user.is_authenticated) and not is_intake(request)


class IntakeToo(BasePermission):
    """The same, and intake keys for POST (`POST leads/` and `POST leads/{id}/touches/`)."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not (request.user and request.user.is_authenticated):
            return False
        return request.method == "POST" or not is_intake(request)


def needs(right: Right) -> type[BasePermission]:
    """A permission for calls that are closed to whoever lacks `right`: 403 whatever the call asks for."""

    class Needs(KnownPerson):
        def has_permission(self, request: Request, view: Any) -> bool:
            return super().has_permission(request, view) and may(request.user, right)

    return Needs


def require(request: Request, right: Right, detail: str) -> None:
    """Raise Forbidden with `detail` unless the caller has `right`. For calls whose objects are looked up first."""
    if not may(request.user, right):
        raise Forbidden(detail)
