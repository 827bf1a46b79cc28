"""Two people on one lead, in two browsers at once: every row of `ux.md` 7."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from leads.editing import assign
from leads.models import Lead, Touch
from team.actions import set_shift
from team.models import Hold, User
from tests import factories
from tests.conftest import Frozen

pytestmark = [
    pytest.mark.shared,
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("catalogues", "frozen"),
]
ANNA, DENIS = "Анна Зимина", "Денис Орлов"


@pytest.fixture
def other(browser: Browser, browser_context_args: dict[str, Any], live_server: LiveServer) -> Iterator[Callable]:
    """Signs a second colleague in, in a browser of their own; answers the page."""
    context = browser.new_context(**browser_context_args)

    def sign_in(user: User) -> Page:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        name = settings.SESSION_COOKIE_NAME
        context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        return context.new_page()

    yield sign_in
    context.close()


def on_line(name: str) -> User:
    person = factories.OperatorFactory(name=name)
    set_shift(person.pk, "on")
    return person


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()


def said(page: Page, words: str) -> None:
    expect(page.locator("#messages")).to_contain_text(words)


def test_the_queue_gives_each_their_own_and_a_hand_over_keeps_the_call(
    as_user: Callable[[User], Page], other: Callable[[User], Page], frozen: Frozen
) -> None:
    for name in ("Павел Дорохов", "Сергей Лапшин", "Наталья Крюкова"):
        factories.lead(name=name)
    first, second = as_user(on_line(ANNA)), other(on_line(DENIS))
    first.goto("/day/")
    second.goto("/day/")
    expect(first.locator(".next__name")).to_have_text("Павел Дорохов")
    expect(second.locator(".next__name")).to_have_text("Сергей Лапшин")
    expect(first.get_by_text("Лид закреплён за вами до 12:15")).to_be_visible()

    # the head hands the client over while Anna is talking: her call is kept, and the next one comes
    row = Lead.objects.get(name="Павел Дорохов")
    first.keyboard.press("3")
    first.get_by_label("Комментарий к звонку").fill("Гудки до автоответчика")
    assign(row.pk, User.objects.get(name=DENIS).pk, by=factories.ManagerFactory())
    first.keyboard.press("ControlOrMeta+Enter")
    expect(first.locator(".next__name")).to_have_text("Наталья Крюкова")
    said(first, "Лид передан: Денис Орлов. Касание записано")
    assert (Touch.objects.get().lead, Touch.objects.get().comment) == (row, "Гудки до автоответчика")

    # what is skipped is free for the colleague
    second.keyboard.press("s")
    second.keyboard.press("Enter")
    expect(second.locator(".next__name")).not_to_have_text("Сергей Лапшин")
    assert not Hold.objects.filter(lead__name="Сергей Лапшин").exists()


def test_two_in_one_card(as_user: Callable[[User], Page], other: Callable[[User], Page], frozen: Frozen) -> None:
    row = factories.lead_in("dialing", name="Павел Дорохов")
    first, second = as_user(factories.ManagerFactory(name=ANNA)), other(factories.ManagerFactory(name=DENIS))
    card = f"/leads/{row.pk}/"
    first.goto(card)
    second.goto(card)
    expect(second.locator("#here")).to_contain_text(f"{ANNA} сейчас в этой карточке.")

    # two calls within a minute: both stand; a double press is one touch
    frozen.move(seconds=30)
    first.keyboard.press("3")
    first.keyboard.press("ControlOrMeta+Enter")
    said(first, "Касание 1 записано")
    second.get_by_label("Дозвонились", exact=True).check(force=True)
    second.locator(".composer__pane--call button[type=submit]").dblclick()
    said(second, f"{ANNA} только что тоже записал звонок этому клиенту: не ответил. Сохранены оба.")
    assert Touch.objects.count() == 2
    expect(second.locator("#history").get_by_text("касание 1")).to_be_visible()
    expect(second.locator("#history").get_by_text("касание 2")).to_be_visible()

    # too late to take back: a colleague has called since
    press(first, "Отменить")
    said(first, "Отменить уже нельзя: лид изменил Орлов")

    # a status that a colleague has changed: told, nothing overwritten, done anyway on demand, taken back
    second.get_by_role("button", name="Визит", exact=True).click()
    said(second, f"Лид № {row.pk}: Визит")
    first.goto(card)
    first.get_by_role("link", name="Решение отложено", exact=True).click()
    expect(first.locator("#dialog [name=callback_at]")).to_be_visible()
    press(second, "Отменить")
    said(second, "Отменено")
    expect(second.locator("[aria-current=step]")).to_have_text("Прозвон")
    first.locator("#dialog [name=callback_at]").fill("2026-11-27T12:00")
    first.locator("#dialog").get_by_label("Комментарий").fill("После зарплаты")
    first.locator("#dialog").get_by_role("button", name="Сохранить").click()
    expect(first.locator("main")).to_contain_text(f"Статус не изменён. {DENIS} изменил лид")
    expect(first.get_by_role("link", name="Показать изменения")).to_be_visible()
    expect(first.locator("main [name=comment]")).to_have_value("После зарплаты")
    assert Lead.objects.get(pk=row.pk).status == "dialing"
    press(first, "Всё равно сменить")
    said(first, f"Лид № {row.pk}: Решение отложено")

    # a field edited in its place: the second one is told who was faster, what they typed stays, Esc takes it back
    second.goto(card)
    for page, name in ((first, "Павел Петрович"), (second, "Павел Павлович")):
        page.get_by_role("link", name="Изменить: имя").click()
        expect(page.locator("h1 input[name=name]")).to_be_focused()
        page.keyboard.type(name)
    first.keyboard.press("Enter")
    expect(first.locator("h1")).to_contain_text("Павел Петрович")
    second.keyboard.press("Enter")
    expect(second.locator("h1")).to_contain_text(f"Не сохранено. {ANNA} изменил лид")
    expect(second.locator("h1 input[name=name]")).to_have_value("Павел Павлович")
    expect(second.locator("h1 input[name=name]")).to_be_focused()
    second.keyboard.press("Escape")
    expect(second.locator("h1")).to_contain_text("Павел Петрович")
    # and one's own edit does not make one's next press stale
    first.get_by_role("button", name="Визит", exact=True).click()
    said(first, f"Лид № {row.pk}: Визит")
