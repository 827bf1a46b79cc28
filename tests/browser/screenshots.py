"""Takes the README's pictures: `make screenshots`, with the demonstration's people at a fixed moment.

`make screenshots ARGS="--all FOLDER"` takes every page instead, 1440 and 390 pixels wide, light and dark, to be looked
at beside the mock-ups.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import django
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import chromium

ROOT = Path(__file__).resolve().parent.parent.parent
PICTURES = ROOT / "docs" / "img"
WRITTEN = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # Tuesday noon in Moscow: until then the demonstration goes
TAKEN = WRITTEN + timedelta(hours=4, minutes=40)  # by when some of its tasks are due
LEADS = 600


@contextmanager
def demonstration(folder: Path) -> Iterator[str]:
    """The address of the product with a demonstration in a database of its own."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    from crm import clock
    from tests.browser.served import served

    settings.CLOCK_FILE = str(folder / "clock.json")
    clock.write_shift(folder / "clock.json", shown=WRITTEN, rate=0)
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    call_command("loadcatalogs", verbosity=0)
    call_command("demo", leads=LEADS, months=2, seed=7, verbosity=0)
    clock.write_shift(folder / "clock.json", shown=TAKEN, rate=0)
    with served(settings, folder / "static") as base:
        yield base


def people() -> dict[str, Any]:
    """One of each role; the operator is on line, and the one with the most to do."""
    from django.db.models import Count, Q

    from team.actions import set_shift
    from team.models import User
    from team.roles import Role

    due = Count("tasks", filter=Q(tasks__state="open", tasks__due_at__lt=TAKEN))
    found = {role.value: User.objects.filter(role=role).annotate(due=due).order_by("-due", "pk")[0] for role in Role}
    set_shift(found["operator"].pk, "on")
    return found


def opened(browser: Browser, base: str, person: Any, **context: Any) -> Page:
    """A window in which this person is signed in."""
    from django.conf import settings

    from tests.pages import signed_in

    window = browser.new_context(locale="ru-RU", **context)
    if person is not None:
        value = signed_in(person).cookies[settings.SESSION_COOKIE_NAME].value
        window.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": base}])
    return window.new_page()


def take_pictures(browser: Browser, base: str) -> None:
    """The pictures that the README shows."""
    from leads.models import Lead

    known = people()
    told = Lead.objects.filter(status="dialing", responsible=known["operator"]).order_by("-touches_count", "pk")[0]
    pictures = [
        ("my-day", "operator", "/day/"),
        ("lead-card", "operator", f"/leads/{told.pk}/"),
        ("source-report", "manager", "/reports/sources/"),
    ]
    for name, role, path in pictures:
        page = opened(browser, base, known[role], viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
        page.goto(base + path)
        page.screenshot(path=PICTURES / f"{name}.png")
        print(PICTURES / f"{name}.png")


def take_all(browser: Browser, base: str, folder: Path) -> None:
    """Every page that the tests open, in four looks."""
    from tests.browser.test_every_page import opened as pages

    known = people()
    folder.mkdir(parents=True, exist_ok=True)
    for width, height in ((1440, 900), (390, 844)):
        for scheme in ("light", "dark"):
            for role, path, _status in pages(known):
                look: dict[str, Any] = {"viewport": {"width": width, "height": height}, "color_scheme": scheme}
                page = opened(browser, base, known.get(role), reduced_motion="reduce", **look)
                page.goto(base + path)
                name = "".join(sign if sign.isalnum() else "-" for sign in path.strip("/")) or "start"
                page.screenshot(path=folder / f"{name}-{role or 'stranger'}-{width}-{scheme}.png", full_page=True)
                page.context.close()
    print(folder)


def main() -> None:
    """Read the arguments and take the pictures."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    asked.add_argument("--all", metavar="FOLDER", type=Path, help="every page, 1440 and 390 wide, light and dark")
    folder = asked.parse_args().all
    found = chromium.find_or_get()
    with (
        tempfile.TemporaryDirectory() as temporary,
        demonstration(Path(temporary)) as base,
        sync_playwright() as player,
    ):
        browser = player.chromium.launch(executable_path=found, args=chromium.flags(found))
        if folder:
            take_all(browser, base, folder)
        else:
            take_pictures(browser, base)
        browser.close()


if __name__ == "__main__":
    main()
