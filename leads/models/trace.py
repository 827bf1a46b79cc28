"""What an action of a person changed on a lead, kept for as long as it can be taken back."""

from __future__ import annotations

from django.db import models

from crm import clock
from leads.models.lead import Lead
from leads.models.touch import Touch
from team.models import User


class Trace(models.Model):
    """One lead's part in one action: the columns and tasks that it changed, as they were before and after.

    History says what happened; this is what putting it back needs (`leads/undo.py`). Rows that are too old to be taken
    back are thrown away.
    """

    action = models.UUIDField()  # a bulk action has a row for each of its leads
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="traces")
    by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(default=clock.now, db_index=True)
    touch = models.ForeignKey(Touch, on_delete=models.CASCADE, null=True, related_name="+")  # that it recorded
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["action", "lead"], name="one_trace_per_action_and_lead")]

    def __str__(self) -> str:
        return f"{self.by_id}: {self.lead_id}"
