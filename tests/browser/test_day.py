"""«Мой день» in a real browser: an operator works through the queue by keyboard alone, and once with script off."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from leads.models import Lead, Touch
from tasks.models import Kind, Task
from team.actions import set_shift
from team.models import Hold, User
from tests import factories
from tests.browser.keyboard import press, reach
from tests.conftest import Frozen

pytestmark = [
    pytest.mark.browser,
    pytest.mark.once,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("catalogues", "frozen"),
]
NAMES = ["Павел Дорохов", "Сергей Лапшин", "Наталья Крюкова"]


@pytest.fixture
def operator() -> User:
    person = factories.OperatorFactory()
    set_shift(person.pk, "on")
    return person


@pytest.fixture
def clients() -> list[Lead]:
    return [factories.lead(name=name, city="Уфа") for name in NAMES]


def on_top(page: Page, name: str) -> None:
    expect(page.locator(".next__name")).to_have_text(name)


def ready(page: Page, name: str) -> None:
    """Wait until this client is on top and has the focus: then the keys work."""
    on_top(page, name)
    expect(page.locator("#next-name")).to_be_focused()


def fits(page: Page) -> bool:
    """Is everything down to the button in sight without scrolling?"""
    button = page.get_by_role("button", name="Сохранить, следующий").bounding_box()
    first = page.locator(".next__why").bounding_box()
    size = page.viewport_size
    assert button
    assert first
    assert size
    return first["y"] >= 0 and button["y"] + button["height"] <= size["height"]


def test_three_clients_by_keyboard_alone(
    as_user: Callable[[User], Page], operator: User, clients: list[Lead], frozen: Frozen
) -> None:
    page = as_user(operator)
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto("/")
    ready(page, NAMES[0])
    assert fits(page)

    page.keyboard.press("3")
    expect(page.get_by_text("Следующий звонок — сегодня, 14:00.")).to_be_visible()
    assert fits(page)
    page.keyboard.press("ControlOrMeta+Enter")

    ready(page, NAMES[1])
    expect(page.get_by_text("Касание 1 записано. Следующее — сегодня, 14:00.")).to_be_visible()
    page.keyboard.press("2")
    page.keyboard.press("Space")  # the first chip has the focus
    page.keyboard.press("ArrowRight")
    assert fits(page)
    page.keyboard.press("ControlOrMeta+Enter")

    ready(page, NAMES[2])
    page.keyboard.press("2")
    page.keyboard.press("1")  # changed one's mind
    page.keyboard.press("Space")
    reach(page, page.get_by_label("Комментарий к звонку"))
    page.keyboard.type("1 и 2 — цифры, не клавиши")
    assert fits(page)
    page.keyboard.press("ControlOrMeta+Enter")

    expect(page.get_by_role("heading", name="Очередь пуста. Следующая задача в 14:00")).to_be_visible()
    no_answer, call_back, booked = (Lead.objects.get(pk=row.pk) for row in clients)
    assert (no_answer.status, call_back.status, booked.status) == ("dialing", "dialing", "meeting")
    assert {row.responsible for row in (no_answer, call_back, booked)} == {operator}
    outcomes = Touch.objects.order_by("pk").values_list("outcome", "comment")
    assert list(outcomes) == [("no_answer", ""), ("answered", ""), ("answered", "1 и 2 — цифры, не клавиши")]
    calls = Task.objects.open().filter(kind=Kind.CONTACT_CLIENT)
    assert calls.get(lead=no_answer).due_at == frozen.now + timedelta(hours=2)
    promised = calls.get(lead=call_back)
    assert (promised.promised, promised.due_at - frozen.now) == (True, timedelta(hours=2))
    assert booked.meeting_at
    assert booked.meeting_at.isoformat() == "2026-11-25T06:30:00+00:00"


def test_skipping_by_keyboard_and_keys_that_rest_while_one_writes(
    as_user: Callable[[User], Page], operator: User, clients: list[Lead]
) -> None:
    page = as_user(operator)
    page.goto("/day/")
    ready(page, NAMES[0])
    reach(page, page.get_by_label("Комментарий к звонку"))
    page.keyboard.type("s36")
    expect(page.locator("[name=result]:checked")).to_have_count(0)
    page.locator("#next-name").focus()
    page.keyboard.press("s")
    page.keyboard.press("Enter")
    ready(page, NAMES[1])
    assert clients[0].events.get(kind="skipped").comment == "Сейчас неудобно"
    assert Hold.objects.get().lead == clients[1]


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_without_script_the_queue_is_worked_as_well(
    as_user: Callable[[User], Page], operator: User, clients: list[Lead]
) -> None:
    set_shift(operator.pk, "break")
    page = as_user(operator)
    page.goto("/day/")
    press(page, page.get_by_role("button", name="Вернуться на линию").first)
    on_top(page, NAMES[0])
    page.locator("#r-callback").check(force=True)
    press(page, page.get_by_role("button", name="Сохранить, следующий"))
    expect(page.get_by_text("Укажите, когда перезвонить").first).to_be_visible()
    page.get_by_label("завтра в 10:00").first.check(force=True)
    press(page, page.get_by_role("button", name="Сохранить, следующий"))
    on_top(page, NAMES[1])
    promised = Task.objects.open().get(lead=clients[0], promised=True)
    assert promised.due_at.isoformat() == "2026-11-25T05:00:00+00:00"
