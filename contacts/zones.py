"""Where a client is, as far as the city given or the number tells it: the time zone and, for forms, the city.

The facts are in `contacts.cities`; `phonenumbers` knows the zones of numbers abroad. Its geocoder is left aside: for
Russian numbers it has regions, no cities, and it takes 95 MB of memory in each process.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from phonenumbers import timezone as number_zones
from phonenumbers.tzdata import TIMEZONE_DATA

from contacts.cities import CITIES_BY_CODE, CITIES_BY_ZONE
from crm.text import fold

MOSCOW_MOBILE_CODES = frozenset({"910", "915", "916", "925", "926", "977", "985"})
"""Mobile codes given out in Moscow and central Russia only. Others are used in several zones, so they tell nothing."""

# Where the library's zone has another offset than the place: Kaliningrad keeps no summer time, Saratov is at +4.
_CORRECTED = {"740": "Europe/Kaliningrad", "7845": "Europe/Saratov"}
_ONE_ZONE_OF_KAZAKHSTAN = "Asia/Almaty"

_LONGEST_CITY = 200
_NOT_THE_NAME = re.compile(r"^(?:г|гор|город|city)[. ]\s*|\s+(?:г|город)\.?$")


def zone_for(*, city: str = "", phone: str | None = None, firm: ZoneInfo) -> ZoneInfo:
    """The client's time zone: the given city's, else the number's (E.164) if it has exactly one, else the firm's.

    The order is that of `domain.md`, "`no_answer` must be earned". A city that is not in the catalogue is as none.
    """
    return _zone_of_city(city[:_LONGEST_CITY]) or (_zone_of_number(phone) if phone else None) or firm


@cache
def zone_names() -> frozenset[str]:
    """The names of all zones that `zone_for` may answer, the firm's aside."""
    of_numbers = {name for names in TIMEZONE_DATA.values() for name in names} - {number_zones.UNKNOWN_TIMEZONE}
    return frozenset({*of_numbers, *CITIES_BY_ZONE, *_CORRECTED.values(), _ONE_ZONE_OF_KAZAKHSTAN})


def city_of(phone: str | None) -> str:
    """The city a landline number (E.164) belongs to, in Russian; empty for mobile numbers, regions and other countries.

    A guess to fill a form with: people move and take their numbers along.
    """
    digits = (phone or "").removeprefix("+")
    codes = _cities_by_code()
    return next((codes[digits[:length]] for length in range(7, 3, -1) if digits[:length] in codes), "")


@lru_cache(maxsize=4096)
def _zone_of_city(city: str) -> ZoneInfo | None:
    """The zone of «г. Самара», «СПБ», «Самарская обл., Тольятти»; None for what is not in the catalogue."""
    whole = fold(city)
    zones = _zones_by_city()
    for name in [whole, *re.split(r"[,;()]", whole)]:
        if zone := zones.get(_key(name)):
            return zone
    return None


def _key(name: str) -> str:
    """A folded name without «г.», dashes, dots and blanks: «Ростов на Дону» is «Ростов-на-Дону»."""
    return re.sub(r"[\W_]+", "", _NOT_THE_NAME.sub("", name.strip()))


@cache
def _zones_by_city() -> dict[str, ZoneInfo]:
    zones = {}
    for key, cities in CITIES_BY_ZONE.items():
        zone = ZoneInfo(key)
        for name in re.split(r"[,=|]", cities):
            zones[_key(fold(name))] = zone
    return zones


@cache
def _cities_by_code() -> dict[str, str]:
    cities = {}
    for country, text in CITIES_BY_CODE.items():
        for entry in text.split(","):
            code, city = entry.split(maxsplit=1)
            cities[country + code] = city.strip()
    return cities


def _zone_of_number(phone: str) -> ZoneInfo | None:
    """The one zone of a number; None if it has several or none that is known."""
    try:
        number = phonenumbers.parse(phone, None)
    except phonenumbers.NumberParseException:
        return None
    if number.country_code == 7:
        return _zone_of_plus_7(phonenumbers.national_significant_number(number), number)
    return _only(number_zones.time_zones_for_number(number))


def _zone_of_plus_7(national: str, number: phonenumbers.PhoneNumber) -> ZoneInfo | None:
    if national[:1] in ("6", "7"):
        return _only((_ONE_ZONE_OF_KAZAKHSTAN,))
    if national[:1] == "9":
        return _only(("Europe/Moscow",)) if national[:3] in MOSCOW_MOBILE_CODES else None
    if national[:2] == "80":
        return None
    for code, key in _CORRECTED.items():
        if f"7{national}".startswith(code):
            return _only((key,))
    return _only(number_zones.time_zones_for_geographical_number(number))


def _only(keys: tuple[str, ...]) -> ZoneInfo | None:
    if len(keys) != 1 or keys[0] == number_zones.UNKNOWN_TIMEZONE:
        return None
    try:
        return ZoneInfo(keys[0])
    except ZoneInfoNotFoundError:
        return None
