"""Who may open and send what on pages: every address × method × role, with objects that somebody else owns
(`reliability.md`, section 9). An address that is not in the table fails the test, so a new one cannot be forgotten; the
admin's addresses are read off the site.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.template.backends.django import Template
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, resolve

from team.models import User
from tests.crm.roles_world import CLIENT, ROLES, Firm, firm
from tests.page_forms import address, routes

pytestmark = [pytest.mark.django_db, pytest.mark.once, pytest.mark.usefixtures("catalogues")]

IN = 0  # led to the sign-in
STRANGERS = ("stranger", "demoted", "other lawyer")
# Each address with what it answers to each role, in the order of ROLES. Where nothing is sent, 422 means "let in".
# What is not named takes no such method.
TABLE = {
    "get lead-list": [IN, 200, 200, 200, 200, 200, 200, 200, 200, IN],
    "get lead-new": [IN, 200, 200, 200, 403, 403, 200, 200, 200, IN],
    "post lead-new": [IN, 422, 422, 422, 403, 403, 422, 422, 422, IN],
    "get lead-bulk": [IN, 200, 200, 200, 403, 403, 200, 200, 200, IN],
    "post lead-bulk": [IN, 422, 422, 422, 403, 403, 422, 422, 422, IN],
    "get lead-bulk-detail": [IN, 404, 404, 404, 403, 403, 200, 404, 404, IN],
    "post lead-bulk-detail": [IN, 405, 405, 405, 403, 403, 405, 405, 405, IN],
    "post lead-columns": [IN, 302, 302, 302, 302, 302, 302, 302, 302, IN],
    "get lead-views": [IN, 200, 200, 200, 200, 200, 200, 200, 200, IN],
    "post lead-views": [IN, 422, 422, 422, 422, 422, 422, 422, 422, IN],
    "get lead-view": [IN, 404, 404, 404, 404, 404, 200, 404, 404, IN],
    "post lead-view": [IN, 404, 404, 404, 404, 404, 422, 404, 404, IN],
    "get lead-detail": [IN, 200, 404, 404, 200, 404, 200, 200, 200, IN],
    "get lead-edit": [IN, 200, 404, 404, 403, 403, 200, 200, 200, IN],
    "post lead-edit": [IN, 422, 404, 404, 403, 403, 422, 422, 422, IN],
    "get lead-status": [IN, 200, 404, 404, 403, 403, 200, 200, 200, IN],
    "post lead-status": [IN, 422, 404, 404, 403, 403, 422, 422, 422, IN],
    "get lead-junk": [IN, 200, 404, 404, 403, 403, 200, 200, 200, IN],
    "post lead-junk": [IN, 422, 404, 404, 403, 403, 422, 422, 422, IN],
    "get lead-contract": [IN, 200, 404, 404, 403, 403, 200, 200, 200, IN],
    "post lead-contract": [IN, 422, 404, 404, 403, 403, 422, 422, 422, IN],
    "get lead-touches": [IN, 405, 405, 405, 403, 403, 405, 405, 405, IN],
    "post lead-touches": [IN, 422, 404, 404, 403, 403, 422, 422, 422, IN],
    "get lead-message": [IN, 200, 404, 404, 403, 403, 200, 200, 200, IN],
    "post lead-message": [IN, 422, 404, 404, 403, 403, 422, 422, 422, IN],
    "get lead-no-show": [IN, 405, 405, 405, 403, 403, 405, 405, 405, IN],
    "post lead-no-show": [IN, 409, 404, 404, 403, 403, 409, 409, 409, IN],
    "get lead-comments": [IN, 405, 405, 405, 403, 403, 405, 405, 405, IN],
    "post lead-comments": [IN, 422, 404, 404, 403, 403, 422, 422, 422, IN],
    "get lead-tasks": [IN, 405, 405, 405, 403, 403, 405, 405, 405, IN],
    "post lead-tasks": [IN, 422, 404, 404, 403, 403, 422, 422, 422, IN],
    "get lead-assign": [IN, 403, 403, 403, 403, 403, 200, 200, 200, IN],
    "post lead-assign": [IN, 403, 403, 403, 403, 403, 422, 422, 422, IN],
    "get lead-take": [IN, 405, 405, 405, 403, 403, 403, 403, 403, IN],
    "post lead-take": [IN, 302, 409, 409, 403, 403, 403, 403, 403, IN],
    "get home": [IN, 302, 302, 302, 302, 302, 302, 302, 302, IN],
    "get login": [200, 302, 302, 302, 302, 302, 302, 302, 302, 200],
    "post login": [422, 302, 302, 302, 302, 302, 302, 302, 302, 422],
    "post set-language": [302, 302, 302, 302, 302, 302, 302, 302, 302, 302],
    "post set-theme": [302, 302, 302, 302, 302, 302, 302, 302, 302, 302],
    "post shift": [IN, 302, 302, 302, 302, 302, 302, 302, 302, IN],
    "get notice-list": [IN, 200, 200, 200, 200, 200, 200, 200, 200, IN],
    "post notices-read": [IN, 302, 302, 302, 302, 302, 302, 302, 302, IN],
    "get notice-news": [IN, 204, 204, 204, 204, 204, 204, 204, 204, IN],
    "get profile": [IN, 200, 200, 200, 200, 200, 200, 200, 200, IN],
    "post profile": [IN, 422, 422, 422, 422, 422, 422, 422, 422, IN],
    "post session-end": [IN, 302, 302, 302, 302, 302, 302, 302, 302, IN],
    "post password": [IN, 422, 422, 422, 422, 422, 422, 422, 422, IN],
    "get import-list": [IN, 403, 403, 403, 403, 403, 403, 403, 200, IN],
    "post import-list": [IN, 403, 403, 403, 403, 403, 403, 403, 422, IN],
    "get import-detail": [IN, 403, 403, 403, 403, 403, 403, 403, 200, IN],
    "post import-columns": [IN, 403, 403, 403, 403, 403, 403, 403, 422, IN],
    "post import-meanings": [IN, 403, 403, 403, 403, 403, 403, 403, 302, IN],
    "post import-start": [IN, 403, 403, 403, 403, 403, 403, 403, 302, IN],
    "post import-stop": [IN, 403, 403, 403, 403, 403, 403, 403, 302, IN],
    "get import-refused": [IN, 403, 403, 403, 403, 403, 403, 403, 200, IN],
    "get export-list": [IN, 403, 403, 403, 403, 403, 200, 200, 200, IN],
    "get export-new": [IN, 403, 403, 403, 403, 403, 200, 200, 200, IN],
    "post export-new": [IN, 403, 403, 403, 403, 403, 422, 422, 422, IN],
    "get export-detail": [IN, 403, 403, 403, 403, 403, 200, 404, 404, IN],
    "get export-file": [IN, 403, 403, 403, 403, 403, 200, 404, 404, IN],
    "get search": [IN, 200, 200, 200, 200, 200, 200, 200, 200, IN],
    "get keys": [IN, 200, 200, 200, 200, 200, 200, 200, 200, IN],
    "post undo": [IN, 302, 302, 302, 302, 302, 302, 302, 302, IN],
    "get day": [IN, 200, 200, 200, 403, 403, 403, 403, 403, IN],
    "post day": [IN, 405, 405, 405, 403, 403, 403, 403, 403, IN],
    "get day-result": [IN, 405, 405, 405, 403, 403, 403, 403, 403, IN],
    "post day-result": [IN, 422, 404, 404, 403, 403, 403, 403, 403, IN],
    "get day-skip": [IN, 405, 405, 405, 403, 403, 403, 403, 403, IN],
    "post day-skip": [IN, 422, 404, 404, 403, 403, 403, 403, 403, IN],
    "get day-hold": [IN, 405, 405, 405, 403, 403, 403, 403, 403, IN],
    "post day-hold": [IN, 409, 409, 409, 403, 403, 403, 403, 403, IN],
    "get day-done": [IN, 405, 405, 405, 403, 403, 403, 403, 403, IN],
    "post day-done": [IN, 302, 404, 404, 403, 403, 403, 403, 403, IN],
    "get contact-list": [IN, 200, 200, 200, 200, 200, 200, 200, 200, IN],
    "get contact-edit": [IN, 200, 404, 404, 403, 404, 200, 200, 200, IN],
    "post contact-edit": [IN, 422, 404, 404, 403, 404, 422, 422, 422, IN],
    "get contact-do-not-call": [IN, 200, 404, 404, 403, 404, 200, 200, 200, IN],
    "post contact-do-not-call": [IN, 422, 404, 404, 403, 404, 422, 422, 422, IN],
    "get contact-detail": [IN, 200, 404, 404, 200, 404, 200, 200, 200, IN],
    "get deal-list": [IN, 403, 403, 403, 200, 200, 200, 200, 200, IN],
    "get deal-stage": [IN, 404, 404, 404, 200, 404, 200, 200, 200, IN],
    "post deal-stage": [IN, 404, 404, 404, 422, 404, 422, 422, 422, IN],
    "get deal-edit": [IN, 404, 404, 404, 200, 404, 200, 200, 200, IN],
    "post deal-edit": [IN, 404, 404, 404, 422, 404, 422, 422, 422, IN],
    "get deal-hand-over": [IN, 404, 404, 404, 403, 404, 200, 200, 200, IN],
    "post deal-hand-over": [IN, 404, 404, 404, 403, 404, 422, 422, 422, IN],
    "get deal-detail": [IN, 404, 404, 404, 200, 404, 200, 200, 200, IN],
    "get lead-check-phone": [IN, 200, 200, 200, 403, 403, 200, 200, 200, IN],
    "post lead-check-phone": [IN, 405, 405, 405, 403, 403, 405, 405, 405, IN],
    "get second-factor": [IN, 200, 200, 200, 200, 200, 200, 200, 200, IN],
    "post second-factor": [IN, 422, 422, 422, 422, 422, 422, 422, 422, IN],
    "get contact-consent": [IN, 200, 404, 404, 403, 404, 200, 200, 200, IN],
    "post contact-consent": [IN, 422, 404, 404, 403, 404, 422, 422, 422, IN],
    "get contact-link": [IN, 200, 404, 404, 403, 404, 200, 200, 200, IN],
    "post contact-link": [IN, 422, 404, 404, 403, 404, 422, 422, 422, IN],
    "get contact-number": [IN, 403, 403, 403, 403, 403, 200, 200, 200, IN],
    "post contact-number": [IN, 403, 403, 403, 403, 403, 422, 422, 422, IN],
    "post deal-documents": [IN, 404, 404, 404, 422, 404, 422, 422, 422, IN],
    "get deal-document": [IN, 404, 404, 404, 200, 404, 200, 200, 200, IN],
    "post deal-document": [IN, 404, 404, 404, 422, 404, 422, 422, 422, IN],
    "get deal-remind": [IN, 404, 404, 404, 200, 404, 200, 200, 200, IN],
    "post deal-remind": [IN, 404, 404, 404, 422, 404, 422, 422, 422, IN],
    "get task-list": [IN, 200, 200, 200, 200, 200, 200, 200, 200, IN],
    "post task-complete": [IN, 404, 404, 404, 302, 404, 302, 302, 302, IN],
    "get report-team": [IN, 403, 403, 403, 403, 403, 200, 200, 200, IN],
    "get report-sources": [IN, 403, 403, 403, 403, 403, 200, 200, 200, IN],
    "get report-sources-xlsx": [IN, 403, 403, 403, 403, 403, 200, 200, 200, IN],
    "get report-sources-csv": [IN, 403, 403, 403, 403, 403, 200, 200, 200, IN],
    "get report-breakdown": [IN, 403, 403, 403, 403, 403, 200, 200, 200, IN],
    "get report-breakdown-xlsx": [IN, 403, 403, 403, 403, 403, 200, 200, 200, IN],
    "get report-breakdown-csv": [IN, 403, 403, 403, 403, 403, 200, 200, 200, IN],
}


@pytest.fixture
def people() -> Iterator[Firm]:
    logging.disable(logging.CRITICAL)  # a thousand refusals
    yield firm()
    logging.disable(logging.NOTSET)


def places(people: Firm) -> dict[str, str]:
    """The address of each page, about what the firm has."""
    found = {}
    for name, route in routes():
        about = next((words for words in sorted(people.ids, reverse=True) if route.startswith(f"{words}/<")), "")
        route = route.replace("<str:token>", str(people.ids["undo"]))
        found[name] = address(route, people.ids.get(about, ""))
    return found


def status(response: HttpResponse) -> int:
    return IN if response.status_code == 302 and response["Location"].startswith("/login/") else response.status_code


def test_each_role_gets_what_the_matrix_gives_it(people: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Template, "render", lambda *_, **__: "")  # what is shown is another matter
    wrong: dict[str, object] = {}
    for name, where in places(people).items():
        for method in ("get", "post"):
            asked = f"{method} {name}"
            if asked not in TABLE:
                answers = {status(people.ask(role, method, where)) for role in ("operator", "lawyer", "admin")}
                if name != "logout" and not answers <= {IN, 405}:
                    wrong[asked] = "has no row"
            elif (got := [status(people.ask(role, method, where)) for role in ROLES]) != TABLE[asked]:
                wrong[asked] = got
    assert wrong == {}


def test_every_row_is_of_a_page() -> None:
    assert {asked.split(" ")[1] for asked in TABLE} <= {name for name, _route in routes()}


def test_no_page_shows_what_is_anothers(people: Firm) -> None:
    def shows(role: str, where: str) -> bool:
        return CLIENT.encode() in people.ask(role, "get", where).getvalue()

    asked = [(role, where) for name, where in places(people).items() for role in lets_in(f"get {name}")]
    asked += [(role, f"/{page}/?q={people.phone}") for role in STRANGERS for page in ("search", "contacts")]
    assert [one for one in asked if shows(*one)] == []
    assert shows("operator", "/contacts/")
    assert shows("operator", f"/contacts/?q={people.phone}")


def lets_in(asked: str) -> list[str]:
    """The strangers that a page is open to."""
    answers = dict(zip(ROLES, TABLE.get(asked, [405] * len(ROLES)), strict=True))
    return [role for role in STRANGERS if answers[role] == 200]


def admin_addresses(patterns: Any = None, before: str = "/admin/") -> Iterator[str]:
    """Every address of the admin, as if of the row 1."""
    if patterns is None:
        patterns = next(part for part in get_resolver().url_patterns if str(part.pattern) == "admin/").url_patterns
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from admin_addresses(pattern.url_patterns, before + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield before + re.sub(r"<\w+:\w+>", "1", _plain(str(pattern.pattern)))


def _plain(route: str) -> str:
    """The app list and the last of all are written as regular expressions."""
    return re.sub(r"\^?\(\?P<(?:app_label|url)>\^?([\w.]*).*", r"\1/", route).replace(".", "nowhere").replace("$", "")


def admits(where: str, method: str, user: User | AnonymousUser) -> bool:
    """Whether the view lets somebody in; asked past the middleware, since there are hundreds."""
    request = RequestFactory().generic(method, where)
    request.user, request.session = user, {}  # type: ignore[attr-defined, assignment]
    request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
    view = resolve(where)
    try:
        answer = view.func(request, *view.args, **view.kwargs)
    except PermissionDenied:
        return False
    return not (answer.status_code == 302 and answer["Location"].split("?")[0].endswith("/login/"))


def test_only_administrators_get_into_any_address_of_the_admin(people: Firm) -> None:
    addresses = [where for where in admin_addresses() if where != "/admin/logout/"]
    assert len(addresses) > 150
    outside = [User.objects.get(pk=person.pk) for role, person in people.people.items() if role != "admin"]
    let_in = [
        (str(user), method, where)
        for user in (AnonymousUser(), *outside)
        for where in addresses
        for method in ("GET", "POST")
        if admits(where, method, user)
    ]
    assert let_in == []
    assert admits("/admin/", "GET", people.people["admin"])
