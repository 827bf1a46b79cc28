"""The board of leads in a real browser: cards dragged, what a status asks for, and a refusal read on the spot."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from leads.models import Lead
from team.models import User
from tests import factories
from tests.browser.keyboard import type_moment

pytestmark = [
    pytest.mark.browser,
    pytest.mark.once,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("catalogues"),
]


def drag(page: Page, row: Lead, to: str) -> None:
    page.locator(f"[data-card='{row.pk}']").drag_to(page.locator(f"[data-column='{to}'] .col__list"))


def card_in(page: Page, row: Lead, status: str) -> None:
    expect(page.locator(f"[data-column='{status}'] [data-card='{row.pk}']")).to_be_visible()


def test_cards_are_dragged_asked_for_and_refused(as_user: Callable[[User], Page]) -> None:
    row = factories.lead(name="Андрей Мельников")
    page = as_user(factories.ManagerFactory())
    page.goto("/leads/?view=board")

    drag(page, row, "dialing")
    card_in(page, row, "dialing")
    expect(page.locator("#messages")).to_contain_text("Прозвон")
    expect(page.locator("[data-column='new'] .col__head span")).to_have_text("0")

    drag(page, row, "new")  # from «Прозвон» there is no way back
    expect(page.locator("#messages")).to_contain_text("Карточка осталась на месте")
    expect(page.locator("#messages")).to_contain_text("Можно: Встреча назначена")
    card_in(page, row, "dialing")

    drag(page, row, "meeting")
    dialog = page.locator("#dialog")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")  # cancelled: the card is where it was
    card_in(page, row, "dialing")
    drag(page, row, "meeting")
    dialog.get_by_role("button", name="Сохранить").click()
    expect(dialog).to_contain_text("Укажите дату и время встречи")
    type_moment(page, dialog.locator("[name=meeting_at]"))
    dialog.get_by_role("button", name="Сохранить").click()
    card_in(page, row, "meeting")
    expect(page.locator(f"[data-card='{row.pk}'] a").first).to_be_focused()
    row.refresh_from_db()
    assert row.status == "meeting"
    assert row.meeting_at is not None


def test_who_was_faster_is_read_on_the_board(as_user: Callable[[User], Page]) -> None:
    row = factories.lead()
    page = as_user(factories.ManagerFactory())
    page.goto("/leads/?view=board")
    factories.move(row, "dialing", by=factories.ManagerFactory(name="Денис Орлов"))
    drag(page, row, "visit")
    expect(page.locator("#dialog")).to_contain_text("Статус не изменён. Денис Орлов")
    row.refresh_from_db()
    assert row.status == "dialing"


def test_the_menu_of_a_card_needs_no_dragging(as_user: Callable[[User], Page]) -> None:
    row = factories.lead()
    page = as_user(factories.ManagerFactory())
    page.goto("/leads/?view=board")
    page.get_by_role("link", name=f"Сменить статус лида № {row.pk}").press("Enter")
    page.locator("button[value=dialing]").press("Enter")
    expect(page.locator(".steps [aria-current=step]")).to_have_text("Прозвон")
