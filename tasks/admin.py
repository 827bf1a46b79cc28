"""Task rules, calling hours and days in the admin; tasks are set and closed by the verbs, and only looked at."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from django.utils.dates import WEEKDAYS
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from contacts.models import Messenger
from crm.admin import CleanForm, OneRowAdmin, PageAdmin, ReadOnlyAdmin
from crm.resources import FilesAdmin
from tasks.models import CallingHours, EscalationPolicy, RuleStep, SpecialDay, Task, TaskRule
from tasks.resources import SpecialDayResource, TaskRuleResource
from tasks.step_words import in_words, out_of_order


class StepForm(CleanForm):
    class Meta:
        model = RuleStep
        fields = ("position", "anchor", "days", "working_days", "at_time", "minutes", "channel")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        active = [(row.code, row.name) for row in Messenger.objects.filter(active=True)]
        present = self.instance.channel
        if present and present not in dict(active):  # switched off since: it stays what the step says
            active.append((present, present))
        self.fields["channel"] = forms.ChoiceField(
            label=self.fields["channel"].label,
            choices=[("", gettext("the usual one")), *active],
            required=False,
            help_text=self.fields["channel"].help_text,
        )


class StepFormSet(forms.BaseInlineFormSet):
    """The steps of a rule together: a cadence has at least one, and each has a place of its own."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        kept = [form for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        if not kept and self.instance.pace == TaskRule.Pace.CADENCE:
            raise ValidationError(gettext("A cadence needs at least one step"))


class StepInline(admin.TabularInline):
    model = RuleStep
    form = StepForm
    formset = StepFormSet
    extra = 0
    ordering = ("position", "pk")
    fields = ("position", "anchor", "days", "working_days", "at_time", "minutes", "channel", "meaning")
    readonly_fields = ("meaning",)

    @admin.display(description=_("In words"))
    def meaning(self, step: RuleStep) -> str:
        """What the step as it is stored will do."""
        return in_words(step.as_step()) if step.pk else "—"


@admin.register(TaskRule)
class TaskRuleAdmin(FilesAdmin, PageAdmin):
    resource_classes = (TaskRuleResource,)
    import_kind = "rules"
    list_display = ("status_label", "kind", "on", "pace", "steps_in_words", "active", "position")
    list_editable = ("active", "position")
    list_filter = ("active", "kind")
    fields = ("status", "kind", "text", "on", "pace", "active", "position")
    inlines = (StepInline,)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[TaskRule]:
        return super().get_queryset(request).prefetch_related("steps")

    @admin.display(description=_("Steps"))
    def steps_in_words(self, rule: TaskRule) -> str:
        return " · ".join(in_words(step.as_step()) for step in rule.steps.all())

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        """Say, without refusing, what is odd about the steps as they now are."""
        super().save_related(request, form, formsets, change)
        rule = form.instance
        steps = [step.as_step() for step in rule.steps.order_by("position", "pk")]
        if not steps:
            messages.warning(request, gettext("The rule has no steps: it sets no tasks."))
        place = out_of_order(steps) if rule.pace == TaskRule.Pace.CADENCE else None
        if place is not None:
            said = gettext("Step %(late)s comes before step %(early)s in time. Steps follow each other by their order.")
            messages.warning(request, said % {"late": place + 1, "early": place})

    @admin.display(description=TaskRule._meta.get_field("status").verbose_name, ordering="status")
    def status_label(self, rule: TaskRule) -> str:
        return str(dict(_statuses()).get(rule.status, rule.status))

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "status":
            return forms.ChoiceField(label=db_field.verbose_name, choices=_statuses)
        return super().formfield_for_dbfield(db_field, request, **kwargs)


def _statuses() -> list[tuple[str, Any]]:
    """The statuses that a rule may be for. They are the lead's, which belongs to an app above this one."""
    lead = Task._meta.get_field("lead").related_model
    return list(lead._meta.get_field("status").choices)


class Weekdays(forms.MultipleChoiceField):
    """Days of the week as boxes; the value is their ISO numbers in one word, "12345"."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            choices=lambda: [(str(number + 1), capfirst(name)) for number, name in WEEKDAYS.items()], **kwargs
        )

    def prepare_value(self, value: Any) -> Any:
        return list(value) if isinstance(value, str) else value

    def clean(self, value: Any) -> str:
        return "".join(sorted(super().clean(value)))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(list(initial or ""), data)


class HoursForm(CleanForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("calling_days", "working_days"):
            old = self.fields[name]
            self.fields[name] = Weekdays(label=old.label, help_text=old.help_text)

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if given.get("start") and given.get("end") and given["start"] >= given["end"]:
            raise ValidationError({"end": gettext("The hours end after they begin")})
        return given


@admin.register(CallingHours)
class CallingHoursAdmin(OneRowAdmin):
    form = HoursForm
    fields = ("start", "end", "calling_days", "working_days")


class SpecialDayForm(CleanForm):
    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if given.get("working") and given.get("yearly"):
            raise ValidationError({"yearly": gettext("A day off that was moved is moved in one year only")})
        return given


@admin.register(SpecialDay)
class SpecialDayAdmin(FilesAdmin, PageAdmin):
    """Holidays, and days on which people work in spite of their weekday."""

    resource_classes = (SpecialDayResource,)
    import_kind = "days"
    form = SpecialDayForm
    list_display = ("date", "weekday", "name", "working", "yearly")
    list_filter = ("working", "yearly")
    search_fields = ("name",)
    date_hierarchy = "date"
    fields = ("date", "name", "working", "yearly")

    @admin.display(description=_("weekday"))
    def weekday(self, day: SpecialDay) -> str:
        """Of a day of every year it is another one each year."""
        return gettext("every year") if day.yearly else str(WEEKDAYS[day.date.weekday()])


@admin.register(EscalationPolicy)
class EscalationPolicyAdmin(OneRowAdmin):
    fieldsets = (
        (None, {"fields": ("overdue_minutes", "first_call_minutes")}),
        (_("E-mail to managers"), {"fields": ("digest", "digest_at")}),
    )


@admin.register(Task)
class TaskAdmin(ReadOnlyAdmin):
    list_display = ("title", "due_at", "state", "assignee", "lead_id", "deal_id", "automatic")
    list_select_related = ("assignee",)
    list_filter = ("state", "kind", "automatic")
    search_fields = ("=lead__id", "=deal__id")
