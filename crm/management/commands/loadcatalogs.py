"""`manage.py loadcatalogs`: put in the shipped catalogues. Safe to repeat; never overwrites what was edited."""

from __future__ import annotations

from datetime import date, time
from typing import Any

from django.core.management.base import BaseCommand
from django.db import models, transaction

from contacts.models import MessageTemplate, Messenger
from crm.singletons import Singleton
from deals.models import DocumentKind, Stage
from deals.shipped import DOCUMENTS, REMINDER
from leads.models import CallScript, DayPlan, DistributionPolicy, IntakePolicy, Office, TouchPolicy
from sources.lookup import UNKNOWN_NAME
from sources.models import UNKNOWN, Source, SourceAlias
from tasks.models import CallingHours, EscalationPolicy, Kind, RuleStep, SpecialDay, TaskRule
from team.models import ShiftPolicy

# code, name, channel, aliases (`domain.md`, Source)
SOURCES = [
    ("site", "Сайт", "web", []),
    ("yandex_direct", "Яндекс.Директ", "context", ["yandex"]),
    ("vk_ads", "VK Реклама", "social", ["vk"]),
    ("quiz", "Квиз", "web", []),
    ("call", "Входящий звонок", "call", []),
    ("referral", "Рекомендация", "referral", []),
    ("partner", "Партнёр", "partner", []),
    (UNKNOWN, UNKNOWN_NAME, "", []),
]

# code, Russian and English name, colour, what goes with it (the customer's list of deal statuses; `ux.md` 6.7, 11)
STAGES: list[tuple[str, str, str, str, str]] = [
    ("documents", "Сбор документов", "Collecting documents", Stage.Colour.NEW, ""),
    ("filed", "Отправлен в суд", "Filed with the court", Stage.Colour.CALLING, Stage.Asks.FILING),
    ("hearing_1", "Суд 1 состоялся", "Hearing 1 held", Stage.Colour.MEETING, Stage.Asks.HEARING_1),
    (
        "procedure_completed",
        "Конкурсное производство завершено",
        "Insolvency procedure completed",
        Stage.Colour.VISIT,
        Stage.Asks.PROCEDURE,
    ),
    ("hearing_2", "Суд 2 состоялся", "Hearing 2 held", Stage.Colour.DEAL, Stage.Asks.HEARING_2),
    ("ruling", "Решение/определение получено", "Ruling received", Stage.Colour.PREPAID, Stage.Asks.DECISION),
]

# "+0, +2 h, +1 day morning, +1 day evening, +2 days, +3 days" (`domain.md`, Tasks)
CADENCE: list[dict[str, Any]] = [
    {},
    {"minutes": 120},
    {"days": 1, "at_time": time(10)},
    {"days": 1, "at_time": time(18)},
    {"days": 2},
    {"days": 3},
]
COLLECT: dict[str, Any] = {"days": 3, "working_days": True}
DEAL = TaskRule.On.DEAL
STEP_BY_STEP = TaskRule.Pace.CADENCE
POLICIES: tuple[type[Singleton], ...] = (
    TouchPolicy,
    IntakePolicy,
    DistributionPolicy,
    DayPlan,
    CallingHours,
    EscalationPolicy,
    ShiftPolicy,
)

# status, kind, where, pace, steps (the customer's last page; `domain.md`, Tasks)
RULES: list[tuple[str, str, str, str, list[dict[str, Any]]]] = [
    ("new", Kind.CONTACT_CLIENT, TaskRule.On.LEAD, TaskRule.Pace.AT_ONCE, [{}]),
    ("dialing", Kind.CONTACT_CLIENT, TaskRule.On.LEAD, STEP_BY_STEP, CADENCE),
    ("dialing", Kind.WRITE_MESSENGER, TaskRule.On.LEAD, STEP_BY_STEP, CADENCE),
    ("meeting", Kind.SEND_ADDRESS, TaskRule.On.LEAD, TaskRule.Pace.AT_ONCE, [{}]),
    (
        "meeting",
        Kind.CONFIRM_MEETING,
        TaskRule.On.LEAD,
        TaskRule.Pace.AT_ONCE,
        [{"anchor": "meeting", "days": -1, "at_time": time(17)}, {"anchor": "meeting", "minutes": -120}],
    ),
    ("postponed", Kind.CONTACT_CLIENT, TaskRule.On.LEAD, TaskRule.Pace.AT_ONCE, [{"anchor": "callback"}]),
    ("visit", Kind.UPDATE_NEED, TaskRule.On.LEAD, TaskRule.Pace.AT_ONCE, [{"days": 1, "working_days": True}]),
    ("contract", Kind.COLLECT_DOCUMENTS, DEAL, TaskRule.Pace.AT_ONCE, [COLLECT]),
    ("contract_prepaid", Kind.COLLECT_DOCUMENTS, DEAL, TaskRule.Pace.AT_ONCE, [COLLECT]),
]

