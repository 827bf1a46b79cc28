"""An hour at the list and the card in a real browser: a number typed into a new lead, rows selected and moved by keys,
and the focus, which no update loses.
"""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from leads.models import Lead
from team.models import User
from tests import factories

pytestmark = [
    pytest.mark.browser,
    pytest.mark.once,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("catalogues"),
]


def has_focus(page: Page) -> None:
    """Somewhere, and not merely on the page as a whole."""
    expect(page.locator("body :focus")).to_have_count(1)


def test_a_number_is_known_while_it_is_typed_and_nothing_typed_is_lost(as_user: Callable[[User], Page]) -> None:
    operator = factories.OperatorFactory()
    known = factories.lead(by=operator, phone="+79370006027", name="Андрей Мельников")
    page = as_user(operator)
    page.goto("/leads/")
    opener = page.get_by_role("banner").get_by_role("link", name="Новый лид")
    opener.focus()
    page.keyboard.press("n")
    drawer = page.locator("#dialog")
    phone = drawer.get_by_label("Телефон")
    expect(phone).to_be_focused()

    page.keyboard.type("8 (3472) 12-34-56")
    expect(drawer).to_contain_text("Распознан как +7 347 212-34-56")
    expect(drawer.get_by_label("Город")).to_have_value("Уфа")
    expect(phone).to_be_focused()
    drawer.get_by_label("Имя").fill("Пётр")
    drawer.get_by_label("Город").fill("Стерлитамак")

    phone.fill("8 937 000 60 27")
    expect(drawer.get_by_role("link", name=f"Открыть лид № {known.pk}")).to_be_visible()
    expect(drawer.get_by_role("button", name="Записать как дубль")).to_be_visible()
    expect(drawer.get_by_role("button", name="Создать лид")).to_have_count(0)
    expect(drawer.get_by_label("Имя")).to_have_value("Пётр")
    expect(drawer.get_by_label("Город")).to_have_value("Стерлитамак")

    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(opener).to_be_focused()
    page.keyboard.press("n")
    phone.fill("+7 (937) 000-60-28")
    expect(drawer).to_contain_text("По этому номеру лидов в работе нет")
    drawer.get_by_label("Источник").select_option("quiz")
    drawer.get_by_role("button", name="Создать лид").click()
    expect(page.locator("#messages")).to_contain_text("создан")
    assert Lead.objects.latest("pk").phone == "+79370006028"


def test_rows_are_selected_by_keys_and_moved_at_once_and_the_focus_stays(as_user: Callable[[User], Page]) -> None:
    manager = factories.ManagerFactory()
    for name in ("Первый", "Второй", "Третий"):
        factories.lead(name=name)
    page = as_user(manager)
    page.goto("/leads/?view=list&sort=name")
    bar = page.locator("#bulk")
    expect(bar).to_be_hidden()
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    expect(page.get_by_role("link", name="Первый", exact=True)).to_be_focused()
    expect(bar.get_by_role("status")).to_have_text("Выбрано 2")
    page.keyboard.press("x")
    expect(bar.get_by_role("status")).to_have_text("Выбрано 1")
    page.keyboard.press("x")

    opener = bar.get_by_role("button", name="Сменить статус…")
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.locator("#dialog")
    expect(dialog.get_by_role("heading").first).to_be_visible()
    has_focus(page)
    assert page.evaluate("document.querySelector('#dialog').contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    dialog.get_by_label("Визит").check(force=True)
    dialog.get_by_role("button", name="Сохранить").click()
    expect(page.locator("#messages")).to_contain_text("2 лида переведены в «Визит»")
    page.wait_for_load_state()
    assert sorted(Lead.objects.filter(status="visit").values_list("name", flat=True)) == ["Второй", "Первый"]
    page.keyboard.press("u")
    expect(page.locator("#messages")).to_contain_text("Отменено")
    assert not Lead.objects.filter(status="visit").exists()

    # the card: dialogs give the focus back to what opened them, and a task that is ticked off can be taken back
    row = factories.lead_in("visit", name="Ольга Щербакова")
    page.goto(f"/leads/{row.pk}/")
    contract = page.get_by_role("link", name="Создать сделку")
    contract.focus()
    page.keyboard.press("Enter")
    expect(dialog.get_by_label("Стоимость, ₽")).to_be_visible()
    has_focus(page)
    assert page.evaluate("document.querySelector('#dialog').contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(contract).to_be_focused()
    page.get_by_role("link", name="Изменить: имя").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1 input[name=name]")).to_be_focused()
    page.keyboard.type("Ольга Ивановна")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Ольга Ивановна")
    has_focus(page)
    page.get_by_role("button", name="Готово: Актуализировать потребность").press("Enter")
    expect(page.locator("#messages")).to_contain_text("Готово: Актуализировать потребность")
    page.wait_for_load_state()
    page.keyboard.press("u")
    expect(page.locator("#messages")).to_contain_text("Отменено")
    assert row.tasks.open().count() == 1
