"""Touches of a lead, and the keys by which intake knows what it has taken in before."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm import clock
from leads.models.lead import Lead
from leads.touch_policy import Channel, Direction, Outcome
from tasks.models import Kind
from team.models import ApiKey, User


class TouchQuerySet(models.QuerySet["Touch"]):
    def since(self, moment: datetime) -> TouchQuerySet:
        return self.filter(at__gte=moment)


class StandingTouches(models.Manager.from_queryset(TouchQuerySet)):  # type: ignore[misc]
    """Every touch but those that were taken back: nobody counts or shows an attempt that was a slip of the hand."""

    def get_queryset(self) -> TouchQuerySet:
        return super().get_queryset().filter(undone_at__isnull=True)


class Touch(models.Model):
    """An attempt to reach the client, or theirs to reach us. `objects` leaves out what was taken back."""

    # A touch by these channels finishes a task of this kind (`domain.md`, Tasks).
    TASK_KINDS = {
        Channel.CALL: Kind.CONTACT_CLIENT,
        Channel.WHATSAPP: Kind.WRITE_MESSENGER,
        Channel.TELEGRAM: Kind.WRITE_MESSENGER,
        Channel.MAX: Kind.WRITE_MESSENGER,
        Channel.SMS: Kind.WRITE_MESSENGER,
        Channel.EMAIL: Kind.WRITE_MESSENGER,
    }

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="touches", verbose_name=_("lead"))
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    direction = models.CharField(_("direction"), max_length=8, choices=Direction, default=Direction.OUTGOING)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome)
    at = models.DateTimeField(_("at"))
    comment = models.TextField(_("comment"), blank=True)
    recording_url = models.URLField(_("recording"), max_length=500, blank=True)
    seconds = models.PositiveIntegerField(_("seconds of conversation"), null=True, blank=True)
    external_id = models.CharField(_("external id"), max_length=200, blank=True)
    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="touches")
    created_at = models.DateTimeField(default=clock.now)
    undone_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = StandingTouches()
    with_undone = TouchQuerySet.as_manager()

    class Meta:
        verbose_name = _("touch")
        verbose_name_plural = _("touches")
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="touch_channel_is_known"),
            models.CheckConstraint(condition=Q(direction__in=Direction.values), name="touch_direction_is_known"),
            models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name="touch_outcome_is_known"),
            models.UniqueConstraint(
                fields=["api_key", "external_id"], condition=~Q(external_id=""), name="touch_external_id_once_per_key"
            ),
        ]
        indexes = [models.Index(fields=["lead", "at"], name="touches_of_lead"), models.Index(fields=["by", "at"])]

    def __str__(self) -> str:
        return f"{self.get_channel_display()}: {self.get_outcome_display()}"


class IdempotencyKey(models.Model):
    """`Idempotency-Key` of a stored lead, per API key, written in the lead's own transaction (`reliability.md` D8)."""

    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="+")
    value = models.CharField(max_length=200)
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+")
    body_digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=clock.now, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["api_key", "value"], name="idempotency_key_once_per_api_key")]

    def __str__(self) -> str:
        return self.value
