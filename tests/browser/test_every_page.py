"""Every page of the site once, in a real Chromium, as production serves it (`ux.md`, sections 10, 14 and 16):

no violation of WCAG 2.2 AA in either theme, nothing that must be scrolled sideways at 320 px or at 200 %, no label cut
at 1366 px in either language, and the budgets of weight, requests and layout shift, with a table of what was measured.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.test import Client
from playwright.sync_api import BrowserContext, Page, ViewportSize

from contacts.models import Contact
from deals.models import Deal
from leads.jobs import carry_files
from leads.models import Lead
from leads.outgoing import ask_export
from leads.uploads import upload
from team.actions import set_shift
from team.models import User
from tests import factories
from tests.browser.served import served
from tests.page_forms import address, routes

pytestmark = [
    pytest.mark.browser,
    pytest.mark.once,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("catalogues", "frozen"),
]
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
PROBE = (Path(__file__).parent / "probe.js").read_text()
KB = 1024
_sizes: dict[str, int] = {}  # bytes that each address took over the network
HEAVIEST, MOST_REQUESTS, MOST_SHIFT = 100 * KB, 6, 0.02
STYLES, HTMX, OURS, PAGE = 18 * KB, 20 * KB, 10 * KB, 30 * KB

# Name of the route -> as whom it is opened, and what follows in its address, or the whole of that: (role, query).
PAGES: dict[str, list[tuple[str, str]]] = {
    "login": [("", "?ended=1")],
    "day": [("operator", "")],
    "lead-list": [("manager", "?show=all"), ("manager", "?view=board")],
    "lead-bulk": [("manager", ""), ("manager", "?do=status&select=all")],
    "lead-views": [("manager", "?query=city%3DСамара")],
    "lead-new": [("operator", "")],
    "lead-detail": [("manager", "")],
    "lead-edit": [("manager", "")],
    "lead-status": [("manager", "")],
    "lead-junk": [("manager", "")],
    "lead-contract": [("manager", "")],
    "lead-message": [("manager", "")],
    "lead-assign": [("manager", "")],
    "notice-list": [("manager", "")],
    "profile": [("operator", "")],
    "second-factor": [("manager", "")],
    "search": [("manager", "?q=9161"), ("manager", "?q=%00")],
    "keys": [("operator", "")],
    "contact-list": [("manager", "")],
    "contact-detail": [("manager", "")],
    "contact-edit": [("manager", "")],
    "contact-do-not-call": [("manager", "")],
    "contact-consent": [("manager", "")],
    "contact-link": [("manager", "")],
    "contact-number": [("manager", "")],
    "deal-list": [("lawyer", "?view=board"), ("manager", "?view=list")],
    "deal-detail": [("lawyer", "")],
    "deal-edit": [("lawyer", "")],
    "deal-stage": [("lawyer", "")],
    "deal-hand-over": [("manager", "")],
    "deal-document": [("lawyer", "")],
    "deal-remind": [("lawyer", "")],
    "task-list": [("manager", "?view=open")],
    "report-team": [("manager", "")],
    "report-sources": [("admin", "")],
    "report-breakdown": [("manager", "/reports/first-touch/?by=hour"), ("manager", "/reports/cost/")],
    "import-list": [("admin", "")],
    "import-detail": [("admin", "")],
    "export-list": [("manager", "")],
    "export-new": [("manager", "/exports/new/leads/")],
    "export-detail": [("manager", "")],
}
NO_PAGES = {  # they take a form, lead on, or answer with a file or a piece
    "lead-touches", "lead-columns", "lead-bulk-detail", "lead-view", "lead-no-show", "lead-comments",
    "lead-tasks", "lead-take", "lead-check-phone", "login-code", "home", "logout", "set-language", "set-theme", "shift",
    "notices-read", "notice-news", "password", "session-end", "undo", "day-result", "day-skip", "day-hold", "day-done",
    "deal-documents", "task-complete", "report-sources-xlsx", "report-sources-csv", "report-breakdown-xlsx",
    "report-breakdown-csv", "import-columns", "import-meanings", "import-start", "import-stop",
    "import-refused", "export-file",
}  # fmt: skip
REFUSALS = [("manager", "/day/", 403), ("manager", "/leads/0/", 404)]
DESK = ViewportSize(width=1366, height=1600)  # so high that what sticks to the bottom covers nothing
BOARDS = ("view=board",)  # what may be scrolled sideways


@dataclass
class Found:
    """A page as it was measured, and what is wrong with it."""

    name: str
    bytes: dict[str, int]
    requests: int
    shift: float
    wrong: list[str]

    def line(self) -> str:
        weights = " ".join(f"{self.bytes[part] / KB:7.1f}" for part in ("all", "page", "styles", "htmx", "ours"))
        return f"{self.name:<34}{weights}{self.requests:9}{self.shift:8.3f}"


def test_every_route_has_its_row() -> None:
    assert {name for name, _route in routes()} == set(PAGES) | NO_PAGES


@pytest.fixture
def people(settings: Any) -> dict[str, User]:
    """A firm with a history, and one of each role."""
    settings.DEBUG = True
    call_command("demo", leads=400, months=1, seed=7, verbosity=0)
    people = {
        "operator": User.objects.filter(role="operator").order_by("pk")[0],
        "lawyer": User.objects.filter(role="lawyer").order_by("pk")[0],
        "manager": factories.ManagerFactory(name="Ольга Руднева"),
        "admin": factories.AdminFactory(name="Игорь Белов"),
    }
    set_shift(people["operator"].pk, "on")
    User.objects.update(language="", theme="system")
    table = "Имя;Телефон;Источник\nАнна;89161234567;site\n"
    upload([table.encode()], name="leads.csv", kind="leads", by=people["admin"])
    ask_export("leads", "", "csv", "Для проверки", by=people["manager"])
    carry_files()
    return people


def opened(people: dict[str, User]) -> list[tuple[str, str, int]]:
    """(role, path, status) of everything that is opened, by role, so that each signs in once."""
    deal = Deal.objects.filter(responsible=people["lawyer"]).order_by("pk")[0]
    meeting = Lead.objects.filter(status="meeting").order_by("pk")[0]
    ids = {"contacts": Contact.objects.order_by("pk")[0].pk, "deals": deal.pk, "leads": meeting.pk, "imports": 1}
    ids |= {"exports": 1}
    rows = [
        (role, query if query.startswith("/") else address(route, ids.get(route.split("/")[0], "")) + query, 200)
        for name, route in routes()
        for role, query in PAGES.get(name, [])
    ]
    return sorted([*rows, *REFUSALS])


def sign_in(context: BrowserContext, base: str, person: User | None) -> None:
    context.clear_cookies()
    if person is None:
        return
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    cookie = django_settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": cookie, "value": client.cookies[cookie].value, "url": base}])


def visit(page: Page, base: str, path: str, status: int, where: str) -> Found:
    """Open a page and ask all about it; `where` is the part of it for axe-core: the frame need be looked at once."""
    answer = page.goto(base + path)
    if answer is None or answer.status != status:
        return Found(path, dict.fromkeys(("all", "page", "styles", "htmx", "ours"), 0), 0, 0, [f"answers {answer}"])
    page.evaluate(PROBE)
    told = page.evaluate("probe.measured()")
    # What came from the browser's cache was measured when it came first.
    _sizes.update({name: size for name, size in told["transferred"] if size})
    weights = [(name, _sizes[name]) for name, _size in told["transferred"]]
    parts = {"all": "", "styles": "/css/", "htmx": "htmx", "ours": "static/js/"}
    weighed = {part: sum(size for name, size in weights if sign in name) for part, sign in parts.items()}
    found = Found(path, {**weighed, "page": weights[0][1]}, len(weights), told["shift"], [])
    found.wrong += [f"moved: {', '.join(told['moved'][:4])}"] if found.shift > MOST_SHIFT else []
    found.wrong += page.evaluate("probe.cut()")
    for width, height in ((683, 384), (320, 640)):
        page.set_viewport_size({"width": width, "height": height})
        if not any(board in path for board in BOARDS):
            found.wrong += page.evaluate("probe.sideways()")
    page.set_viewport_size(DESK)
    page.evaluate(AXE)
    page.evaluate("probe.thin()")
    found.wrong += page.evaluate("where => probe.violations(where)", where) + page.evaluate("probe.colours()")
    found.wrong += page.evaluate("probe.inEnglish()")
    return found


def over_budget(found: Found) -> Iterator[str]:
    limits = {"all": HEAVIEST, "styles": STYLES, "htmx": HTMX, "ours": OURS, "page": PAGE}
    for part, limit in limits.items():
        if found.bytes[part] > limit:
            yield f"{part} weighs {found.bytes[part] / KB:.1f} KB, {limit / KB:.0f} are allowed"
    if found.requests > MOST_REQUESTS:
        yield f"{found.requests} requests, {MOST_REQUESTS} are allowed"
    if found.shift > MOST_SHIFT:
        yield f"the layout shifts by {found.shift:.3f}"


def test_every_page_is_light_readable_and_whole(
    context: BrowserContext, page: Page, people: dict[str, User], settings: Any, tmp_path: Path
) -> None:
    table, wrong, role = [], {}, "-"
    with served(settings, tmp_path) as base:
        page.set_viewport_size(DESK)
        page.emulate_media(reduced_motion="reduce")  # colours change at once
        for who, path, status in opened(people):
            if who != role:
                sign_in(context, base, people.get(who))
            found = visit(page, base, path, status, "body" if who != role else "main")
            role = who
            table.append(found)
            if faults := [*over_budget(found), *found.wrong]:
                wrong[f"{who or 'stranger'} {path}"] = faults
    print(f"{'KB transferred on a first visit':<34}    all    page  styles    htmx    ours requests   shift")
    print("\n".join(found.line() for found in table))
    assert wrong == {}, json.dumps(wrong, ensure_ascii=False, indent=1)
