"""What the outside still has to be told, and under which id it knows what. Knows kinds and ids; neither leads nor
Bitrix24.
"""

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


class Link(models.Model):
    """An object of ours and its twin outside. `origin` names it there and never changes.

    `creating_since` is set while a creation is under way or has no known outcome: then the portal is looked through
    before anything is created.
    """

    kind = models.CharField(_("kind"), max_length=20)
    object_id = models.BigIntegerField(_("object"))
    origin = models.CharField(max_length=60, unique=True)
    remote_id = models.BigIntegerField(_("id at the portal"), null=True, blank=True)
    digest = models.CharField(max_length=64, blank=True)  # of what was sent last
    values = models.JSONField(default=dict, blank=True)  # digests of the phone and e-mail sent last, by type
    creating_since = models.DateTimeField(null=True, blank=True)
    looks = models.PositiveSmallIntegerField(default=0)  # in vain, since `creating_since`
    gone_at = models.DateTimeField(_("gone there since"), null=True, blank=True)
    told_at = models.DateTimeField(_("last told"), null=True, blank=True)
    differs = models.CharField(_("differs in"), max_length=200, blank=True)  # names of fields, as last compared
    compared_at = models.DateTimeField(_("compared"), null=True, blank=True)

    class Meta:
        verbose_name = _("twin at the portal")
        verbose_name_plural = _("twins at the portal")
        constraints = [
            models.UniqueConstraint(fields=["kind", "object_id"], name="one_twin_per_object"),
            models.UniqueConstraint(
                fields=["kind", "remote_id"], condition=models.Q(remote_id__isnull=False), name="one_object_per_twin"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"
