"""What the frame of every page shows of the person who is signed in, beside what Django's own processors give."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from team.actions import shift_state
from team.roles import Right, may


def presence(request: HttpRequest) -> dict[str, Any]:
    """`shift_state` ("on", "break", "off") of those who are given leads; others have no shift to show.

    Read when a template asks for it, so that fragments without the frame cost no query.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or not may(user, Right.TAKE_LEAD):
        return {}
    return {"shift_state": SimpleLazyObject(lambda: shift_state(user.pk))}
