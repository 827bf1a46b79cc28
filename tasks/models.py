"""What is to be done by when, and the rules by which tasks set themselves (the customer's last page)."""

from __future__ import annotations

from datetime import datetime, time

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q, Subquery
from django.utils.translation import gettext_lazy as _

from crm import clock
from crm.singletons import Singleton
from tasks.cadence import Anchor, Step
from tasks.worktime import Days, Hours
from team.models import User
from team.roles import Right, may

WEEKDAYS = RegexValidator(r"^(?!.*(.).*\1)[1-7]+\Z", _("Numbers of weekdays, Monday 1 to Sunday 7, each once."))


class Kind(models.TextChoices):
    CONTACT_CLIENT = "contact_client", _("Contact the client")
    WRITE_MESSENGER = "write_messenger", _("Message on WhatsApp")
    SEND_ADDRESS = "send_address", _("Send the address")
    CONFIRM_MEETING = "confirm_meeting", _("Confirm the meeting")
    UPDATE_NEED = "update_need", _("Check the need again")
    COLLECT_DOCUMENTS = "collect_documents", _("Collect documents")
    MANUAL = "manual", _("Task")


# What «Написать» is called when its step names the messenger; a channel of the catalogue's own keeps the usual name.
WRITE_BY = {
    "whatsapp": Kind.WRITE_MESSENGER.label,
    "telegram": _("Message on Telegram"),
    "max": _("Message on MAX"),
    "sms": _("Send an SMS"),
    "email": _("Write an e-mail"),
}


class CallingHours(Singleton):
    """The hours and days of the client's in which anything may be due. One row, edited in the admin.

    Weekdays are ISO numbers, Monday 1 to Sunday 7, in one word such as "12345".
    """

    start = models.TimeField(_("from"), default=time(9))
    end = models.TimeField(_("until"), default=time(20))
    calling_days = models.CharField(
        _("calling days"),
        max_length=7,
        default="1234567",
        validators=[WEEKDAYS],
        help_text=_("When clients are called."),
    )
    working_days = models.CharField(
        _("working days"),
        max_length=7,
        default="12345",
        validators=[WEEKDAYS],
        help_text=_("What “working days” in the steps of task rules means."),
    )

    class Meta:
        verbose_name = _("calling hours")
        verbose_name_plural = _("calling hours")
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="calling_hours_is_one_row"),
            models.CheckConstraint(condition=Q(start__lt=F("end")), name="calling_hours_start_before_end"),
            models.CheckConstraint(
                condition=~Q(calling_days="") & ~Q(working_days=""), name="calling_hours_have_some_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.start:%H:%M}–{self.end:%H:%M}"

    @classmethod
    def read(cls) -> Hours:
        """The hours and days in force. One query, or two while no day is special."""
        row = cls.objects.filter(pk=1)
        names = ("start", "end", "calling_days", "working_days")
        special = list(SpecialDay.objects.annotate(**{f"hours_{name}": Subquery(row.values(name)) for name in names}))
        if not special:
            return cls.current()._with([])
        given = {name: getattr(special[0], f"hours_{name}") for name in names}
        return cls(**{name: value for name, value in given.items() if value is not None})._with(special)

    def as_hours(self) -> Hours:
        """These hours with the days off of the catalogue. One query."""
        return self._with(list(SpecialDay.objects.all()))

    def _with(self, special: list[SpecialDay]) -> Hours:
        return Hours(self.start, self.end, self._days(special))

    def _days(self, special: list[SpecialDay]) -> Days:
        off = [day.date for day in special if not day.working and not day.yearly]
        yearly = [(day.date.month, day.date.day) for day in special if not day.working and day.yearly]
        return Days(
            calling=frozenset(int(number) for number in self.calling_days),
            working=frozenset(int(number) for number in self.working_days),
            off=frozenset(off),
            off_yearly=frozenset(yearly),
            extra=frozenset(day.date for day in special if day.working),
        )


class SpecialDay(models.Model):
    """A holiday, on which nothing is due and nobody works, or a working day in spite of its weekday."""

    date = models.DateField(_("date"), unique=True)
    name = models.CharField(_("name"), max_length=100)
    working = models.BooleanField(_("working day"), default=False, help_text=_("A day off that was moved."))
    yearly = models.BooleanField(
        _("every year"), default=False, help_text=_("On this day and month, whatever the year.")
    )

    class Meta:
        verbose_name = _("holiday or working day")
        verbose_name_plural = _("holidays and working days")
        ordering = ["date"]
        constraints = [
            models.CheckConstraint(condition=~Q(working=True, yearly=True), name="moved_day_off_is_of_one_year"),
        ]

    def __str__(self) -> str:
        return f"{self.date:%d.%m.%Y} {self.name}"


class EscalationPolicy(Singleton):
    """When managers hear that something is late. One row, edited in the admin."""

    overdue_minutes = models.PositiveIntegerField(_("minutes after which an overdue task is told of"), default=60)
    first_call_minutes = models.PositiveIntegerField(
        _("minutes of calling hours after which a new lead nobody has called is told of"), default=15
    )
    digest = models.BooleanField(_("daily e-mail to managers"), default=True)
    digest_at = models.TimeField(_("sent at, the firm's time"), default=time(9))

    class Meta:
        verbose_name = _("escalation")
        verbose_name_plural = _("escalation")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="escalation_is_one_row")]

    def __str__(self) -> str:
        return str(_("Escalation"))


