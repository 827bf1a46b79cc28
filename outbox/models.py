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

    A parked mark waits for a person, or for a newer change of its object: what was refused may be put right by it.
    """

    kind = models.CharField(max_length=20)
    object_id = models.BigIntegerField()
    change = models.UUIDField(default=uuid.uuid4)
    pending = models.BooleanField(default=True)
    marked_at = models.DateTimeField(default=clock.now)

    due_at = models.DateTimeField(default=clock.now)  # not to be tried before
    lease = models.UUIDField(null=True, blank=True)  # who tells of it at present, until `leased_until`
    leased_until = models.DateTimeField(null=True, blank=True)
    tried = models.UUIDField(null=True, blank=True)  # the `change` of the last try
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)  # unclear failures since the last success
    parked_at = models.DateTimeField(_("given up"), null=True, blank=True)
    trouble = models.TextField(_("what went wrong"), blank=True)  # in words, without personal data or secrets

    class Meta:
        verbose_name = _("outbox mark")
        verbose_name_plural = _("outbox marks")
        constraints = [models.UniqueConstraint(fields=["kind", "object_id"], name="one_mark_per_object")]
        indexes = [
            models.Index(fields=["marked_at"], condition=models.Q(pending=True), name="pending_marks"),
            models.Index(fields=["parked_at"], condition=models.Q(parked_at__isnull=False), name="parked_marks"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"
