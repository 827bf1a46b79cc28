"""A real Chromium against the running server: the fixture `as_user` opens pages as somebody who is signed in."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, ConsoleMessage, Page
from pytest_django.live_server_helper import LiveServer

from team.models import User
from tests.browser import chromium


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    path = chromium.find()
    assert path is not None, "there is no Chromium; python -m tests.browser.chromium gets one"
    return {**browser_type_launch_args, "executable_path": str(path), "args": chromium.flags(path)}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "locale": "ru-RU", "viewport": {"width": 1440, "height": 900}}


@pytest.fixture(scope="session")
def base_url(live_server: LiveServer) -> str:
    """Pages are opened by their path: page.goto("/leads/")."""
    return live_server.url


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    """A page on which nothing may go wrong unseen: script errors and forbidden content fail the test."""
    wrong: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        # A refused move answers 409 (and a wrong form 400) on purpose; the browser and htmx report each as an error.
        if message.type == "error" and not message.text.startswith(("Failed to load resource", "Response Status")):
            wrong.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    assert wrong == []


@pytest.fixture
def as_user(page: Page, context: BrowserContext, live_server: LiveServer) -> Callable[[User], Page]:
    """Sign a colleague in without the form; answers the page."""

    def sign_in(user: User) -> Page:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        name = settings.SESSION_COOKIE_NAME
        context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        return page

    return sign_in
