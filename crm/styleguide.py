"""The page that shows all pieces of the interface with invented content. For development only."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from crm import clock
from crm.templatetags import crm_format

STATUSES = [
    ("new", "Новый"),
    ("dialing", "Прозвон"),
    ("meeting", "Встреча назначена"),
    ("postponed", "Решение отложено"),
    ("visit", "Визит"),
    ("contract", "Договор"),
    ("contract_prepaid", "Договор с предоплатой"),
]
STAGES = [
    ("documents", "Сбор документов"),
    ("filed", "Отправлен в суд"),
    ("hearing_1", "Суд 1 состоялся"),
    ("procedure_completed", "Конкурсное производство завершено"),
    ("hearing_2", "Суд 2 состоялся"),
    ("ruling", "Решение/определение получено"),
]


class SampleForm(forms.Form):
    """One field of each kind; the sheet shows it with errors."""

    phone = forms.CharField(label="Телефон", help_text="Распознан как +7 937 000-60-27")
    source = forms.ChoiceField(
        label="Источник",
        choices=[("", "Выберите источник"), ("site", "Сайт")],
        error_messages={"required": "Без источника лид не сохранить"},
    )
    amount = forms.DecimalField(label="Стоимость, ₽", error_messages={"required": "Укажите стоимость, целые рубли"})
    on = forms.DateField(label="Дата", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.ChoiceField(
        label="Причина",
        choices=[("not_applied", "Заявку не оставлял"), ("other_city", "Другой город")],
        widget=forms.RadioSelect,
        required=False,
    )
    agreed = forms.BooleanField(label="Клиент согласен", required=False)
    comment = forms.CharField(label="Комментарий", required=False, widget=forms.Textarea(attrs={"rows": 2}))


def _steps(pairs: list[tuple[str, str]], present: int, **more: dict[str, str]) -> list[dict[str, str]]:
    """Steps of the chevrons with the one at `present` as the current; `more` adds keys to a step by its code."""
    return [
        {
            "code": code,
            "label": label,
            "state": "past" if place < present else "cur" if place == present else "",
            **more.get(code, {}),
        }
        for place, (code, label) in enumerate(pairs)
    ]


def _task(kind: str, title: str, due_at: datetime, **more: Any) -> SimpleNamespace:
    return SimpleNamespace(
        **{
            "kind": kind,
            "title": title,
            "due_at": due_at,
            "state": "open",
            "promised": False,
            "closed_at": None,
            **more,
        }
    )


def _entry(kind: str, title: str, at: datetime, author: str = "Марина Ковалёва", **more: Any) -> dict[str, Any]:
    return {"kind": kind, "title": title, "at": at, "author": author, **more}


def sample() -> dict[str, Any]:
    """The context of styleguide.html, around the present moment."""
    now = clock.now()
    hour, days = timedelta(hours=1), timedelta(days=1)
    sprite = (Path(settings.BASE_DIR) / "static/img/icons.svg").read_text()
    closed = {"reason": "Из «Прозвона» можно перейти во встречу, визит, отложенное решение и брак."}
    asks = {"href": "#"}
    lead_steps = {"new": closed, "contract": closed, "contract_prepaid": closed, "meeting": asks, "postponed": asks}
    return {
        "statuses": [*STATUSES, ("junk", "Брак")],
        "stages": STAGES,
        "lead_steps": _steps(STATUSES, 1, **lead_steps),
        "lead_end": {"label": "Брак…", "href": "#"},
        "junk_steps": _steps(STATUSES, -1, **{code: closed for code, _label in STATUSES if code != "dialing"}),
        "junk_end": {"label": "Брак: Другой город", "state": "cur"},
        "deal_steps": _steps(STAGES, 3),
        "tasks": [
            _task("contact_client", "Связаться с клиентом", now - 9 * timedelta(minutes=1)),
            _task("write_messenger", "Написать в WhatsApp", now + timedelta(minutes=1), promised=True),
            _task("confirm_meeting", "Подтвердить встречу", now + days),
            _task("send_address", "Отправить адрес", now - hour, state="done", closed_at=now - hour),
        ],
        "ladder": [
            {"n": 1, "state": "done", "title": "Не ответил", "when": "23.11, 16:04"},
            {"n": 2, "state": "done", "title": "Перезвонить", "when": "сегодня, 10:02"},
            {"n": 3, "state": "now", "title": "Сейчас", "when": "12:40"},
            {"n": 4, "state": "", "title": "+2 часа", "when": "14:40"},
            {"n": 5, "state": "", "title": "Завтра", "when": "10:00"},
        ],
        "gate": [
            {"label": "Касания", "done": 4, "need": 6},
            {"label": "Дней с первого касания", "done": 2, "need": 3},
        ],
        "entries": [
            _entry(
                "duplicate",
                "Повторная заявка → «Дубль»",
                now - hour,
                "",
                text="Лид № 10490 закрыт сам.",
                url="#",
                link="№ 10490",
            ),
            _entry("call_miss", "Не ответил", now - 2 * hour, tag="касание 4", text="Гудки до автоответчика."),
            _entry("call_ok", "Разговор", now - days, tag="касание 3", text="Просил набрать утром.", recording="#"),
            _entry(
                "message",
                "WhatsApp отправлен",
                now - days - hour,
                tag="касание 2",
                box="Добрый день! Когда удобно поговорить?",
            ),
            _entry("status", "Новый → Прозвон", now - 4 * days, ""),
            _entry("comment", "Комментарий", now - 4 * days - hour, text="Есть автомобиль 2014 года."),
            _entry("lead", "Лид поступил", now - 4 * days - 2 * hour, "", text="Сайт"),
        ],
        "form": SampleForm({"phone": "8 937 000 60 27"}),
        "person": SimpleNamespace(pk=6, name="Марина Ковалёва"),
        "facts": [("Источник", "Квиз"), ("Долг", crm_format.money(760000)), ("Кредиторов", "")],
        "points": [3, 5, 4, 8, 6, 9, 7, 12, 9, 11],
        "formats": [
            ("money", crm_format.money(870000)),
            ("money_short", f"{crm_format.money_short(870000)}, {crm_format.money_short(1240000)}"),
            ("percent", f"{crm_format.percent(0.41)}, {crm_format.percent(0.087)}"),
            ("day", crm_format.day(now)),
            ("moment", crm_format.moment(now)),
            ("due", crm_format.due(now + timedelta(minutes=48))),
            ("touches", ", ".join(crm_format.touches(count) for count in (1, 2, 5))),
        ],
        "icons": re.findall(r'id="i-(\w+)"', sprite),
    }


def styleguide(request: HttpRequest) -> HttpResponse:
    return render(request, "styleguide.html", sample())
