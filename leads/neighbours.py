"""The leads before and after one in the list that it was opened from (`ux.md` 6.5). Only reads."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.http import urlencode

from leads.listing import PAGE, Leads

LIST = "list"  # the parameter of a card that carries the address of its list
LONGEST = 2000  # characters of that address


@dataclass(frozen=True)
class Neighbours:
    """Addresses; empty where there is nobody."""

    before: str
    after: str
    list_url: str


def neighbours(request: HttpRequest, lead_id: int) -> Neighbours | None:
    """Who stands beside the lead in the list named by `?list=`, or in the list the person comes from. One query.

    None without a list, on the board, and when the lead is no longer on that page of the list nor beside it.
    """
    asked = _list_of(request)
    if asked is None or len(asked) > LONGEST:
        return None
    query = QueryDict(asked, mutable=True)
    if query.get("view") in ("board", "cards"):
        return None
    asking = copy.copy(request)
    asking.GET = query  # type: ignore[assignment]
    page = query.get("page", "")
    number = int(page) if page.isascii() and page.isdecimal() and 0 < len(page) < 9 else 1
    first = max(0, (number - 2) * PAGE)
    ids = list(Leads(asking).ordered().values_list("pk", flat=True)[first : first + 3 * PAGE])
    if lead_id not in ids:
        return None
    place = ids.index(lead_id)

    def card(at: int) -> str:
        if not 0 <= at < len(ids):
            return ""
        query["page"] = str((first + at) // PAGE + 1)
        return f"{reverse('lead-detail', args=[ids[at]])}?{urlencode({LIST: query.urlencode()})}"

    before, after = card(place - 1), card(place + 1)
    query["page"] = str((first + place) // PAGE + 1)
    return Neighbours(before, after, f"{reverse('lead-list')}?{query.urlencode()}")


def _list_of(request: HttpRequest) -> str | None:
    """The query of the list: the one named, else that of the page before, if it was a list of ours."""
    if LIST in request.GET:
        return request.GET[LIST]
    try:
        before = urlsplit(str(request.META.get("HTTP_REFERER", "")))
    except ValueError:
        return None
    if before.netloc == request.get_host() and before.path == reverse("lead-list"):
        return before.query
    return _named_before(before.query) if before.path == request.path else None


def _named_before(query: str) -> str | None:
    """The list that this very card named before something was saved on it."""
    return QueryDict(query).get(LIST)
