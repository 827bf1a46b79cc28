"""A message in a real browser: the link follows what is chosen and typed, and then the page asks if it was sent."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from contacts.models import MessageTemplate
from leads.models import Touch
from team.models import User
from tests import factories

pytestmark = [
    pytest.mark.browser,
    pytest.mark.once,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("catalogues"),
]


def test_the_link_follows_the_text_and_only_yes_records_it(as_user: Callable[[User], Page]) -> None:
    MessageTemplate.objects.create(name="Второй", status="new", text="{name}, добрый день.", position=20)
    operator = factories.OperatorFactory(name="Анна Орлова")
    row = factories.lead(name="Пётр", phone="8 937 000-60-27", by=operator)
    page = as_user(operator)
    page.context.route("**://wa.me/**", lambda route: route.fulfill(body="chat"))
    page.goto(f"/leads/{row.pk}/")
    page.locator(".quick").get_by_role("link", name="WhatsApp").click()
    dialog = page.locator("dialog[open]")
    text, asked = dialog.get_by_label("Текст сообщения"), dialog.get_by_text("Сообщение отправлено?")
    expect(text).to_have_value("Пётр, здравствуйте. Меня зовут Анна Орлова. Вы оставляли заявку на консультацию по "
                               "банкротству. Когда вам удобно поговорить?")  # fmt: skip
    dialog.get_by_label("Второй").check()
    expect(text).to_have_value("Пётр, добрый день.")
    text.fill("Пётр, 100 % & до встречи {text}")
    expect(asked).to_be_hidden()
    with page.expect_popup() as opened:
        dialog.get_by_role("link", name="Открыть WhatsApp").click()
    address = urlsplit(opened.value.url)
    assert (address.netloc, address.path) == ("wa.me", "/79370006027")
    assert parse_qs(address.query)["text"] == ["Пётр, 100 % & до встречи {text}"]
    assert opened.value.evaluate("window.opener") is None
    opened.value.close()
    page.bring_to_front()
    expect(asked).to_be_visible()
    expect(dialog.get_by_role("button", name="Да")).to_be_focused()
    assert not Touch.objects.exists()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Касание 1 записано")).to_be_visible()
    assert Touch.objects.get().comment == "Пётр, 100 % & до встречи {text}"


def test_a_messenger_without_a_place_for_the_text_says_so_and_no_closes_the_question(
    as_user: Callable[[User], Page],
) -> None:
    row = factories.lead()
    page = as_user(factories.ManagerFactory())
    page.context.route("**://max.ru/**", lambda route: route.fulfill(body="chat"))
    page.goto(f"/leads/{row.pk}/message/")
    hint = page.get_by_text("скопируйте его и вставьте там")
    expect(hint).to_be_hidden()
    page.get_by_label("MAX", exact=True).check()
    expect(hint).to_be_visible()
    page.get_by_label("Текст сообщения").fill(" ")
    page.get_by_role("link", name="Открыть MAX").click()
    expect(page.get_by_text("Сообщение отправлено?")).to_be_hidden()
    page.get_by_label("Текст сообщения").fill("Добрый день")
    with page.expect_popup():
        page.get_by_role("link", name="Открыть MAX").click()
    page.get_by_role("link", name="Нет", exact=True).click()
    expect(page).to_have_url(f"{page.url.split('/leads/')[0]}/leads/{row.pk}/")
    assert not Touch.objects.exists()
