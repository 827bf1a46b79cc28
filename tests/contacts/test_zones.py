"""The client's time zone (domain.md): the given city's, else the number's if it has exactly one, else the firm's."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.cities import CITIES_BY_CODE, CITIES_BY_ZONE
from contacts.phones import parse
from contacts.zones import _cities_by_code, _key, _zones_by_city, city_of, zone_for
from crm.text import fold

# A zone nobody in the catalogue is in.
FIRM = ZoneInfo("Pacific/Auckland")


def zone(**where):
    return zone_for(**where, firm=FIRM).key


@pytest.mark.parametrize(
    ("city", "expected"),
    [
        ("Калининград", "Europe/Kaliningrad"),
        ("Москва", "Europe/Moscow"),
        ("Самара", "Europe/Samara"),
        ("Уфа", "Asia/Yekaterinburg"),
        ("Омск", "Asia/Omsk"),
        ("Новосибирск", "Asia/Novosibirsk"),
        ("Кемерово", "Asia/Novokuznetsk"),
        ("Иркутск", "Asia/Irkutsk"),
        ("Чита", "Asia/Chita"),
        ("Владивосток", "Asia/Vladivostok"),
        ("Магадан", "Asia/Magadan"),
        ("Петропавловск-Камчатский", "Asia/Kamchatka"),
        ("Астана", "Asia/Almaty"),
        ("Минск", "Europe/Minsk"),
    ],
)
def test_a_city_has_its_zone(city, expected):
    assert zone(city=city) == expected


@pytest.mark.parametrize(
    ("city", "expected"),
    [
        *[(name, "Europe/Moscow") for name in ("СПб", "питер", "С-Петербург", "санкт петербург", "Saint Petersburg")],
        *[(name, "Europe/Moscow") for name in ("мск", "МОСКВА", "г.Москва", "г. Москва", "гор. Москва", "Москва г")],
        *[
            (name, "Europe/Moscow")
            for name in ("город Королев", "Королёв", "Короле\u0308в", "Ростов н/Д", "Н.Новгород")
        ],
        ("Н.Новгород", "Europe/Moscow"),
        *[(name, "Asia/Yekaterinburg") for name in ("Екб", "екат", "Россия, Башкортостан, г Уфа", "Н. Тагил")],
        *[(name, "Asia/Novosibirsk") for name in ("Нск", " новосибирск ", "Новосибирск (центр)")],
        *[(name, "Asia/Kamchatka") for name in ("Камчатка", "петропавловск\u2013камчатский")],
        *[(name, "Asia/Almaty") for name in ("Алма-Ата", "Нур-Султан")],
        ("Самарская обл., Тольятти", "Europe/Samara"),
        ("Южно\u2011Сахалинск", "Asia/Sakhalin"),
    ],
)
def test_a_city_is_known_by_its_usual_spellings(city, expected):
    assert zone(city=city) == expected


@pytest.mark.parametrize("city", ["", "Троицк", "Петропавловск", "другой", "г.", ",", "\x00", "я" * 100_000])
def test_a_city_that_is_not_known_or_not_clear_tells_nothing(city):
    assert zone(city=city) == FIRM.key
    assert zone(city=city, phone="+74951234567") == "Europe/Moscow"


def test_the_city_goes_before_the_number():
    assert zone(city="Омск", phone="+74951234567") == "Asia/Omsk"


@pytest.mark.parametrize(
    ("phone", "expected"),
    [
        ("+74012123456", "Europe/Kaliningrad"),
        ("+74951234567", "Europe/Moscow"),
        ("+79161234567", "Europe/Moscow"),
        ("+78452123456", "Europe/Saratov"),
        ("+78462123456", "Europe/Samara"),
        ("+73472123456", "Asia/Yekaterinburg"),
        ("+73812123456", "Asia/Omsk"),
        ("+73832123456", "Asia/Novosibirsk"),
        ("+73952123456", "Asia/Irkutsk"),
        ("+74232123456", "Asia/Vladivostok"),
        ("+74152123456", "Asia/Kamchatka"),
        ("+77011234567", "Asia/Almaty"),
        ("+77172123456", "Asia/Almaty"),
        ("+998901234567", "Asia/Tashkent"),
        ("+442079460958", "Europe/London"),
    ],
)
def test_a_number_with_one_zone_has_it(phone, expected):
    assert parse(phone).main == phone
    assert zone(phone=phone) == expected


@pytest.mark.parametrize(
    "phone",
    [
        *("+79370006027", "+79241234567", "+79991234567", "+78005553535", "+7", "+8001234567"),
        *("+61412345678", "+80012345679", "", None, "89161234567", "нет", "+", "\x00"),
    ],
)
def test_a_number_with_several_zones_or_none_leaves_the_firms(phone):
    assert zone(phone=phone) == FIRM.key


@pytest.mark.parametrize("month", [1, 7])
def test_codes_and_cities_agree_on_the_time(month):
    moment = datetime(2026, month, 1, tzinfo=UTC)
    for code, city in _cities_by_code().items():
        phone = f"+{code}".ljust(12 if code.startswith("7") else 13, "1")
        assert city_of(phone) == city
        of_city, of_phone = zone_for(city=city, firm=FIRM), zone_for(phone=phone, firm=FIRM)
        assert moment.astimezone(of_city).utcoffset() == moment.astimezone(of_phone).utcoffset(), (code, city)


def test_no_name_stands_in_two_zones():
    names = [_key(fold(name)) for cities in CITIES_BY_ZONE.values() for name in re.split(r"[,=|]", cities)]
    assert len(names) == len(set(names)) == len(_zones_by_city())
    assert "" not in names
    assert sum(text.count(",") + 1 for text in CITIES_BY_CODE.values()) == len(_cities_by_code())


@pytest.mark.parametrize(
    ("phone", "city"),
    [
        ("+74951234567", "Москва"),
        ("+78121234567", "Санкт-Петербург"),
        ("+78462123456", "Самара"),
        ("+74152123456", "Петропавловск-Камчатский"),
        ("+77172123456", "Астана"),
        ("+375172123456", "Минск"),
        ("+79161234567", ""),
        ("+78137823456", ""),
        ("+78005553535", ""),
        ("+442079460958", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_a_form_is_filled_with_the_city_of_a_landline(phone, city):
    assert city_of(phone) == city


@given(city=st.text(), phone=st.one_of(st.none(), st.text(), st.from_regex(r"\+[1-9]\d{7,14}", fullmatch=True)))
def test_nothing_breaks_it(city, phone):
    assert isinstance(zone_for(city=city, phone=phone, firm=FIRM), ZoneInfo)
    assert isinstance(city_of(phone), str)
