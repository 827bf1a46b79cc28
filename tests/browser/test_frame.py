"""The frame in a real browser: keys by their place on the keyboard, typed text that survives, and messages."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from team.actions import edit_profile
from team.models import User
from tests import factories

pytestmark = [
    pytest.mark.browser,
    pytest.mark.once,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("catalogues", "frozen"),
]
# A key of the keyboard as a Russian layout gives it: the browser's name of its place stays.
RUSSIAN = """([code, key]) => document.activeElement.dispatchEvent(
    new KeyboardEvent("keydown", {code, key, bubbles: true, cancelable: true}))"""


def press(page: Page, code: str, key: str) -> None:
    page.evaluate(RUSSIAN, [code, key])


def test_keys_go_by_their_place_and_rest_while_one_writes(as_user: Callable[[User], Page]) -> None:
    user = factories.ManagerFactory()
    for name in ("Анна", "Борис"):
        factories.lead(name=name, by=user)
    page = as_user(user)
    page.goto("/contacts/")

    press(page, "KeyJ", "о")
    press(page, "KeyJ", "о")
    press(page, "KeyK", "л")
    first = page.locator("main tbody tr").first.get_by_role("link").first
    expect(first).to_be_focused()

    page.keyboard.press("/")
    expect(page.get_by_role("searchbox").first).to_be_focused()
    page.keyboard.type("n?gl")
    expect(page).to_have_url("/contacts/")
    first.focus()

    page.keyboard.press("Shift+Slash")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("row", name="G L К лидам На любой странице")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("l")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page).to_have_url("/contacts/")

    press(page, "KeyG", "п")
    press(page, "KeyL", "д")
    expect(page).to_have_url("/leads/")
    press(page, "KeyN", "т")
    expect(page.get_by_role("dialog").get_by_role("heading", name="Новый лид")).to_be_visible()
    expect(page.get_by_role("textbox", name="Телефон")).to_be_focused()

    edit_profile(user.pk, {"shortcuts": False})
    page.goto("/contacts/")
    page.keyboard.press("g")
    page.keyboard.press("l")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox").first).not_to_be_focused()
    expect(page).to_have_url("/contacts/")


def test_what_is_typed_outlives_a_lost_connection_and_a_session_that_ended(as_user: Callable[[User], Page]) -> None:
    user = factories.OperatorFactory()
    lead = factories.lead(by=user)
    page = as_user(user)
    page.goto(f"/leads/{lead.pk}/")
    page.locator("[value='pane-comment']").check(force=True)
    text = page.locator(".composer__pane--comment textarea")
    text.fill("Ждёт документы от мужа")

    page.context.set_offline(True)
    page.keyboard.press("ControlOrMeta+Enter")
    lost = page.get_by_role("alert").filter(has_text="Нет связи с сервером")
    expect(lost).to_contain_text("Запись не сохранена, текст на месте")
    expect(text).to_have_value("Ждёт документы от мужа")
    page.context.set_offline(False)

    expect(lost).to_be_hidden()
    page.context.clear_cookies(name="sessionid")
    text.focus()
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.get_by_text("Вы вышли из системы. Войдите снова, текст сохранится")).to_be_visible()
    page.get_by_label("Логин или рабочая почта").fill(user.username)
    page.get_by_label("Пароль", exact=True).fill(factories.PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"/leads/{lead.pk}/")
    expect(text).to_be_visible()
    expect(text).to_have_value("Ждёт документы от мужа")

    text.focus()
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("#history")).to_contain_text("Ждёт документы от мужа")
    expect(text).to_have_value("")
    page.reload()
    expect(text).to_have_value("")


def test_a_failure_of_ours_names_its_code_and_can_be_tried_again(as_user: Callable[[User], Page]) -> None:
    page = as_user(factories.ManagerFactory())
    page.goto("/contacts/")

    def fail(route: Route) -> None:
        route.fulfill(status=500, headers={"X-Error-Code": "7F3A"}, body="")

    page.route("**/keys/", fail)
    opener = page.locator("main tbody a, main a").first
    opener.focus()
    page.keyboard.press("Shift+Slash")
    failed = page.get_by_role("alert").filter(has_text="Не получилось")
    expect(failed).to_contain_text("Мы уже знаем об ошибке, код 7F3A. Повторите через минуту")
    expect(opener).to_be_focused()
    page.unroute("**/keys/", fail)
    failed.get_by_role("button", name="Повторить").click()
    expect(page.get_by_role("dialog").get_by_role("heading", name="Клавиши")).to_be_visible()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()

    # Three messages at most, and what failed goes last.
    for name in ("toast-failed", "toast-copied", "toast-copied", "toast-silent", "toast-offline"):
        page.evaluate("name => document.dispatchEvent(new CustomEvent('crm:say', {detail: {name}}))", name)
    expect(page.locator("#messages .toast")).to_have_count(3)
    expect(page.locator("#messages .toast--ok")).to_have_count(0)
    page.locator("#messages .toast").first.get_by_role("button", name="Закрыть").click()
    expect(page.locator("#messages .toast")).to_have_count(2)


def test_a_result_is_chosen_saved_and_taken_back_by_keys_on_the_card(as_user: Callable[[User], Page]) -> None:
    user = factories.OperatorFactory()
    lead = factories.lead(by=user)
    page = as_user(user)
    page.goto(f"/leads/{lead.pk}/")
    press(page, "Digit3", "3")
    expect(page.get_by_role("radio", name="Не ответил")).to_be_focused()
    page.keyboard.press("ControlOrMeta+Enter")
    expect(page.locator("#messages")).to_contain_text("Касание 1 записано")
    press(page, "KeyU", "г")
    expect(page.locator("#messages")).to_contain_text("Отменено")
    lead.refresh_from_db()
    assert (lead.status, lead.touches_count) == ("new", 0)
