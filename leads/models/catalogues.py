"""What administrators decide about leads: offices, scripts, the plan of a day, and the policies of touches, intake and
distribution.
"""

from __future__ import annotations

from datetime import timedelta

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.singletons import Singleton
from leads.pipeline import Status
from leads.touch_policy import Policy


class TouchPolicy(Singleton):
    """What earns «Недозвон». One row, edited in the admin; the defaults are the shipped policy (`domain.md`)."""

    touches = models.PositiveSmallIntegerField(_("touches"), default=6)
    days = models.PositiveSmallIntegerField(_("different days"), default=3)
    gap_minutes = models.PositiveSmallIntegerField(_("minutes between touches that count"), default=60)
    day_parts = models.PositiveSmallIntegerField(
        _("different parts of the day"), default=0, validators=[MaxValueValidator(3)], help_text=_("0: not asked for.")
    )
    messages = models.PositiveSmallIntegerField(
        _("messages among the touches"), default=0, help_text=_("0: not asked for.")
    )

    class Meta:
        verbose_name = _("touch policy")
        verbose_name_plural = _("touch policy")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="touch_policy_is_one_row")]

    def __str__(self) -> str:
        return str(_("Touch policy"))

    def as_policy(self) -> Policy:
        return Policy(self.touches, self.days, timedelta(minutes=self.gap_minutes), self.day_parts, self.messages)


class IntakePolicy(Singleton):
    """How applications are taken in. One row, edited in the admin."""

    new_original_after_days = models.PositiveSmallIntegerField(
        _("days after which a closed lead no longer makes a new application a duplicate"),
        null=True,
        blank=True,
        help_text=_("Empty: never, every later application on the number is a duplicate."),
    )

    class Meta:
        verbose_name = _("intake policy")
        verbose_name_plural = _("intake policy")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="intake_policy_is_one_row")]

    def __str__(self) -> str:
        return str(_("Intake policy"))


class Office(models.Model):
    """Where clients come for a meeting."""

    code = models.SlugField(_("code"), max_length=50, unique=True)
    name = models.CharField(_("name"), max_length=100)
    address = models.CharField(_("address"), max_length=300, blank=True)
    active = models.BooleanField(_("active"), default=True)
    position = models.PositiveSmallIntegerField(_("order"), default=100)

    class Meta:
        verbose_name = _("office")
        verbose_name_plural = _("offices")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class DistributionPolicy(Singleton):
    """How leads without a responsible go to the operators on line. One row, edited in the admin."""

    active = models.BooleanField(
        _("hand leads out"), default=True, help_text=_("Off: leads wait until somebody takes or assigns them.")
    )
    limit = models.PositiveSmallIntegerField(
        _("most open leads of an operator"),
        default=50,
        help_text=_("Who has as many gets no more. A colleague's own limit goes before this one."),
    )
    return_after_minutes = models.PositiveSmallIntegerField(
        _("minutes without a touch after which a lead goes on to another operator"),
        null=True,
        blank=True,
        default=15,
        help_text=_("Counted in the client's calling hours. Empty: it stays."),
    )

    class Meta:
        verbose_name = _("distribution")
        verbose_name_plural = _("distribution")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="distribution_is_one_row")]

    def __str__(self) -> str:
        return str(_("Distribution"))


class DayPlan(Singleton):
    """What an operator's day is measured against. One row; the goal of the first call is the escalation's."""

    meetings = models.PositiveSmallIntegerField(
        _("meetings an operator books a day"), default=6, help_text=_("0: no plan is shown.")
    )

    class Meta:
        verbose_name = _("plan of the day")
        verbose_name_plural = _("plan of the day")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="day_plan_is_one_row")]

    def __str__(self) -> str:
        return str(_("Plan of the day"))


class CallScript(models.Model):
    """What to say on the phone to a client whose lead is in `status`: three steps, read while talking."""

    status = models.CharField(_("status"), max_length=20, choices=Status, unique=True)
    step_1 = models.CharField(_("first"), max_length=300)
    step_2 = models.CharField(_("then"), max_length=300, blank=True)
    step_3 = models.CharField(_("at the end"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("script of a call")
        verbose_name_plural = _("scripts of calls")
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=Q(status__in=Status.values), name="script_status_is_known")]

    def __str__(self) -> str:
        return str(self.get_status_display())

    @property
    def steps(self) -> list[str]:
        """The steps that are there."""
        return [step for step in (self.step_1, self.step_2, self.step_3) if step]
