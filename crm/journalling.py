"""What each request leaves in the journal: one line for a look, a search, a deed, a refusal, a way in or out.

Which address is what stands in the tables below, by the names of the routes; a test fails for a route in none. A verb
that writes a line of its own (a list taken out, a person erased) has said it all, and nothing is added here. A look is
written after the page has gone out, so that nobody waits for it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import structlog
from axes.helpers import get_client_ip_address
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse

from crm.errors import Busy
from crm.text import clean
from history.journal import Action, Circumstances, Door, circumstances, write
from team.models import ApiKey, User
from team.sessions import Passed
from team.signin import username_for

logger = logging.getLogger(__name__)

# Routes that show one object: name -> its kind.
CARDS = {
    **dict.fromkeys(("lead-detail", "lead-edit", "lead-message", "api-lead", "api-lead-timeline"), "lead"),
    **dict.fromkeys(("contact-detail", "contact-edit", "contact-do-not-call", "api-contact"), "contact"),
    **dict.fromkeys(("contact-consent", "contact-link", "contact-number"), "contact"),
    **dict.fromkeys(("deal-detail", "deal-edit", "deal-document", "deal-remind", "api-deal"), "deal"),
}
# Routes that show many people: name -> the kind of their rows. Which, the page says (`history.journal.shown`).
LISTS = {
    **dict.fromkeys(("lead-list", "api-leads", "search", "lead-check-phone", "day", "api-queue"), "lead"),
    **dict.fromkeys(("contact-list", "api-contacts"), "contact"),
    **dict.fromkeys(("deal-list", "api-deals"), "deal"),
    **dict.fromkeys(("task-list", "api-tasks"), "task"),
}
ASKED_FOR = ("q", "search", "phone", "contract")  # parameters by which somebody looks for somebody
DOWNLOADS = {"export-file": "export", "import-refused": "import"}
# Nobody is seen or changed by these: heartbeats, one's own settings, what only programs say.
QUIET = {
    *("day-hold", "notices-read", "notices-news", "api-notices-read", "set-language", "set-theme", "lead-columns"),
    *("lead-views", "lead-view", "bitrix24-event", "admin:jsi18n"),
}
CODE = "login-code"  # the second half of a sign-in
SIGN_IN, SIGN_OUT = {"login", CODE}, {"logout", "admin:logout"}
CLIENTS = {"leads_lead": "lead", "contacts_contact": "contact", "deals_deal": "deal", "leads_touch": "touch"}
RIGHTS = ("admin:team_user", "admin:team_apikey")
LEFT = "journal.left"
_KINDS = ("lead", "contact", "deal", "task", "import", "export")
_SAFE = ("GET", "HEAD", "OPTIONS")
_LOST = (DatabaseError, InterfaceError, Busy)


class Journal:
    """The middleware. It stands below the one that gives a request its id, and sees the answer that goes out."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = str(structlog.contextvars.get_contextvars().get("request_id", ""))
        with circumstances(_door(request), address=get_client_ip_address(request), request_id=request_id) as came:
            response = self.get_response(request)
            line = _line_of(request, response, came) if came.lines == 0 else None
        if line is not None:
            line["under"] = came
            if request.method in _SAFE and not response.streaming:  # a file that goes out is on record before
                response._resource_closers.append(lambda: _keep(line))  # type: ignore[attr-defined]
            else:
                _keep(line)
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        if _route(request) in SIGN_OUT:
            request.META[LEFT] = _person(request)  # who it was is not known any more afterwards


def _keep(line: dict[str, Any]) -> None:
    """Write it; a database that takes no changes must not keep anybody from reading, so the log has it then."""
    try:
        write(**line)
    except _LOST as error:
        by = line["by"]
        logger.error(
            "not in the journal (%s): %s %s %s by %s",
            *(type(error).__name__, line["action"], line.get("kind", ""), line.get("object_id", "")),
            by.pk if by else None,
        )


