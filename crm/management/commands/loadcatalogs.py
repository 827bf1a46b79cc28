"""`manage.py loadcatalogs`: put in the shipped catalogues. Safe to repeat; never overwrites what was edited."""

from __future__ import annotations

from datetime import time
from typing import Any

from django.core.management.base import BaseCommand
from django.db import models, transaction

from deals.models import Stage
from leads.models import IntakePolicy, Office, TouchPolicy
from sources.lookup import UNKNOWN_NAME
from sources.models import UNKNOWN, Source, SourceAlias
from tasks.models import CallingHours, Kind, RuleStep, TaskRule

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

# code, Russian and English name, colour (the customer's list of deal statuses; `ux.md` 11)
STAGES = [
    ("documents", "Сбор документов", "Collecting documents", Stage.Colour.NEW),
    ("filed", "Отправлен в суд", "Filed with the court", Stage.Colour.CALLING),
    ("hearing_1", "Суд 1 состоялся", "Hearing 1 held", Stage.Colour.MEETING),
    (
        "procedure_completed",
        "Конкурсное производство завершено",
        "Insolvency procedure completed",
        Stage.Colour.VISIT,
    ),
    ("hearing_2", "Суд 2 состоялся", "Hearing 2 held", Stage.Colour.DEAL),
    ("ruling", "Решение/определение получено", "Ruling received", Stage.Colour.PREPAID),
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


class Command(BaseCommand):
    help = "Load the shipped sources, deal stages, offices, task rules and policies; what is there stays as it is."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        made = self._sources() + self._stages() + self._rules() + self._offices()
        for model in (TouchPolicy, IntakePolicy, CallingHours):
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
                    "final": position == len(STAGES),
                },
            )
            for position, (code, name, name_en, colour) in enumerate(STAGES, 1)
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

    def _offices(self) -> int:
        if Office.objects.exists():
            return 0
        return self._make(Office, {"code": "main"}, {"name": "Главный офис"})
