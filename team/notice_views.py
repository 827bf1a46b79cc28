"""Notices on the pages: the list behind the bell, reading them, and what an open page asks every 20 seconds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_GET, require_POST

from crm import clock
from crm.api_fields import read_moment
from crm.keys import CALLER
from crm.text import MAX_INTEGER
from team.models import Notice, NoticeKind, User
from team.notice_texts import AUDIBLE, address, icon, sentence
from team.notices import Seen, mark_read, newest, news
from team.presence import look


@require_GET
@login_required
def notice_list(request: HttpRequest) -> HttpResponse:
    """The latest notices, the unread ones first."""
    at = clock.now()
    rows = newest(request.user)  # type: ignore[arg-type]
    context = {
        "rows": [_shown(notice, request.user, at) for notice in rows],
        "any_unread": any(notice.read_at is None for notice in rows),
        "until": max((notice.pk for notice in rows), default=0),
        "seen_at": at.isoformat(),
    }
    return render(request, "team/notices.html", context)


@require_POST
@login_required
def notices_read(request: HttpRequest) -> HttpResponse:
    """Mark as read what the page has shown; what has come meanwhile stays unread."""
    until, seen_at = _whole(request.POST.get("until", "")), read_moment(request.POST.get("seen_at", ""))
    mark_read(request.user.pk or 0, until=until, seen_at=seen_at)
    return redirect("notice-list")


@require_GET
@login_required
def notice_news(request: HttpRequest) -> HttpResponse:
    """For the script of an open page: 204 while nothing has changed, else the count and the new ones as messages.

    `unread`, `last` and `at` are what the page shows; without them everything unread is new. The card of a `lead` hears
    who else is in it as well; `active` says that somebody is working in this one.
    """
    at = clock.now()
    seen = Seen(
        _whole(request.GET.get("unread", "")) or 0,
        _whole(request.GET.get("last", "")) or 0,
        read_moment(request.GET.get("at", "")) or datetime.min.replace(tzinfo=UTC),
    )
    found = news(request.user, seen, at=at)  # type: ignore[arg-type]
    told = _who_is_here(request, at)
    if found is not None:
        now, fresh = found
        shown = [_shown(notice, request.user, at) for notice in reversed(fresh)]
        told |= {
            "unread": now.unread,
            "last": now.last_id,
            "at": now.at.isoformat(),
            "label": render_to_string("team/_bell_label.html", {"unread": now.unread}).strip(),
            "toasts": render_to_string("team/_notice_toasts.html", {"rows": shown}) if shown else "",
            "sound": any(notice.kind in AUDIBLE for notice in fresh),
        }
    return JsonResponse(told) if told else HttpResponse(status=204)


def _who_is_here(request: HttpRequest, at: datetime) -> dict[str, Any]:
    """Who else is in the card that the page shows (`lead`), unless nobody is and `who` says that the page knows it."""
    lead_id = _whole(request.GET.get("lead", ""))
    if lead_id is None:
        return {}
    assert isinstance(request.user, User)
    visitors = look(lead_id, request.user, active="active" in request.GET, at=at)
    if not visitors and not request.GET.get("who", "").strip():
        return {}
    here = render_to_string("team/_here.html", {"visitors": visitors, "at": at}).strip()
    return {"here": here, "who": " ".join(str(visitor.pk) for visitor in visitors)}


def _shown(notice: Notice, reader: Any, at: datetime) -> dict[str, Any]:
    assert isinstance(reader, User)
    return {
        "notice": notice,
        "text": sentence(notice, at),
        "url": address(notice, reader),
        "icon": icon(notice),
        "key": CALLER if notice.kind == NoticeKind.INCOMING_CALL else None,
    }


def _whole(text: str) -> int | None:
    """A number that an id can be; None for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= MAX_INTEGER else None