# Days off of every year by article 112 of the Labour Code; which of them are moved the government says year by year.
HOLIDAYS = [
    *((date(2026, 1, day), "Новогодние каникулы") for day in (1, 2, 3, 4, 5, 6, 8)),
    (date(2026, 1, 7), "Рождество Христово"),
    (date(2026, 2, 23), "День защитника Отечества"),
    (date(2026, 3, 8), "Международный женский день"),
    (date(2026, 5, 1), "Праздник Весны и Труда"),
    (date(2026, 5, 9), "День Победы"),
    (date(2026, 6, 12), "День России"),
    (date(2026, 11, 4), "День народного единства"),
]

# code, name, link (`domain.md`, Touch: WhatsApp first, then Telegram, MAX, SMS). MAX opens no chat by a number.
MESSENGERS = [
    ("whatsapp", "WhatsApp", "https://wa.me/{digits}?text={text}"),
    ("telegram", "Telegram", "https://t.me/{phone}?text={text}"),
    ("max", "MAX", "https://max.ru/"),
    ("sms", "SMS", "sms:{phone}?body={text}"),
]

# name, status, the kind of task at which it is chosen, text; they are read by clients
TEMPLATES = [
    (
        "Новая заявка",
        "new",
        "",
        "{name}, здравствуйте. Меня зовут {operator}. Вы оставляли заявку на консультацию по банкротству. "
        "Когда вам удобно поговорить?",
    ),
    (
        "Не дозвонились",
        "dialing",
        Kind.WRITE_MESSENGER,
        "{name}, здравствуйте. Меня зовут {operator}. Вы оставляли заявку на консультацию по банкротству, "
        "но дозвониться до вас не получилось. Напишите, пожалуйста, когда вам удобно поговорить.",
    ),
    (
        "Адрес офиса",
        "meeting",
        Kind.SEND_ADDRESS,
        "{name}, ждём вас {meeting}. Адрес: {address}. Возьмите с собой, пожалуйста, паспорт и кредитные договоры. "
        "Если планы изменятся, напишите мне. {operator}",
    ),
    (
        "Напоминание о встрече",
        "meeting",
        Kind.CONFIRM_MEETING,
        "{name}, здравствуйте. Напоминаем о встрече {meeting}. Адрес: {address}. "
        "Ответьте, пожалуйста, получится ли у вас прийти.",
    ),
    (
        "Решение отложено",
        "postponed",
        "",
        "{name}, здравствуйте. Меня зовут {operator}. Если появятся вопросы о банкротстве до нашего звонка, "
        "напишите сюда, я отвечу.",
    ),
    (
        "После консультации",
        "visit",
        Kind.UPDATE_NEED,
        "{name}, спасибо, что пришли на консультацию. Если остались вопросы, напишите, когда вам удобно поговорить. "
        "{operator}",
    ),
    ("Не хватает документов", "", Kind.COLLECT_DOCUMENTS, REMINDER),
]

# status, what to say first, then and at the end; an operator has them before their eyes while talking
SCRIPTS = [
    (
        "new",
        "Здравствуйте, меня зовут… Вы оставляли заявку на консультацию по банкротству. Удобно говорить?",
        "Узнать: сумма долга и кому, давно ли просрочка, имущество, официальный доход, город",
        "Приглашаю на бесплатную консультацию. Завтра в 11:30 или в 15:00?",
    ),
    (
        "dialing",
        "Здравствуйте, меня зовут… Звоню по вашей заявке о банкротстве, раньше не дозвонились. Удобно говорить?",
        "Узнать: сумма долга и кому, давно ли просрочка, имущество, официальный доход, город",
        "Приглашаю на бесплатную консультацию. Завтра в 11:30 или в 15:00? Неудобно — договориться о часе звонка",
    ),
    (
        "meeting",
        "Здравствуйте, это… Вы записаны на консультацию. Получится прийти?",
        "Напомнить адрес, как пройти, взять паспорт и кредитные договоры",
        "Ждём вас. Не получается — сразу предложить другое время",
    ),
    (
        "postponed",
        "Здравствуйте, это… Мы договаривались, что я позвоню сегодня. Удобно говорить?",
        "Узнать, что изменилось: звонки банков, приставы, суд, доход; что мешает решить",
        "Давайте разберём вашу ситуацию с юристом. Завтра в 11:30 или в 15:00?",
    ),
    (
        "visit",
        "Здравствуйте, это… Вы были у нас на консультации. Какие вопросы остались?",
        "Выяснить, что решили дома: цена, сроки, имущество, кто ещё принимает решение",
        "Предложить подписать договор или вторую встречу с юристом и назвать день",
    ),
]


