"""Task rules with their steps, and holidays, as files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from import_export.fields import Field

from contacts.models import Messenger
from crm.catalogue_files import CatalogueResource, labels_of
from crm.errors import Invalid
from tasks.actions import set_steps
from tasks.models import RuleStep, SpecialDay, TaskRule
from team.models import User

_DAY = ("date", "name", "working", "yearly")
_RULE = ("status", "kind", "on", "text", "pace", "active", "position")
SEPARATOR = ";"
# «entry», «entry +1wd at 10:00 by sms», «meeting -120m»: days or working days, the client's clock, minutes, messenger.
_STEP = re.compile(
    r"(?P<anchor>\w+)(?: (?P<days>[+-]\d{1,4})(?P<unit>d|wd))?(?: at (?P<hour>\d\d):(?P<minute>\d\d))?"
    r"(?: (?P<minutes>[+-]\d{1,6})m)?(?: by (?P<channel>\w{1,10}))?"
)


class SpecialDayResource(CatalogueResource):
    labels = labels_of(SpecialDay, _DAY)
    spellings = dict.fromkeys(_DAY, ())
    key = needed = ("date",)

    class Meta:
        model = SpecialDay
        import_id_fields = ("date",)
        fields = _DAY
        export_order = _DAY


class TaskRuleResource(CatalogueResource):
    """A row is a rule with all its steps in one cell; a cell that says something else replaces them."""

    labels = {**labels_of(TaskRule, _RULE), "steps": RuleStep._meta.verbose_name_plural}
    spellings = dict.fromkeys((*_RULE, "steps"), ())
    key = ("status", "kind", "on")
    needed = ("status",)
    steps = Field(column_name="steps")

    class Meta:
        model = TaskRule
        import_id_fields = ("status", "kind", "on")
        fields = (*_RULE, "steps")
        export_order = fields

    def get_queryset(self) -> Any:
        return super().get_queryset().prefetch_related("steps")

    def dehydrate_steps(self, rule: TaskRule) -> str:
        return f"{SEPARATOR} ".join(written(step) for step in rule.steps.all())

    def take(self, row: Mapping[str, Any], *, by: User) -> tuple[Any, bool]:
        rule, is_new = super().take(row, by=by)
        if rule is not None and "steps" in row:
            steps = [text.strip() for text in row["steps"].split(SEPARATOR) if text.strip()]
            if steps != [written(step) for step in rule.steps.all()]:
                set_steps(rule, [_read(text, rule, place) for place, text in enumerate(steps, start=1)])
        if rule is not None and rule.pace == TaskRule.Pace.CADENCE and not rule.steps.exists():
            raise Invalid({"steps": _("A cadence needs at least one step")})
        return rule, is_new


def written(step: RuleStep) -> str:
    """The step as a file says it."""
    return "".join(
        (
            step.anchor,
            f" {step.days:+}{'wd' if step.working_days else 'd'}" if step.days else "",
            f" at {step.at_time:%H:%M}" if step.at_time else "",
            f" {step.minutes:+}m" if step.minutes else "",
            f" by {step.channel}" if step.channel else "",
        )
    )


def _read(text: str, rule: TaskRule, position: int) -> RuleStep:
    """The step that a file says. Raises Invalid."""
    said = _STEP.fullmatch(text)
    wrong = Invalid({"steps": _("A step cannot be read: %(text)s") % {"text": text}})
    if said is None:
        raise wrong
    channel = said["channel"] or ""
    step = RuleStep(rule=rule, position=position, anchor=said["anchor"], channel=channel)
    step.days, step.working_days, step.minutes = int(said["days"] or 0), said["unit"] == "wd", int(said["minutes"] or 0)
    try:
        step.at_time = time(int(said["hour"]), int(said["minute"])) if said["hour"] else None
        step.full_clean()
    except (ValueError, ValidationError) as error:
        raise wrong from error
    if channel and not Messenger.objects.filter(code=channel).exists():
        raise wrong
    return step
