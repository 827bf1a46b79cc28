"""Rules R4-R10 of phones beyond the inputs of the table, and what is said of a number that is none."""

import math
import re
from decimal import Decimal

import pytest
from django.utils import translation

from contacts.phones import NOT_RECOGNISED, REFUSALS, parse, refusal_text


def read(raw):
    phones = parse(raw)
    return phones.main, phones.others, phones.extension


@pytest.mark.parametrize(
    ("raw", "main"),
    [
        ("+8 800 555 35 35", "+78005553535"),
        ("+8(495)123-45-67", "+74951234567"),
        ("+81312345678", "+81312345678"),
        ("+81 3 1234 5678", "+81312345678"),
        ("+8613812345678", "+8613812345678"),
    ],
)
def test_R4_a_stray_plus_is_told_from_a_country_code(raw, main):
    assert parse(raw).main == main


@pytest.mark.parametrize(
    ("raw", "main"),
    [
        ("0049 30 901820", "+4930901820"),
        ("380501234567", "+380501234567"),
        ("37412345", None),
        ("12025550143", None),
        ("8 (423) 212-34-5", None),
        ("7 495 123 45 6", None),
        ("+7 8 4231234567", "+74231234567"),
        ("+7 (842) 312-34-56-7", None),
        ("+779161234567", "+79161234567"),
        ("+7 771 012 34 56 7", None),
    ],
)
def test_R5_prefixes_are_taken_off_only_where_nothing_else_is_meant(raw, main):
    assert parse(raw).main == main


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("8 тел 916 1234567", "letters"),
        ("8 (Иван) 916 1234567", "letters"),
        ("Иван 89161234567", "letters"),
        ("x89161234567", "letters"),
        ("8916l234567", "letters"),
        ("89161234567 (' OR 1=1)", "letters characters"),
        ("https://example.org/?phone=79161234567", "letters characters"),
        ("ivan79161234567@example.org", "letters"),
    ],
)
def test_R6_letters_are_never_guessed_away(raw, reason):
    assert parse(raw).reason in reason.split()


@pytest.mark.parametrize(
    "raw",
    [
        *(
            "тел./факс: 8 916 123-45-67",
            "89161234567 моб.",
            "+7 916 123-45-67 (Viber, WhatsApp)",
            "ТЕЛЕФОН 89161234567",
        ),
        *("whatsapp://send?phone=79161234567", "https://api.whatsapp.com/send?phone=%2B79161234567&text=1"),
        *("viber://chat?number=%2B79161234567", "https://t.me/+79161234567", "79161234567@s.whatsapp.net"),
        *('"Иван" <sip:+79161234567@pbx.example;user=phone>', "sip:89161234567@10.0.0.1:5060", "tel:89161234567?call"),
    ],
)
def test_R6_labels_and_address_forms_are_stripped(raw):
    assert read(raw) == ("+79161234567", (), "")


@pytest.mark.parametrize(
    "mark", [" доб. ", " доб.№", "доб", " внутр. ", " вн.", " ext. ", "x", "х", "X", "#", ",", ",,", "p", "w"]
)
def test_R7_marks_of_an_extension(mark):
    assert read(f"8 (495) 123-45-67{mark}044") == ("+74951234567", (), "044")


def test_R7_an_extension_has_at_most_six_digits():
    assert read("84951234567 доб. 123456") == ("+74951234567", (), "123456")
    assert read("84951234567 доб. 1234567") == (None, (), "")
    assert read("84951234567 доб. 12, 89161234567") == ("+74951234567", ("+79161234567",), "12")


