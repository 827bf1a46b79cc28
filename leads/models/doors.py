"""Programs that bring leads in by themselves: telephone exchanges with their calls, and forms of landing pages."""

from __future__ import annotations

from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm import clock
from crm.signatures import HasSecret, new_label
from leads.models.lead import Lead
from leads.models.touch import Touch
from leads.touch_policy import Direction, Outcome
from sources.models import Source
from team.models import ApiKey, User


class Exchange(HasSecret):
    """A telephone exchange that tells of its calls, signed with a secret of its own."""

    name = models.CharField(_("name"), max_length=100)
    source = models.ForeignKey(
        Source,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("source"),
        help_text=_("Where leads come from whose number calls for the first time."),
    )
    active = models.BooleanField(_("active"), default=True)
    api_key = models.OneToOneField(ApiKey, on_delete=models.PROTECT, related_name="+", editable=False)

    class Meta:
        verbose_name = _("telephone exchange")
        verbose_name_plural = _("telephone exchanges")
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class Call(models.Model):
    """What an exchange has told of one call so far, in whatever order: it becomes one touch."""

    CALL_OUTCOMES = (Outcome.ANSWERED, Outcome.NO_ANSWER, Outcome.BUSY, Outcome.UNAVAILABLE)

    exchange = models.ForeignKey(
        Exchange, on_delete=models.PROTECT, related_name="calls", verbose_name=_("telephone exchange")
    )
    call_id = models.CharField(_("number of the call there"), max_length=200)
    direction = models.CharField(_("direction"), max_length=8, choices=Direction, blank=True)
    phone_raw = models.CharField(_("phone as given"), max_length=300, blank=True)
    extension = models.CharField(pgettext_lazy("colleague", "extension"), max_length=20, blank=True)
    employee = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("colleague")
    )
    lead = models.ForeignKey(
        Lead, on_delete=models.PROTECT, null=True, blank=True, related_name="calls", verbose_name=_("lead")
    )
    touch = models.OneToOneField(
        Touch, on_delete=models.PROTECT, null=True, blank=True, related_name="call", verbose_name=_("touch")
    )
    started_at = models.DateTimeField(_("began"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome, blank=True)
    seconds = models.PositiveIntegerField(_("seconds of conversation"), null=True, blank=True)
    recording_url = models.URLField(_("recording"), max_length=500, blank=True)
    told_at = models.JSONField(default=dict, blank=True)  # kind of event -> the moment of the newest one, ISO
    heard = models.JSONField(default=list, blank=True)  # ids of the messages taken in: none counts twice
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("telephone call")
        verbose_name_plural = _("telephone calls")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["exchange", "call_id"], name="call_is_known_once"),
            models.CheckConstraint(condition=Q(direction__in=["", *Direction.values]), name="call_direction_is_known"),
            models.CheckConstraint(condition=Q(outcome__in=["", *Outcome.values]), name="call_outcome_is_known"),
        ]
        indexes = [models.Index(fields=["-created_at", "-id"], name="calls_by_arrival")]

    def __str__(self) -> str:
        return f"{self.exchange_id}: {self.call_id}"


class LandingForm(models.Model):
    """A form on somebody's page that sends applications here. Its key is open to all: it creates and reads nothing."""

    name = models.CharField(_("name"), max_length=100)
    key = models.CharField(_("key"), max_length=32, unique=True, default=new_label, editable=False)
    source = models.ForeignKey(
        Source,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("source"),
        help_text=_("Empty: by utm_source."),
    )
    origins = models.TextField(
        _("pages"), blank=True, help_text=_("Sites that may send it, one a line, such as https://example.org.")
    )
    thanks_url = models.CharField(
        _("page of thanks"),
        max_length=300,
        blank=True,
        validators=[URLValidator(schemes=["https"])],
        help_text=_("Where a page without script goes on. Empty: a short answer of ours."),
    )
    consent_required = models.BooleanField(_("consent is required"), default=True)
    consent_version = models.CharField(
        _("version of the consent's text"), max_length=50, help_text=_("Kept with each consent, such as 2026-11.")
    )
    active = models.BooleanField(_("active"), default=True)
    api_key = models.OneToOneField(ApiKey, on_delete=models.PROTECT, related_name="+", editable=False)
    robots = models.PositiveIntegerField(_("turned away as robots"), default=0, editable=False)

    class Meta:
        verbose_name = _("form of a landing page")
        verbose_name_plural = _("forms of landing pages")
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def allowed(self) -> frozenset[str]:
        """The origins of the pages that may send it, as browsers name them."""
        return frozenset(line.strip().rstrip("/").lower() for line in self.origins.splitlines() if line.strip())


class FormPost(models.Model):
    """With which form, from which page and with which consent an application came (152-FZ)."""

    lead = models.OneToOneField(Lead, on_delete=models.CASCADE, related_name="form_post", verbose_name=_("lead"))
    form = models.ForeignKey(LandingForm, on_delete=models.PROTECT, related_name="posts", verbose_name=_("form"))
    at = models.DateTimeField(_("sent"), default=clock.now)
    page = models.CharField(_("page"), max_length=500, blank=True)
    address = models.GenericIPAddressField(_("address"), null=True, blank=True)
    consent_version = models.CharField(
        _("consent to the text"), max_length=50, blank=True, help_text=_("Empty: no consent was given.")
    )

    class Meta:
        verbose_name = _("application by a form")
        verbose_name_plural = _("applications by forms")
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.form_id}: {self.lead_id}"
