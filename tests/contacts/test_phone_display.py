"""How stored numbers are shown, and found by a part of them."""

import pytest

from contacts.phones import beginnings, display, for_lookup, tail


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("+79370006027", "+7 937 000-60-27"),
        ("+77011234567", "+7 701 123-45-67"),
        ("+375291234567", "+375 29 123-45-67"),
        ("+12025550143", "+1 202-555-0143"),
        ("", ""),
        (None, ""),
        ("нет", "нет"),
    ],
)
def test_how_a_number_is_shown(stored, shown):
    assert display(stored) == shown


def test_a_card_is_looked_up_by_any_spelling():
    assert for_lookup("8 (916) 123-45-67 доб. 3") == "+79161234567"
    assert for_lookup("Иван") is None


@pytest.mark.parametrize(
    ("typed", "end"),
    [("6027", "6027"), ("60-27", "6027"), ("000-60-27", "0006027"), ("937 000 60 27", "9370006027")]
    + [(typed, "") for typed in ("027", "+79370006027", "Д-0318", "Иван", "", "\x00")],
)
def test_the_end_of_a_number_is_searched_by_four_to_ten_digits(typed, end):
    assert tail(typed) == end


@pytest.mark.parametrize(
    ("typed", "starts"),
    [
        ("8 937…", ("+7937", "+78937")),
        ("+7 (937)…", ("+7937",)),
        ("937…", ("+7937",)),
        ("846", ("+746", "+7846")),
        ("+375 29", ("+37529",)),
        ("93", ()),
        ("Д-0318", ()),
    ],
)
def test_the_beginning_of_a_number_is_searched_as_it_is_typed(typed, starts):
    assert beginnings(typed) == starts
