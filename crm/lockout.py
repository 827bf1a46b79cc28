"""The answer to a sign-in after too many wrong passwords: 429, when to come back, and a page (or JSON) that says so."""

from __future__ import annotations

import math
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext

from team.signin import closed_until


def locked_out(request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
    """What django-axes shows instead of its own text. The moment is on the firm's clock."""
    until = closed_until(request)
    title = gettext("Sign-in is closed until %(time)s") % {"time": timezone.localtime(until).strftime("%H:%M")}
    detail = gettext("Too many wrong passwords.")
    answer: HttpResponse
    if request.path.startswith("/api/"):
        answer = JsonResponse({"code": "throttled", "detail": f"{title}. {detail}"}, status=429)
    else:
        answer = render(request, "429.html", {"title": title, "detail": detail}, status=429)
    answer["Retry-After"] = str(max(1, math.ceil((until - timezone.now()).total_seconds())))
    return answer
