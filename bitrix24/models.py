"""What is known of the portal: which code stands for what, who is who, and how the line is doing.

Which object there is which of ours stands in `outbox.models.Link`, where imports can note it too.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm import clock
from crm.singletons import Singleton
from team.models import User


class Entry(models.Model):
    """A source or stage of ours and the code that stands for it in a directory of the portal. Editable: the mapping."""

    directory = models.CharField(_("directory"), max_length=50)
    code = models.CharField(_("code"), max_length=60)
    remote_code = models.CharField(_("code at the portal"), max_length=60)
    name = models.CharField(_("name"), max_length=100, blank=True, editable=False)  # as last written there

    class Meta:
        verbose_name = _("directory entry")
        verbose_name_plural = _("directory entries")
        ordering = ["directory", "code"]
        constraints = [models.UniqueConstraint(fields=["directory", "code"], name="one_entry_per_code")]

    def __str__(self) -> str:
        return f"{self.directory} {self.code}"


class Colleague(models.Model):
    """A colleague and their user at the portal, found by e-mail. No `remote_id`: looked for in vain at `looked_at`."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="+", verbose_name=_("colleague"))
    remote_id = models.BigIntegerField(_("id at the portal"), null=True, blank=True)
    email = models.CharField(max_length=254, blank=True, editable=False)
    looked_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name = _("colleague at the portal")
        verbose_name_plural = _("colleagues at the portal")

    def __str__(self) -> str:
        return str(self.user)


class Wiring(Singleton):
    """Where deals go, and what the portal has to choose from: its directories, pipelines and people as last read."""

    pipeline = models.PositiveIntegerField(_("pipeline of the deals"), default=0)
    choices = models.JSONField(default=dict, blank=True)  # directory, or `pipelines`, `people` -> [[code, name], …]
    read_at = models.DateTimeField(_("read from the portal"), null=True, blank=True)

    class Meta:
        verbose_name = _("what stands for what")
        verbose_name_plural = _("what stands for what")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="wiring_is_one_row")]

    def __str__(self) -> str:
        return str(_("What stands for what"))


class Hint(models.Model):
    """ "Something happened to this lead there": a message of the portal, for the worker to look at and delete."""

    remote_id = models.BigIntegerField(_("id at the portal"), unique=True)
    heard_at = models.DateTimeField(_("heard"), default=clock.now)
    change = models.UUIDField(default=uuid.uuid4)  # of the last message: one that comes during the look is kept
    due_at = models.DateTimeField(default=clock.now)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    trouble = models.TextField(_("what went wrong"), blank=True)  # without personal data or secrets

    class Meta:
        verbose_name = _("message of the portal")
        verbose_name_plural = _("messages of the portal")
        ordering = ["due_at"]

    def __str__(self) -> str:
        return str(self.remote_id)


class Line(Singleton):
    """How the connection is doing. One row, written by the jobs; pauses hold for all workers."""

    paused_until = models.DateTimeField(_("paused until"), null=True, blank=True)
    pauses = models.PositiveSmallIntegerField(default=0)  # in a row, without an answer between
    methods = models.JSONField(default=dict, blank=True)  # method -> ISO time until which it is left alone
    stopped_at = models.DateTimeField(_("stopped"), null=True, blank=True)
    stopped_because = models.TextField(_("why"), blank=True)
    stopped_key = models.CharField(max_length=64, blank=True)  # digest of the webhook that stopped: a new one goes on
    driven_by = models.UUIDField(null=True, blank=True)  # the job that sends at present
    driven_until = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(_("last success"), null=True, blank=True)
    moved_to = models.CharField(max_length=255, blank=True)  # the name of a portal that was renamed
    moved_key = models.CharField(max_length=64, blank=True)  # digest of the webhook for which that holds
    pulled_since = models.DateTimeField(null=True, blank=True)  # leads made there earlier are none of ours
    pulled_until = models.DateTimeField(null=True, blank=True)  # the portal's time of change up to which was looked
    pulled_at = models.DateTimeField(_("last look for new leads"), null=True, blank=True)

    class Meta:
        verbose_name = _("state of the connection")
        verbose_name_plural = _("state of the connection")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="line_is_one_row")]

    def __str__(self) -> str:
        return str(_("State of the connection"))

    def method_paused_until(self, method: str, at: datetime) -> datetime | None:
        """Until when the method is left alone, or None."""
        until = self.methods.get(method)
        moment = datetime.fromisoformat(until) if until else None
        return moment if moment and moment > at else None


class Alarm(models.Model):
    """Something a person should look at, once per occasion (`key`) however often it is seen."""

    key = models.CharField(max_length=100, unique=True)
    text = models.TextField(_("what happened"))
    raised_at = models.DateTimeField(_("first seen"), default=clock.now)
    seen_at = models.DateTimeField(_("last seen"), default=clock.now)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    class Meta:
        verbose_name = _("alarm")
        verbose_name_plural = _("alarms")
        ordering = ["-seen_at"]

    def __str__(self) -> str:
        return self.text[:100]

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.text = self.text[:1000]
        super().save(*args, **kwargs)