class TaskRule(models.Model):
    """A status (of a lead) and the kind of task that it sets. The steps say when."""

    class On(models.TextChoices):
        LEAD = "lead", _("on the lead")
        DEAL = "deal", _("on the deal")

    class Pace(models.TextChoices):
        AT_ONCE = "at_once", _("all steps at once")
        CADENCE = "cadence", _("the next step when the one before is done")

    status = models.CharField(_("status"), max_length=20)
    kind = models.CharField(_("kind of task"), max_length=20, choices=Kind)
    text = models.CharField(
        _("text"), max_length=200, blank=True, help_text=_("Empty: the name of the kind, in the reader's language.")
    )
    on = models.CharField(_("where"), max_length=4, choices=On, default=On.LEAD)
    pace = models.CharField(_("pace"), max_length=8, choices=Pace, default=Pace.AT_ONCE)
    active = models.BooleanField(_("active"), default=True)
    position = models.PositiveSmallIntegerField(_("order"), default=100)

    class Meta:
        verbose_name = _("task rule")
        verbose_name_plural = _("task rules")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["status", "kind", "on"], name="one_rule_per_status_and_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.status}: {self.get_kind_display()}"


class RuleStep(models.Model):
    """One step of a rule: so long after (or before) a moment of the lead, on the client's clock."""

    class AnchorChoice(models.TextChoices):
        ENTRY = Anchor.ENTRY.value, _("coming into the status")
        MEETING = Anchor.MEETING.value, _("the meeting")
        CALLBACK = Anchor.CALLBACK.value, _("the promised call")

    rule = models.ForeignKey(TaskRule, on_delete=models.CASCADE, related_name="steps", verbose_name=_("rule"))
    position = models.PositiveSmallIntegerField(_("order"))
    anchor = models.CharField(_("counted from"), max_length=8, choices=AnchorChoice, default=AnchorChoice.ENTRY)
    days = models.SmallIntegerField(_("days"), default=0, help_text=_("Negative: before."))
    working_days = models.BooleanField(_("working days"), default=False)
    at_time = models.TimeField(_("at, client's time"), null=True, blank=True)
    minutes = models.IntegerField(_("and minutes"), default=0, help_text=_("Negative: before."))
    channel = models.CharField(
        _("by"), max_length=10, blank=True, help_text=_("A messenger for this step. Empty: the usual one of the kind.")
    )

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["rule", "position"], name="one_step_per_position")]

    def __str__(self) -> str:
        return f"{self.anchor} {self.days:+}d {self.minutes:+}m"

    def clean(self) -> None:
        if self.working_days and self.days < 0:
            raise ValidationError({"days": _("Working days are counted forwards only.")})

    def as_step(self) -> Step:
        return Step(Anchor(self.anchor), self.days, self.working_days, self.at_time, self.minutes, self.channel)


