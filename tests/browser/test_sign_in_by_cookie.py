"""The tools of the browser tests themselves."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from team.models import User
from team.roles import Role

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]


def test_a_page_opens_as_the_colleague_who_was_named(as_user: Callable[[User], Page]) -> None:
    page = as_user(User.objects.create_user("chief", name="Chief", role=Role.ADMIN))
    page.goto("/admin/")
    assert page.url.endswith("/admin/")
    assert page.locator("#user-tools").is_visible()
