"""What every request of a person passes: the limits of their session, their language, no copy of pages in any cache."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from team.models import User
from team.pages import way_back
from team.second_factor import is_required
from team.sessions import CONFIRMED, end_here, is_over, note_work

Answer = Callable[[HttpRequest], HttpResponse]


class Language:
    """The language of the profile, else of the cookie, else Russian; what the browser asks for is not looked at.

    The firm's people set it once, and a borrowed browser must not turn the CRM into another language (`api.md`).
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = language_of(request)
        # The thread is given back as it was: what it does next may be for somebody else.
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
            response.setdefault("Content-Language", translation.get_language() or language)
        return response


def language_of(request: HttpRequest) -> str:
    """`ru` or `en` for this request. Reads the session's user, if there is a session."""
    known = dict(settings.LANGUAGES)
    try:
        chosen = request.user.language if request.user.is_authenticated else ""
    except (OperationalError, InterfaceError):
        chosen = ""  # the view meets the absent database as well, and there it becomes an answer
    for language in (chosen, request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")):
        if language in known:
            return language
    return settings.LANGUAGE_CODE


class SignedOut:
    """Somebody whose session ended while they were writing: the sign-in leads back to their page, not to their form.

    A partial update is told 401, and its script goes to the sign-in page; both say that the text is kept (drafts.js).
    """

    HOLDS_NO_TEXT = ("logout", "admin:logout", "login-code")

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 302 or response["Location"].split("?")[0] != resolve_url(settings.LOGIN_URL):
            return response
        if "HX-Request" in request.headers:
            return HttpResponse(_("You were signed out. Sign in again, your text is kept"), status=401)
        if request.method == "POST" and request.path not in map(reverse, self.HOLDS_NO_TEXT):
            query = urlencode({"ended": 1, "next": way_back(request, reverse("home"))})
            response["Location"] = f"{resolve_url(settings.LOGIN_URL)}?{query}"
        return response


class Sessions:
    """A session that has outlived its limits ends before anything is done in it; work in it is noted.

    What a page asks for by itself is no work: an open page must not keep its session alive.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with contextlib.suppress(OperationalError, InterfaceError):  # the view meets the absent database as well
            if is_over(request.session):
                end_here(request)
            elif request.path != reverse("notice-news"):
                note_work(request.session)
        return self.get_response(request)


class SecondFactors:
    """Who needs a second factor and has not shown it in this session gets no further than to where it is set up (S05).

    What a page or a script of theirs asks for meanwhile is refused; keys are secrets of their own.
    """

    OPEN = ("second-factor", "logout", "admin:logout", "set-language", "set-theme", "healthz", "readyz")

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not self._is_due(request) or request.path in [reverse(name) for name in self.OPEN]:
            return self.get_response(request)
        if request.path.startswith("/api/"):
            said = {"code": "second_factor_due", "detail": _("Set up a second factor in the profile first.")}
            return JsonResponse(said, status=403)
        if "HX-Request" in request.headers:
            return HttpResponse(status=204)
        return redirect("second-factor")

    @staticmethod
    def _is_due(request: HttpRequest) -> bool:
        with contextlib.suppress(OperationalError, InterfaceError):  # the view meets the absent database as well
            user = request.user
            return isinstance(user, User) and is_required(user) and not request.session.get(CONFIRMED)
        return False


class PrivatePages:
    """Pages of somebody who is signed in are kept by no cache: they show clients (`reliability.md` S01)."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            response.setdefault("Cache-Control", "no-store")
        return response