@pytest.mark.parametrize(
    ("raw", "main", "others"),
    [
        ("89161234567; 89031234567 | 84951234567", "+79161234567", ("+79031234567", "+74951234567")),
        ("8 916 123 45 67 8 903 123 45 67", "+79161234567", ("+79031234567",)),
        ("8 9 1 6 1 2 3 4 5 6 7 8 9 0 3 1 2 3 4 5 6 7", "+79161234567", ("+79031234567",)),
        ("тел. 89161234567 раб. 84951234567", "+79161234567", ("+74951234567",)),
        ("89161234567, +7 916 123-45-67", "+79161234567", ()),
        ("8(495)123-45-67, 123-45-68", "+74951234567", ()),
        ("8916123456, 89161234567", "+79161234567", ()),
        ("8916123456789031234567", None, ()),
        ("89161234567 68", None, ()),
    ],
)
def test_R8_several_numbers(raw, main, others):
    phones = parse(raw)
    assert (phones.main, phones.others) == (main, others)


def test_R8_a_flood_of_numbers_is_cut():
    phones = parse(",".join(f"8916123{number:04}" for number in range(25)))
    assert phones.main == "+79161230000"
    assert len(phones.others) == 9


@pytest.mark.parametrize("value", [79161234567, 89161234567, 9161234567, 79161234567.0, Decimal(79161234567)])
def test_R9_numbers_of_json_and_cells_are_read_like_text(value):
    assert parse(value).main == "+79161234567"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "blank"),
        *[(value, "kind") for value in (True, False, [], {}, ["+79161234567"], b"89161234567", object(), 1.5)],
        *[(value, "kind") for value in (math.nan, math.inf, -math.inf, Decimal("NaN"), Decimal("Infinity"))],
        (10**400, "too_long"),
        (1e300, "too_long"),
        (Decimal("7.91612E+10"), "rounded"),
        ("7,91612E+10", "rounded"),
        (0, "service"),
    ],
)
def test_R9_what_is_no_number_is_refused_with_a_reason(value, reason):
    assert parse(value) == parse(value)
    assert parse(value).reason == reason


def test_R9_a_comma_is_a_decimal_point_in_russian_spreadsheets():
    assert read("7,9161234567E+10") == ("+79161234567", (), "")
    assert read("79161234567,00") == ("+79161234567", (), "")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        *[(raw, "blank") for raw in ("", " \t\n", "\x00", "\u200b\u202e")],
        *[(raw, "no_digits") for raw in ("-", "нет", "NULL", "@username", "+")],
        *[(raw, "service") for raw in ("Скрытый номер", "private number", "*100#", "0890")],
        *[
            ("8916123456789031234567", "glued"),
            ("+7 (916) 123-45-6_", "unfinished"),
            ("+7 916 ***-**-67", "unfinished"),
        ],
        *[("8916123456", "too_short"), ("+7916123456", "too_short"), ("891612345678", "too_long")],
        *[("+7 600 123 45 67", "not_in_plan"), ("9" * 10, "placeholder"), ("+7 900 000-00-00", "placeholder")],
        *[("89161234567'", ""), ("<89161234567>", "characters")],
    ],
)
def test_reasons(raw, reason):
    phones = parse(raw)
    assert phones.reason == reason
    assert phones.is_blank == (reason == "blank")


def test_R10_numbers_that_only_look_neat_are_people():
    for number in ("+79123456789", "+79161111111", "+79990000001", "+78005553535", "+998901234567", "+79370006027"):
        assert parse(number).main == number


def test_T09_kazakhstan_is_told_from_russia():
    assert parse("87011234567").region == "KZ"
    assert parse("+7 717 212-34-56").region == "KZ"
    assert parse("89161234567").region == "RU"
    assert parse("+375 29 123-45-67").region == "BY"


def test_each_reason_is_a_sentence_in_both_languages():
    with translation.override("en"):
        english = [refusal_text(reason) for reason in REFUSALS]
    with translation.override("ru"):
        russian = [refusal_text(reason) for reason in REFUSALS]
        assert str(NOT_RECOGNISED) == "Номер не распознан. Нужно 11 цифр, например 8 937 000-60-27"
    assert all(re.search("[а-яё]", sentence) for sentence in russian)
    assert len(set(english)) == len(set(russian)) == len(REFUSALS)
    assert refusal_text("") == ""
    assert refusal_text("later_code") == refusal_text("no such code")
