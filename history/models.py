"""What happened to whom: an append-only record, written in the transaction of the change it tells of."""

from __future__ import annotations

from django.db import models
from django.db.models import CharField, Exists, OuterRef
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from crm import clock
from team.models import User


class EventQuerySet(models.QuerySet["Event"]):
    def standing(self) -> EventQuerySet:
        """Without the status changes that were taken back: UNDONE names the line that it takes back in `old`."""
        undone = self.model._default_manager.filter(
            kind=Event.Kind.UNDONE, lead_id=OuterRef("lead_id"), old=Cast(OuterRef("pk"), CharField())
        )
        return self.filter(~Exists(undone))


class Event(models.Model):
    """One thing that happened to a lead, a deal or a contact. Never changed, never deleted.

    `old` and `new` hold codes (status, stage, source) or ids as text; what else there is to say is in `data`. The
    sentence shown to people is made from these when it is read, in the reader's language.
    """

    class Kind(models.TextChoices):
        CREATED = "created", _("Created")
        IMPORTED = "imported", _("Imported")
        STATUS = "status", _("Status")
        REPEAT = "repeat", _("Repeat application")
        MARKED_DUPLICATE = "marked_duplicate", _("Duplicate marked by hand")
        RESPONSIBLE = "responsible", _("Hand-over")
        EDITED = "edited", _("Fields changed")
        COMMENT = "comment", _("Comment")
        PHONE = "phone", _("Phone given")
        DEAL_OPENED = "deal_opened", _("Deal opened")
        STAGE = "stage", _("Deal stage")
        RETIRED = "retired", _("Replaced by a new application")
        RESENT = "resent", _("Sent again with other contents")
        SKIPPED = "skipped", _("Skipped in the queue")
        UNDONE = "undone", _("Taken back")
        SOURCE_MERGED = "source_merged", _("Source merged")
        DOCUMENT = "document", _("Document of a deal")
        EXPORTED = "exported", _("List taken out as a file")

    at = models.DateTimeField(default=clock.now)
    kind = models.CharField(max_length=20, choices=Kind)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    lead = models.ForeignKey("leads.Lead", on_delete=models.PROTECT, null=True, related_name="events")
    deal = models.ForeignKey("deals.Deal", on_delete=models.PROTECT, null=True, related_name="events")
    contact = models.ForeignKey("contacts.Contact", on_delete=models.PROTECT, null=True, related_name="events")
    old = models.CharField(max_length=50, blank=True, default="")
    new = models.CharField(max_length=50, blank=True, default="")
    reason = models.CharField(max_length=20, blank=True, default="")
    comment = models.TextField(blank=True, default="")
    data = models.JSONField(default=dict, blank=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["lead", "at"]),
            models.Index(fields=["deal", "at"], condition=models.Q(deal__isnull=False), name="event_of_deal"),
            models.Index(fields=["contact", "at"], condition=models.Q(contact__isnull=False), name="event_of_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.old}→{self.new}"