class Command(BaseCommand):
    help = "Load the shipped catalogues, task rules and policies; what is there stays as it is."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        made = self._sources() + self._stages() + self._rules() + self._offices()
        made += self._holidays() + self._messengers() + self._scripts() + self._documents()
        for model in POLICIES:
            made += self._make(model, {"pk": 1}, {})
        if options["verbosity"]:
            self.stdout.write(f"Catalogues: {made} rows added.")

    def _make(self, model: type[models.Model], key: dict[str, Any], rest: dict[str, Any]) -> bool:
        return model._default_manager.get_or_create(**key, defaults=rest)[1]

    def _sources(self) -> int:
        made = 0
        for position, (code, name, channel, aliases) in enumerate(SOURCES, 1):
            source, new = Source.objects.get_or_create(
                code=code, defaults={"name": name, "channel": channel, "position": position * 10}
            )
            made += new
            if new:  # an alias that was taken away by hand does not come back
                for value in aliases:
                    SourceAlias.objects.create(source=source, value=value)
        return made

    def _stages(self) -> int:
        return sum(
            self._make(
                Stage,
                {"code": code},
                {
                    "name": name,
                    "name_en": name_en,
                    "position": position * 10,
                    "color": colour,
                    "asks": asks,
                    "final": position == len(STAGES),
                },
            )
            for position, (code, name, name_en, colour, asks) in enumerate(STAGES, 1)
        )

    def _rules(self) -> int:
        made = 0
        for position, (status, kind, on, pace, steps) in enumerate(RULES, 1):
            rule, new = TaskRule.objects.get_or_create(
                status=status, kind=kind, on=on, defaults={"pace": pace, "position": position * 10}
            )
            made += new
            if new:
                RuleStep.objects.bulk_create(
                    RuleStep(rule=rule, position=number, **step) for number, step in enumerate(steps, 1)
                )
        return made

    def _documents(self) -> int:
        if DocumentKind.objects.exists():
            return 0  # a document that was taken away by hand does not come back
        kinds = [
            DocumentKind(name=name, name_en=name_en, required=required, position=position * 10)
            for position, (name, name_en, required) in enumerate(DOCUMENTS, 1)
        ]
        return len(DocumentKind.objects.bulk_create(kinds))

    def _holidays(self) -> int:
        if SpecialDay.objects.exists():
            return 0  # a day that was taken away by hand does not come back
        days = [SpecialDay(date=day, name=name, yearly=True) for day, name in HOLIDAYS]
        return len(SpecialDay.objects.bulk_create(days))

    def _messengers(self) -> int:
        made = sum(
            self._make(Messenger, {"code": code}, {"name": name, "link": link, "position": position * 10})
            for position, (code, name, link) in enumerate(MESSENGERS, 1)
        )
        if not MessageTemplate.objects.exists():
            texts = [
                MessageTemplate(name=name, status=status, task_kind=kind, text=text, position=position * 10)
                for position, (name, status, kind, text) in enumerate(TEMPLATES, 1)
            ]
            made += len(MessageTemplate.objects.bulk_create(texts))
        return made

    def _scripts(self) -> int:
        if CallScript.objects.exists():
            return 0  # a script that was taken away by hand does not come back
        rows = [CallScript(status=status, step_1=a, step_2=b, step_3=c) for status, a, b, c in SCRIPTS]
        return len(CallScript.objects.bulk_create(rows))

    def _offices(self) -> int:
        if Office.objects.exists():
            return 0
        return self._make(Office, {"code": "main"}, {"name": "Главный офис"})
