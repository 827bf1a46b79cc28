"""A made export of Bitrix24's leads: its headings, its words, several phones in a cell, the newest lead first."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.leads.table_files import csv_text

HEADINGS = [
    *("ID", "Стадия", "Дополнительно о стадии", "Название лида", "Имя", "Отчество", "Фамилия", "Рабочий телефон"),
    *("Мобильный телефон", "Рабочий e-mail", "Источник", "Дополнительно об источнике", "Ответственный", "Сумма"),
    *("Валюта", "Комментарий", "Дата создания", "Дата изменения"),
]
# What stands in the export -> what it is here.
STAGES = {
    "Не обработан": ("new", ""),
    "Прозвон": ("dialing", ""),
    "В работе": ("dialing", ""),
    "Встреча назначена": ("meeting", ""),
    "Решение отложено": ("postponed", ""),
    "Визит": ("visit", ""),
    "Договор": ("contract", ""),
    "Договор с предоплатой": ("contract_prepaid", ""),
    "Брак: Недозвон": ("junk", "no_answer"),
    "Некачественный лид": ("junk", "other_city"),
    "Дубль": ("junk", "duplicate"),
}
WHY = {"Некачественный лид": "Другой город"}
SOURCES = {
    "Яндекс.Директ": "yandex_direct",
    "Сайт": "site",
    "Квиз": "quiz",
    "Входящий звонок": "call",
    "Радио": "unknown",
}


@dataclass
class Former:
    """A lead of the export and what has to become of it."""

    number: int
    stage: str
    phones: list[str]
    source: str
    owner: str
    created: datetime
    changed: datetime
    cells: list[str] = field(default_factory=list)


def made(count: int, owners: list[str], *, until: datetime, seed: int = 7) -> list[Former]:
    """`count` leads of two years; every tenth is a duplicate of an earlier one, whose number it carries."""
    dice = random.Random(seed)
    leads: list[Former] = []
    for number in range(1, count + 1):
        stage = dice.choice([name for name in STAGES if name != "Дубль"])
        phone = f"8 (916) {2_000_000 + number * 7}"
        if number % 10 == 0:
            stage, phone = "Дубль", leads[number - 6].phones[0]
        created = until - timedelta(days=730) + timedelta(hours=number * 17_000 / count, minutes=number % 60)
        changed = min(until, created + timedelta(days=dice.randrange(20), hours=1))
        phones = [phone, *([f"+7495{1_000_000 + number}"] if number % 4 == 0 else [])]
        leads.append(
            Former(number + 5000, stage, phones, dice.choice(list(SOURCES)), dice.choice(owners), created, changed)
        )
    for lead in leads:
        second = "8 (495) 123-45-67" if lead.number % 9 == 0 else ""
        lead.cells = [
            *(str(lead.number), lead.stage, WHY.get(lead.stage, ""), f"Заявка № {lead.number}", "Пётр", "Ильич"),
            *(f"Иванов-{lead.number}", ", ".join(lead.phones), second, "", lead.source, "баннер; слева", lead.owner),
            *("120000.00" if STAGES[lead.stage][0].startswith("contract") else "", "RUB", "Звонил;\nсказал «подумаю»"),
            *(f"{lead.created:%d.%m.%Y %H:%M:%S}", f"{lead.changed:%d.%m.%Y %H:%M:%S}"),
        ]
    return leads


def exported(leads: list[Former], encoding: str = "utf-8-sig") -> bytes:
    """The file, the newest lead first, as the portal writes it."""
    return csv_text([HEADINGS, *(lead.cells for lead in reversed(leads))]).encode(encoding)
