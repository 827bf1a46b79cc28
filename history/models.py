"""What happened to whom: an append-only record, written in the transaction of the change it tells of."""

from __future__ import annotations

from django.db import models
from django.db.models import CharField, Exists, OuterRef
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from crm import clock
from crm.singletons import Singleton
from team.models import ApiKey, User


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
            models.Index(fields=["by", "at"], condition=models.Q(by__isnull=False), name="event_of_colleague"),
            models.Index(fields=["deal", "at"], condition=models.Q(deal__isnull=False), name="event_of_deal"),
            models.Index(fields=["contact", "at"], condition=models.Q(contact__isnull=False), name="event_of_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.old}→{self.new}"


class JournalLine(models.Model):
    """Who did or saw what (`reliability.md` L01). Lines are added and sealed into a chain (`history/chain.py`).

    Nothing in a line names a person but `words`: what was typed to search, filter or give a reason. The chain holds
    only the digest of `salt` and `words`, so that both can be erased with the person and it still proves the rest.
    """

    class Action(models.TextChoices):
        LOOKED = "looked", _("looked at")
        LISTED = "listed", _("looked through a list")
        SEARCHED = "searched", _("searched")
        DID = "did", _("changed")
        EXPORTED = "exported", _("took a list out")
        DOWNLOADED = "downloaded", _("downloaded a file")
        REFUSED = "refused", _("was refused")
        SIGNED_IN = "signed_in", _("signed in")
        SIGNED_OUT = "signed_out", _("signed out")
        SIGN_IN_FAILED = "sign_in_failed", _("failed to sign in")
        RIGHTS = "rights", _("changed rights")
        SETTINGS = "settings", _("changed settings")
        HANDED_OVER = "handed_over", _("handed over personal data")
        CORRECTED = "corrected", _("corrected personal data")
        BLOCKED = "blocked", _("blocked personal data")
        UNBLOCKED = "unblocked", _("unblocked personal data")
        ERASED = "erased", _("erased personal data")

    class Door(models.TextChoices):
        PAGE = "page", _("page")
        API = "api", _("API")
        ADMIN = "admin", _("administration")
        COMMAND = "command", _("command")
        SYSTEM = "system", _("the product itself")

    at = models.DateTimeField(_("when"), default=clock.now)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("who"))
    role = models.CharField(_("role"), max_length=16, blank=True)  # as it was then
    key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("API key"))
    door = models.CharField(_("by"), max_length=8, choices=Door)
    address = models.GenericIPAddressField(_("address"), null=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    action = models.CharField(_("what"), max_length=16, choices=Action)
    kind = models.CharField(_("kind"), max_length=60, blank=True)  # lead, contact, deal, …, or a model of the admin
    object_id = models.BigIntegerField(_("number"), null=True)
    details = models.JSONField(
        _("details"), default=dict, blank=True
    )  # codes and numbers: the route, rows, old and new
    words = models.TextField(_("in words"), blank=True)
    salt = models.CharField(max_length=32, blank=True)
    words_digest = models.CharField(max_length=64, blank=True)
    place = models.BigIntegerField(_("place"), null=True, unique=True)  # in the chain; none until sealed
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("line of the journal")
        verbose_name_plural = _("journal")
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["-at", "-id"], name="journal_by_time"),
            models.Index(fields=["by", "at"], name="journal_of_colleague"),
            models.Index(fields=["key", "at"], condition=models.Q(key__isnull=False), name="journal_of_key"),
            models.Index(fields=["kind", "object_id", "at"], name="journal_of_object"),
            models.Index(fields=["id"], condition=models.Q(place__isnull=True), name="journal_not_sealed"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(place__isnull=True, digest="")
                | (models.Q(place__isnull=False) & ~models.Q(digest="")),
                name="journal_line_is_sealed_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.kind} {self.object_id or ''}".strip()


class JournalHead(Singleton):
    """The end of the chain. Who seals holds this row, so there is one chain whoever seals."""

    place = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="journal_head_is_one_row")]

    def __str__(self) -> str:
        return f"{self.place}:{self.digest}"
