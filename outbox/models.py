"""What the outside still has to be told. Knows kinds and ids; neither leads nor Bitrix24."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm import clock


class Mark(models.Model):
    """ "This object has changed since it was last told": one row per object, so changes melt and never queue up.

    The payload is built from the object as it stands when it is sent. Every change writes a new `change` token; a
    delivery that began with an older token leaves the row pending, so a change made during a call is sent next.
    """

    kind = models.CharField(max_length=20)
    object_id = models.BigIntegerField()
    change = models.UUIDField(default=uuid.uuid4)
    pending = models.BooleanField(default=True)
    marked_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("outbox mark")
        verbose_name_plural = _("outbox marks")
        constraints = [models.UniqueConstraint(fields=["kind", "object_id"], name="one_mark_per_object")]
        indexes = [models.Index(fields=["marked_at"], condition=models.Q(pending=True), name="pending_marks")]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"