def _line_of(request: HttpRequest, response: HttpResponse, came: Circumstances) -> dict[str, Any] | None:
    """What is to be written of a request, None for nothing. Asks the database for a failed sign-in only."""
    route, status = _route(request), response.status_code
    if not route or route in QUIET or status >= 500:
        return None
    by, key = _person(request), _key(request)
    said: dict[str, Any] = {"by": by, "key": key}
    if route in SIGN_IN:
        return _sign_in(request, response, said)
    if route in SIGN_OUT:
        left = request.META.get(LEFT)
        return said | {"action": Action.SIGNED_OUT, "by": left} if left else None
    if by is None or (key is not None and key.kind == ApiKey.Kind.INTAKE):
        return None  # strangers see nothing; what programs bring in has its line in the history of the lead
    said |= _about(request, route)
    if status in (403, 404):
        return said | {"action": Action.REFUSED, "details": {"route": route, "status": status}}
    if status >= 400:
        return None
    if request.method in _SAFE:
        return _look(request, response, came, said)
    details: dict[str, Any] = {"route": route, **getattr(request, "journal_change", {})}
    return said | {"action": _deed(route), "details": details} if _was_done(route, status) else None


def _look(
    request: HttpRequest, response: HttpResponse, came: Circumstances, said: dict[str, Any]
) -> dict[str, Any] | None:
    route = _route(request)
    if route in DOWNLOADS:
        return said | {"action": Action.DOWNLOADED}
    model, _, page = route.removeprefix("admin:").rpartition("_")
    if route in CARDS or (model in CLIENTS and page in ("change", "history")):
        return said | {"action": Action.LOOKED} if response.status_code == 200 else None
    if route not in LISTS and not (model in CLIENTS and page == "changelist"):
        return None
    words = " ".join(value for name in ASKED_FOR for value in request.GET.getlist(name) if value.strip())
    rows = getattr(response, "data", None)
    if isinstance(rows, dict) and "results" in rows:
        came.shown.setdefault(LISTS[route], []).extend(map(_number, rows["results"]))
    action = Action.SEARCHED if words else Action.LISTED
    return said | {"action": action, "words": clean(words), "details": {"route": route, "shown": came.shown}}


def _number(row: dict[str, Any]) -> int:
    """The object that a row of the API is about; a row of the queue carries its lead."""
    return int(row["id"] if "id" in row else row["lead"]["id"])


def _sign_in(request: HttpRequest, response: HttpResponse, said: dict[str, Any]) -> dict[str, Any] | None:
    if request.method != "POST":
        return None
    if said["by"] is not None:
        return said | {"action": Action.SIGNED_IN}
    if response.status_code == 302:
        return None  # the password was right and a code is awaited, or nobody's code is any more
    if _route(request) == CODE:
        passed = Passed.of(request.session)
        meant = passed.user_id if passed else None
    else:
        typed = username_for(request.POST.get("username", "").replace("\x00", "")[:150])
        meant = User.objects.filter(username=typed).values_list("pk", flat=True).first()
    return said | {"action": Action.SIGN_IN_FAILED, "kind": "user" if meant else "", "object_id": meant}


def _about(request: HttpRequest, route: str) -> dict[str, Any]:
    """Which object an address names."""
    match = request.resolver_match
    assert match is not None
    number = str(match.kwargs.get("pk", match.kwargs.get("object_id", "")))
    if route.startswith("admin:"):
        model = route.removeprefix("admin:").rpartition("_")[0]
        kind = CLIENTS.get(model, model)
    else:
        kind = CARDS.get(route) or LISTS.get(route) or DOWNLOADS.get(route) or ""
        kind = kind or next((name for name in _KINDS if route.removeprefix("api-").startswith(name)), "")
    known = number.isascii() and number.isdecimal() and len(number) <= 18
    return {"kind": kind, "object_id": int(number) if known else None}


def _deed(route: str) -> str:
    if not route.startswith("admin:"):
        return Action.DID
    if route.startswith(RIGHTS):
        return Action.RIGHTS
    return Action.DID if route.removeprefix("admin:").rpartition("_")[0] in CLIENTS else Action.SETTINGS


def _was_done(route: str, status: int) -> bool:
    """A form of the admin that is shown again, with what is wrong or a question, is 200 and has changed nothing."""
    return not route.startswith("admin:") or status == 302


def _door(request: HttpRequest) -> str:
    if request.path.startswith("/api/"):
        return Door.API
    return Door.ADMIN if request.path.startswith("/admin/") else Door.PAGE


def _route(request: HttpRequest) -> str:
    match = request.resolver_match
    return match.view_name or "" if match else ""


def _person(request: HttpRequest) -> User | None:
    user = getattr(request, "user", None)
    try:
        return user if user is not None and user.is_authenticated and user.pk else None
    except _LOST:
        return None


def _key(request: HttpRequest) -> ApiKey | None:
    key = getattr(request, "auth", None)
    return key if isinstance(key, ApiKey) else None
