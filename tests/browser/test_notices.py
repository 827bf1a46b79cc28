"""News in an open page: the bell counts and a message comes by itself, without moving the page or the focus."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from crm import clock
from crm.transactions import verb
from team.models import NoticeKind, User
from team.notices import tell
from tests import factories

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]


def test_a_notice_comes_to_an_open_page(as_user: Callable[[User], Page]) -> None:
    user = factories.OperatorFactory()
    page = as_user(user)
    page.clock.install()
    page.goto("/profile/")
    name = page.locator("[name=name]")
    name.focus()
    verb(tell)([user.pk], NoticeKind.NEW_LEAD, key="a", at=clock.now(), name="<b>Ирина</b>")
    page.clock.run_for(19_000)
    expect(page.locator("#bell .count")).to_be_hidden()
    page.clock.run_for(2_000)
    expect(page.locator("#messages")).to_contain_text("Новый лид: <b>Ирина</b>.")
    expect(page.locator("#bell .count")).to_have_text("1")
    expect(page.get_by_role("link", name="Уведомления: 1 новое")).to_be_visible()
    expect(name).to_be_focused()
    page.clock.run_for(21_000)
    expect(page.locator("#messages .toast")).to_have_count(1)
