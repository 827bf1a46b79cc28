"""Links and texts of messengers: what may be in them, and that only listed words are ever replaced (H13, H15, H16)."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.exceptions import ValidationError

from contacts.messengers import VARIABLES, check_link, check_text, link_to, render
from crm.management.commands.loadcatalogs import MESSENGERS, TEMPLATES

PHONE = "+79370006027"
KNOWN = {
    "name": "Пётр",
    "operator": "Анна Орлова",
    "office": "Главный офис",
    "address": "Самара, ул. Ленина, 1. Вход со двора",
    "meeting": "25 ноября в 15:00",
    "date": "25 ноября",
    "time": "15:00",
    "documents": "— СНИЛС\n— ИНН",
}


@pytest.mark.parametrize("pattern", [link for _code, _name, link in MESSENGERS])
def test_shipped_links_are_allowed(pattern: str) -> None:
    check_link(pattern)


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("javascript:alert({digits})", "начинается с одного из: https:, sms:"),
        ("JavaScript:alert(1)", "начинается"),
        ("data:text/html,{text}", "начинается"),
        ("http://wa.me/{digits}", "начинается"),
        ("//wa.me/{digits}", "начинается"),
        ("{text}:alert(1)", "начинается"),
        ("", "начинается"),
        ("sms:", "никуда не ведёт"),
        ("https:wa.me/{digits}", "стоит сайт"),
        ("https:///{digits}", "стоит сайт"),
        ("https://localhost/{digits}", "стоит сайт"),
        ("https://{text}.example.org/", "стоит сайт"),
        ("https://user@example.org/{digits}", "стоит сайт"),
        ("https://wa.me:8080/{digits}", "стоит сайт"),
        ("https://[::1/{digits}", "стоит сайт"),
        ("https://wa.me/{digits}?text={message}", "Такой переменной нет: {message}. Возможны: {digits}"),
        ("https://wa.me/{digits.__class__}", "Такой переменной нет"),
        ("https://wa.me/{digits", "Скобка стоит отдельно"),
        ("https://wa.me/{{digits}}", "Скобка стоит отдельно"),
        ("https://wa.me/ {digits}", "пробелы, кавычки"),
        ("https://wa.me/{digits}\r\nX: 1", "пробелы, кавычки"),
        ('https://wa.me/{digits}"onclick="x', "пробелы, кавычки"),
        ("https:\\\\evil.example/{digits}", "пробелы, кавычки"),
    ],
)
def test_other_links_are_refused_with_a_sentence(pattern: str, said: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        check_link(pattern)
    assert said in refusal.value.messages[0]


@pytest.mark.parametrize(
    "text", ["{0.__class__}", "{name.__class__}", "{}", "{ name }", "{имя}", "{{name}}", "{name", "name}", "{phone}"]
)
def test_texts_have_named_variables_only(text: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        check_text(text)
    assert "{name}, {operator}" in refusal.value.messages[0]


def test_shipped_texts_are_calm_and_know_their_variables() -> None:
    for name, _status, _kind, text in TEMPLATES:
        check_text(text)
        assert "!" not in text, name
        assert render(text, KNOWN).missing == ()
        assert "{" not in render(text, KNOWN).text


@pytest.mark.parametrize(
    ("text", "known", "made"),
    [
        ("{name}, здравствуйте. Это {operator}.", {}, "Здравствуйте. Это Анна Орлова."),
        ("{name}, ждём вас {meeting}. {office}.", {}, "Ждём вас 25 ноября в 15:00. Главный офис."),
        ("Здравствуйте, {name}. Вы придёте?", {}, "Здравствуйте. Вы придёте?"),
        ("Здравствуйте, {name}, ждём вас.", {}, "Здравствуйте, ждём вас."),
        ("Ждём вас, {name}", {}, "Ждём вас"),
        ("Да. {name}, до встречи.", {}, "Да. До встречи."),
        ("{name}, ждём вас. Адрес: {address}. До встречи.", {"address": ""}, "Пётр, ждём вас. До встречи."),
        ("Первая строка.\nАдрес: {address}\nТретья.", {"address": ""}, "Первая строка.\n\nТретья."),
        ("Нужны:\n{documents}\nЖдём.", {"documents": "— СНИЛС \r\n—  ИНН"}, "Нужны:\n— СНИЛС\n— ИНН\nЖдём."),
    ],
)  # fmt: skip
def test_what_is_not_known_leaves_no_hole(text: str, known: dict[str, str], made: str) -> None:
    values = KNOWN | {"name": "" if not known else "Пётр"} | known
    assert render(text, values).text == made


def test_values_are_plain_text_and_are_not_read_again() -> None:
    hostile = "{operator} {{7*7}} {% now 'Y' %} %(x)s {0.__class__} <b>\r\nBcc: a@example.org"
    made = render("{name}, здравствуйте. Это {operator}.", KNOWN | {"name": hostile})
    flat = hostile.replace("\r\n", " ")
    assert made.text == f"{flat}, здравствуйте. Это Анна Орлова."


def test_what_had_no_value_is_named() -> None:
    assert render("{name} {time} {office}", {"time": "15:00"}).missing == ("name", "office")
    assert render(" ".join(f"{{{word}}}" for word in VARIABLES), KNOWN).missing == ()


@pytest.mark.parametrize(
    ("pattern", "link"),
    [
        ("https://wa.me/{digits}?text={text}", "https://wa.me/79370006027?text="),
        ("https://t.me/{phone}?text={text}", "https://t.me/+79370006027?text="),
        ("sms:{phone}?body={text}", "sms:+79370006027?body="),
        ("whatsapp://send?phone={phone}&text={text}", "whatsapp://send?phone=%2B79370006027&text="),
    ],
)
def test_links_carry_number_and_text(pattern: str, link: str) -> None:
    text = "Пётр & Ко? 100 % #1 {digits}\nдо встречи+"
    made = link_to(pattern, PHONE, text)
    assert made.startswith(link)
    assert made.isascii()
    query = parse_qs(urlsplit(made).query)
    assert (query.get("text") or query["body"]) == [text]


def test_a_link_without_a_place_for_the_text_stays_as_it_is() -> None:
    assert link_to("https://max.ru/", PHONE, "Привет") == "https://max.ru/"