class TaskQuerySet(models.QuerySet["Task"]):
    def open(self) -> TaskQuerySet:
        return self.filter(state=Task.State.OPEN)

    def overdue(self, at: datetime) -> TaskQuerySet:
        return self.open().filter(due_at__lt=at)

    def visible_to(self, user: User | None) -> TaskQuerySet:
        """All, or an operator's own and those of the leads they see, or those of a lawyer's deals."""
        if may(user, Right.SEE_ALL):
            return self
        assert user is not None
        if may(user, Right.WORK_LEADS):
            theirs = (
                Q(lead__isnull=False, lead__responsible=user)
                | Q(lead__isnull=False, lead__responsible__isnull=True)
                | Q(lead__isnull=False, assignee=user)
            )
        elif may(user, Right.WORK_DEALS):
            theirs = Q(deal__responsible=user)
        else:
            return self.none()
        return self.filter(pk__in=self.model._default_manager.filter(theirs).values("pk"))


class Task(models.Model):
    """Something to do on exactly one lead or one deal.

    An automatic task exists once for its kind, step and stay of the lead in the status (`stay` is the lead's own
    counter), however often the job that makes it runs.
    """

    class State(models.TextChoices):
        OPEN = "open", _("open")
        DONE = "done", _("done")
        CANCELLED = "cancelled", _("cancelled")

    lead = models.ForeignKey("leads.Lead", on_delete=models.CASCADE, null=True, blank=True, related_name="tasks")
    deal = models.ForeignKey("deals.Deal", on_delete=models.CASCADE, null=True, blank=True, related_name="tasks")
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    text = models.CharField(_("text"), max_length=500, blank=True)
    due_at = models.DateTimeField(_("due"))
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.OPEN)
    automatic = models.BooleanField(_("automatic"), default=False)
    promised = models.BooleanField(_("promised to the client"), default=False)
    repeat = models.BooleanField(_("repeat application"), default=False)
    step = models.PositiveSmallIntegerField(null=True, blank=True)  # None: not a step of a rule
    stay = models.PositiveIntegerField(default=0)
    assignee = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="tasks", verbose_name=_("assignee")
    )
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    channel = models.CharField(max_length=10, blank=True, default="")  # the messenger its step asks for, if any
    reminded_at = models.DateTimeField(null=True, blank=True)  # the assignee was told that it is due
    escalated_at = models.DateTimeField(null=True, blank=True)  # managers were told that it is late
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        ordering = ["due_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(lead__isnull=False, deal__isnull=True) | Q(lead__isnull=True, deal__isnull=False),
                name="task_is_on_a_lead_or_a_deal",
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True) | (~Q(state="open") & Q(closed_at__isnull=False)),
                name="task_is_open_or_has_an_end",
            ),
            models.CheckConstraint(condition=Q(state__in=["open", "done", "cancelled"]), name="task_state_is_known"),
            models.UniqueConstraint(
                fields=["lead", "kind", "step", "stay"],
                condition=Q(automatic=True, lead__isnull=False),
                name="automatic_task_of_lead_once",
            ),
            models.UniqueConstraint(
                fields=["deal", "kind", "step"],
                condition=Q(automatic=True, deal__isnull=False),
                name="automatic_task_of_deal_once",
            ),
            models.UniqueConstraint(
                fields=["lead"],
                condition=Q(repeat=True, state="open", lead__isnull=False),
                name="one_open_repeat_of_lead",
            ),
            models.UniqueConstraint(
                fields=["deal"],
                condition=Q(repeat=True, state="open", deal__isnull=False),
                name="one_open_repeat_of_deal",
            ),
        ]
        indexes = [
            models.Index(fields=["assignee", "due_at"], condition=Q(state="open"), name="open_tasks_of_assignee"),
            models.Index(fields=["due_at"], condition=Q(state="open"), name="open_tasks_by_due"),
            models.Index(
                fields=["due_at"], condition=Q(state="open", reminded_at__isnull=True), name="tasks_to_remind_of"
            ),
            models.Index(
                fields=["due_at"], condition=Q(state="open", escalated_at__isnull=True), name="tasks_to_escalate"
            ),
            models.Index(fields=["lead", "state", "due_at"], name="tasks_of_lead"),
            models.Index(fields=["deal", "state", "due_at"], condition=Q(deal__isnull=False), name="tasks_of_deal"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """The task in words: its own text, else the name of its kind in the reader's language, with its messenger."""
        title = self.text or self._name_of_kind()
        return str(_("%(title)s (repeat application)") % {"title": title}) if self.repeat else str(title)

    def _name_of_kind(self) -> str:
        if self.kind == Kind.WRITE_MESSENGER and self.channel in WRITE_BY:
            return str(WRITE_BY[self.channel])
        return str(self.get_kind_display())
