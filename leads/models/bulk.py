"""What somebody asked to be done with many leads at once, how far it is, and which leads refused it."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.errands import Errand
from leads.models.lead import Lead


class BulkAction(Errand):
    """One press of a bulk button. What it does to each lead, and that lead's place, is one transaction.

    `place` is the number of the last lead that is settled; leads come in the order of their numbers, so an action that
    was broken off goes on behind it. `action` is the name under which all of it is taken back (`leads/undo.py`).
    """

    class Kind(models.TextChoices):
        ASSIGN = "assign", _("Hand over")
        STATUS = "status", _("Change status")
        TASK = "task", _("Add task")
        SHARE = "share", _("Distribute leads")
        UNDO = "undo", _("Undo")

    kind = models.CharField(_("what is done"), max_length=10, choices=Kind)
    terms = models.JSONField(default=dict)  # what that needs: a colleague, a status with what it asks for, a task
    query = models.TextField(blank=True)  # of the list from which it was asked
    place = models.BigIntegerField(default=0)
    refused = models.PositiveIntegerField(_("refused"), default=0)
    action = models.UUIDField(default=uuid.uuid4)
    undoes = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="undone_by")

    class Meta:
        ordering = ["-asked_at", "-id"]
        indexes = [
            models.Index(fields=["asked_at"], condition=Q(state__in=["waiting", "running"]), name="bulk_open"),
            models.Index(fields=["by", "asked_at"], name="bulk_of_a_person"),
            models.Index(fields=["action"], name="bulk_by_action"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["assign", "status", "task", "share", "undo"]), name="bulk_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(kind="undo", undoes__isnull=False) | (~Q(kind="undo") & Q(undoes__isnull=True)),
                name="bulk_undo_names_what_it_undoes",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def granted(self) -> int:
        """On how many leads it was done so far."""
        return self.done - self.refused


class BulkLead(models.Model):
    """A lead of a bulk action; afterwards only those that refused it stay, each with the sentence why."""

    bulk = models.ForeignKey(BulkAction, on_delete=models.CASCADE, related_name="leads")
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+")
    refusal = models.TextField(blank=True)

    class Meta:
        ordering = ["lead_id"]
        constraints = [models.UniqueConstraint(fields=["bulk", "lead"], name="a_lead_is_once_in_a_bulk_action")]

    def __str__(self) -> str:
        return f"{self.bulk_id}: {self.lead_id}"
