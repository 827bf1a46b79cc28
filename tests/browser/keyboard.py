"""Working a page by keyboard alone, as somebody with a headset on does: Tab until it is there, then Enter or typing."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

FARTHEST = 150
"""Presses of Tab after which a control counts as out of reach."""

IS_FOCUSED = "element => element === document.activeElement"


def reach(page: Page, control: Locator) -> Locator:
    """Tab on until `control` has the focus."""
    control.wait_for()
    element = control.element_handle()
    for _press in range(FARTHEST):
        if element.evaluate(IS_FOCUSED):
            return control
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {control}")


def press(page: Page, control: Locator) -> None:
    """Tab to a link or button and press Enter."""
    reach(page, control)
    page.keyboard.press("Enter")


def open_beside(page: Page, link: Locator) -> Page:
    """Tab to a link and open it in a new tab with Ctrl+Enter."""
    reach(page, link)
    with page.context.expect_page() as opened:
        page.keyboard.press("ControlOrMeta+Enter")
    return opened.value


def choose(page: Page, group: Locator, label: str) -> None:
    """Tab into a group of radios and choose one with Space and the arrows, as they are worked without a mouse."""
    radios = group.get_by_role("radio")
    chosen = group.locator("input:checked")
    reach(page, chosen if chosen.count() else radios.first)
    page.keyboard.press("Space")
    wanted = group.get_by_label(label, exact=True)
    for _press in range(radios.count()):
        if wanted.is_checked():
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"{label} cannot be chosen")


def type_into(page: Page, field: Locator, text: str) -> None:
    """Tab to a field and type over what is there."""
    reach(page, field)
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(text)


def type_moment(page: Page, field: Locator) -> None:
    """Type 12.12.2030 10:10 into a browser's control for date and time, in whatever order and clock it shows them."""
    reach(page, field)
    page.keyboard.type("12122030")
    page.keyboard.press("ArrowRight")
    page.keyboard.type("1010a")
    assert field.input_value() == "2030-12-12T10:10"
