"""A lawyer's work in a real browser: a deal is dragged, its documents are pressed, fields changed in their place."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from deals.actions import edit_deal
from deals.models import Deal
from team.models import User
from tests import factories
from tests.conftest import Frozen

pytestmark = [
    pytest.mark.browser,
    pytest.mark.once,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("catalogues"),
]


def test_a_deal_is_dragged_asked_about_and_carried_on(as_user: Callable[[User], Page], frozen: Frozen) -> None:
    lawyer = factories.LawyerFactory(name="Екатерина Зимина")
    one = factories.deal()
    edit_deal(one.pk, {"filing_due": frozen.now.date()}, by=None)
    page = as_user(lawyer)
    page.goto("/deals/?view=board")
    card = page.locator(f"[data-card='{one.pk}']")
    card.drag_to(page.locator("[data-column='filed'] .col__list"))
    dialog = page.locator("#dialog")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")  # cancelled: the card is where it was
    expect(page.locator(f"[data-column='documents'] [data-card='{one.pk}']")).to_be_visible()
    card.drag_to(page.locator("[data-column='filed'] .col__list"))
    dialog.get_by_label("Номер дела").fill("А55-1/2026")
    dialog.get_by_role("button", name="Сменить стадию").click()
    expect(page.locator(f"[data-column='filed'] [data-card='{one.pk}']")).to_be_visible()
    expect(page.locator("#messages")).to_contain_text("Отправлен в суд")
    card.drag_to(page.locator("[data-column='documents'] .col__list"))  # this stage asks for nothing
    expect(page.locator(f"[data-column='documents'] [data-card='{one.pk}']")).to_be_visible()

    page.goto(f"/deals/{one.pk}/")
    box = page.get_by_role("checkbox", name="СНИЛС")
    box.focus()
    page.keyboard.press("Space")
    expect(page.locator("#documents")).to_contain_text("1 из 14 собрано")
    expect(page.locator("#term")).to_contain_text("Не хватает 13 документов")
    expect(page.locator("#history")).to_contain_text("СНИЛС: получен")
    expect(box).to_be_focused()
    expect(box).to_have_attribute("aria-checked", "true")

    page.get_by_role("link", name="Изменить: Подать до").click()
    expect(page.locator("[name='filing_due']")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("[data-field='filing_due'] .pencil")).to_be_focused()
    page.get_by_role("link", name="Изменить: Управляющий").press("Enter")
    expect(page.locator("[name='court_manager']")).to_be_focused()
    page.keyboard.type("Сидоров П. П.")
    page.keyboard.press("Enter")
    expect(page.locator("[data-field='court_manager']")).to_contain_text("Сидоров П. П.")
    expect(page.locator("#history")).to_contain_text("Управляющий: — → Сидоров П. П.")
    expect(page.locator("[data-field='court_manager'] .pencil")).to_be_focused()

    page.keyboard.press("w")  # the reminder, with what is missing
    expect(dialog).to_contain_text("Напомнить клиенту")
    dialog.get_by_role("link", name="Отмена").click()
    page.locator(".steps").get_by_role("link", name="Суд 1 состоялся").click()
    dialog.get_by_role("button", name="Сменить стадию").click()  # with the version that one's own change has made
    expect(page.locator(".steps [aria-current=step]")).to_have_text("Суд 1 состоялся")
    kept = Deal.objects.get(pk=one.pk)
    assert (kept.stage.code, kept.case_number, kept.court_manager) == ("hearing_1", "А55-1/2026", "Сидоров П. П.")
