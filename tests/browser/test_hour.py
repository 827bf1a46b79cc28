"""An hour of an operator in a real browser, by keyboard alone: twelve clients of the queue, a number pasted from the
telephone, a promised call coming due, a meeting moved, a refused «Недозвон», a repeat, a contract.
"""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from deals.models import Deal
from leads.models import Lead, Touch
from leads.remarks import log_conversation
from leads.touches import NewTouch
from tasks.models import Task
from team.actions import set_shift
from team.models import User
from tests import factories
from tests.browser.keyboard import choose, press, reach, type_into, type_moment
from tests.conftest import Frozen
from tests.promises import broken

pytestmark = [
    pytest.mark.browser,
    pytest.mark.once,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("catalogues"),
]
NEW = [
    f"Клиент {word}" for word in ("Один", "Два", "Три", "Четыре", "Пять", "Шесть", "Семь", "Восемь", "Девять", "Десять")
]


class Desk:
    """One operator at one browser; nothing here touches the mouse."""

    def __init__(self, page: Page, frozen: Frozen) -> None:
        self.page, self.frozen = page, frozen

    def client(self, name: str) -> None:
        """Wait until this client is on top and has the focus, where keys begin."""
        expect(self.page.locator(".next__name")).to_have_text(name)
        expect(self.page.locator("#next-name")).to_be_focused()

    def save(self) -> None:
        self.page.keyboard.press("ControlOrMeta+Enter")
        self.frozen.move(minutes=2)

    def result(self, digit: str, *keys: str) -> None:
        """Press the digit of a result, then what it asks for, and go on to the next client."""
        self.page.keyboard.press(digit)
        for key in keys:
            self.page.keyboard.press(key)
        self.save()

    def says(self, text: str) -> None:
        expect(self.page.get_by_text(text).first).to_be_visible()

    def find(self, number: str) -> None:
        """Paste what the telephone shows into the search."""
        self.page.keyboard.press("/")
        self.page.keyboard.insert_text(number)
        self.page.keyboard.press("Enter")


@pytest.fixture
def operator() -> User:
    person = factories.OperatorFactory(name="Марина Ковалёва")
    set_shift(person.pk, "on")
    return person


def test_an_hour_by_keyboard_alone(as_user: Callable[[User], Page], operator: User, frozen: Frozen) -> None:
    factories.LawyerFactory()
    promised = factories.lead(by=operator, name="Обещанный Звонок", city="Москва")
    log_conversation(
        promised.pk, NewTouch("call", "answered"), by=operator, call_back_at=datetime(2026, 11, 24, 9, 25, tzinfo=UTC)
    )
    booked = factories.lead_in("meeting", by=operator, name="Встреча Переносится", city="Москва")
    visited = factories.lead_in("visit", by=operator, name="Договор Подписан", city="Москва")
    Task.objects.open().filter(lead__in=[booked, visited]).delete()  # they come by the telephone and by the door
    rows = [factories.lead(name=name, city="Москва") for name in NEW]
    desk = Desk(as_user(operator), frozen)
    page = desk.page
    page.goto("/")

    # Six ways for a call to end, and one client put aside.
    desk.client(NEW[0])
    desk.result("3")
    desk.client(NEW[1])
    desk.result("4")
    desk.client(NEW[2])
    desk.result("2", "Space")
    desk.client(NEW[3])
    desk.result("1", "Space")
    desk.client(NEW[4])
    desk.result("5", "Space")
    desk.client(NEW[5])
    page.keyboard.press("6")
    choose(page, page.locator(".outcome__more--junk"), "Отказался, решил проблему")
    desk.save()
    desk.client(NEW[6])
    page.keyboard.press("s")
    page.keyboard.press("Enter")

    # «Недозвон» is not earned yet: the reason is there, closed, with the sentence why.
    desk.client(NEW[7])
    page.keyboard.press("6")
    closed = page.locator(".outcome__more--junk").get_by_label("Недозвон")
    expect(closed).to_be_disabled()
    desk.says("Сделано 0 из 6 касаний")
    desk.result("3")
    desk.client(NEW[8])
    desk.result("4")

    # A client rings: their number is pasted as the telephone shows it. The meeting is moved.
    desk.client(NEW[9])
    phone = str(booked.phone)
    desk.find(f"8 {phone[2:5]} {phone[5:8]}-{phone[8:10]}-{phone[10:]}")
    expect(page).to_have_title(f"№ {booked.pk} Встреча Переносится — CRM")
    press(page, page.get_by_role("link", name="Перенести встречу").first)
    type_moment(page, page.locator("[name=meeting_at]:visible"))
    page.keyboard.press("Enter")
    desk.says("12 декабря")

    # Back to the day: the promised call has come due meanwhile and goes first.
    frozen.set(datetime(2026, 11, 24, 9, 26, tzinfo=UTC))
    page.keyboard.press("g")
    page.keyboard.press("d")
    desk.client(NEW[9])
    factories.lead(phone=rows[0].phone, name="Ещё Раз")  # the first one applies again
    desk.result("3")
    desk.client("Обещанный Звонок")
    desk.says("Клиент просил перезвонить в 12:25")
    desk.result("1", "Space")
    desk.client(NEW[0])
    reach(page, page.get_by_label("Комментарий к звонку"))
    page.keyboard.type("Оставил заявку ещё раз")
    page.locator("#next-name").focus()
    desk.result("1", "Space")

    # Somebody stands at the door with the contract.
    desk.find("Договор Подписан")
    press(page, page.get_by_role("main").get_by_role("link", name="Договор Подписан").first)
    press(page, page.locator(".steps").get_by_role("link", name="Договор", exact=True))
    type_into(page, page.get_by_label("Стоимость, ₽"), "145 000")
    page.keyboard.press("Enter")
    expect(page.locator(".steps [aria-current=step]")).to_have_text("Договор")

    statuses = list(
        Lead.objects.filter(pk__in=[row.pk for row in rows]).order_by("pk").values_list("status", flat=True)
    )
    assert statuses == [
        *("meeting", "dialing", "dialing", "meeting", "postponed", "junk", "new", "dialing", "dialing", "dialing"),
    ]
    booked.refresh_from_db()
    assert booked.meeting_at == datetime(2030, 12, 12, 7, 10, tzinfo=UTC)
    assert Lead.objects.get(duplicate_of=rows[0]).junk_reason == "duplicate"
    assert Deal.objects.get().lead == visited
    assert rows[6].events.get(kind="skipped").comment == "Сейчас неудобно"
    made = Touch.objects.filter(by=operator).exclude(lead__in=[booked, visited])
    assert made.count() == 12  # eleven calls of this hour, and the one in which another was promised
    assert broken() == {}
