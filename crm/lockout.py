"""The answer to a sign-in after too many wrong passwords: 429, when to come back, and a page (or JSON) that says so."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext, ngettext


def locked_out(request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
    """What django-axes shows instead of its own text. The waiting time is the whole window of THROTTLE_LOGIN."""
    assert settings.THROTTLE_LOGIN is not None, "without a limit nobody is locked out"
    seconds = settings.THROTTLE_LOGIN.seconds
    minutes = -(-seconds // 60)
    detail = " ".join(
        [
            gettext("Too many wrong passwords."),
            ngettext("Try again in %(minutes)d minute.", "Try again in %(minutes)d minutes.", minutes)
            % {"minutes": minutes},
        ]
    )
    answer: HttpResponse
    if request.path.startswith("/api/"):
        answer = JsonResponse({"code": "throttled", "detail": detail}, status=429)
    else:
        answer = render(request, "429.html", {"detail": detail}, status=429)
    answer["Retry-After"] = str(seconds)
    return answer
