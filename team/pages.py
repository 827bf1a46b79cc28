"""What every page view needs: somebody signed in, with the right to be here, and a safe way back."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from team.roles import Right, may

View = Callable[..., HttpResponseBase]


def needs(right: Right) -> Callable[[View], View]:
    """A page for those who have `right`: strangers sign in first, others get 403. Which objects, the view says."""

    def guard(view: View) -> View:
        @login_required
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not may(request.user, right):  # type: ignore[arg-type]
                raise PermissionDenied(_("This page is not for your role"))
            return view(request, *args, **kwargs)

        return guarded

    return guard


def way_back(request: HttpRequest, default: str) -> str:
    """The address in `next`, else where the form was sent from, if it is one of our own site; else `default`.

    Anything else is no address of ours, however it is written (`reliability.md` H16).
    """
    for wanted in (request.POST.get("next"), request.GET.get("next"), _page_before(request)):
        if wanted and url_has_allowed_host_and_scheme(
            wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        ):
            return wanted
    return default


def _page_before(request: HttpRequest) -> str:
    """The referring page; the form's own address would only answer that it takes no GET."""
    before = str(request.META.get("HTTP_REFERER", ""))
    return "" if before.split("?")[0].endswith(request.path) else before
