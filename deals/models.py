"""The signed contract on its way through court. Exactly one per lead (`domain.md`, Deal)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from crm import clock
from team.models import User
from team.roles import Right, may


class Stage(models.Model):
    """A stage of the catalogue: ordered and editable, since the customer still discusses them with the lawyers."""

    class Colour(models.TextChoices):
        """The classes of the stylesheet; catalogues never hold free colours."""

        NEW = "st-new", _("blue")
        CALLING = "st-calling", _("amber")
        MEETING = "st-meeting", _("violet")
        LATER = "st-later", _("grey")
        VISIT = "st-visit", _("teal")
        DEAL = "st-deal", _("green")
        PREPAID = "st-prepaid", _("dark green")
        JUNK = "st-junk", _("red")

    code = models.SlugField(_("code"), max_length=50, unique=True)
    name = models.CharField(_("name"), max_length=100)
    name_en = models.CharField(_("name in English"), max_length=100, blank=True)
    position = models.PositiveSmallIntegerField(_("order"), default=100)
    active = models.BooleanField(_("active"), default=True)
    final = models.BooleanField(_("final"), default=False, help_text=_("A deal in it is no longer open work."))
    color = models.CharField(_("colour"), max_length=12, choices=Colour, default=Colour.NEW)

    class Meta:
        verbose_name = _("deal stage")
        verbose_name_plural = _("deal stages")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name_en if self.name_en and (get_language() or "").startswith("en") else self.name


class DealQuerySet(models.QuerySet["Deal"]):
    def visible_to(self, user: User | None) -> DealQuerySet:
        """All, or a lawyer's own. An operator sees only the number and the stage that the lead shows."""
        if may(user, Right.SEE_ALL):
            return self
        if may(user, Right.WORK_DEALS):
            return self.filter(responsible=user)
        return self.none()

    def open(self) -> DealQuerySet:
        return self.filter(stage__final=False)

    def with_card(self) -> DealQuerySet:
        """With everything that a row of a list or the API shows, in one query."""
        return self.select_related("contact", "source", "responsible", "stage")


class Deal(models.Model):
    lead = models.OneToOneField("leads.Lead", on_delete=models.PROTECT, related_name="deal", verbose_name=_("lead"))
    contact = models.ForeignKey(
        "contacts.Contact", on_delete=models.PROTECT, null=True, related_name="deals", verbose_name=_("contact")
    )
    source = models.ForeignKey(
        "sources.Source", on_delete=models.PROTECT, related_name="deals", verbose_name=_("source")
    )
    responsible = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="deals", verbose_name=_("owner")
    )
    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="deals", verbose_name=_("stage"))
    stage_changed_at = models.DateTimeField(_("in stage since"), default=clock.now)
    amount = models.DecimalField(_("contract amount"), max_digits=14, decimal_places=2)
    prepayment = models.DecimalField(_("prepayment"), max_digits=14, decimal_places=2, default=0)
    contract_number = models.CharField(_("contract number"), max_length=50, blank=True)
    contract_date = models.DateField(_("contract date"), null=True, blank=True)
    comment = models.TextField(_("comment"), blank=True)
    created_at = models.DateTimeField(_("created"), default=clock.now, db_index=True)
    version = models.PositiveIntegerField(default=1)

    objects = DealQuerySet.as_manager()

    class Meta:
        verbose_name = _("deal")
        verbose_name_plural = _("deals")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="deal_amount_is_positive"),
            models.CheckConstraint(
                condition=Q(prepayment__gte=0, prepayment__lte=F("amount")), name="deal_prepayment_within_amount"
            ),
            models.UniqueConstraint(
                fields=["contract_number"], condition=~Q(contract_number=""), name="contract_number_is_unique"
            ),
        ]
        indexes = [
            models.Index(fields=["responsible", "stage"]),
            models.Index(fields=["stage", "-created_at"]),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """The deal's name among people: «Д-0322»."""
        return f"Д-{self.pk:04d}"
