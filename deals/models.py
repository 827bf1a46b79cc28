"""The signed contract on its way through court. Exactly one per lead (`domain.md`, Deal)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from crm import clock
from team.models import User
from team.roles import Right, may

SOON = timedelta(days=7)
"""What is due within that time is soon: the week that a lawyer looks ahead."""

MOST_CREDITORS = 1000
"""Of a kind; nobody owes to more."""


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

    class Asks(models.TextChoices):
        """What a move to the stage offers to write down (`ux.md` 6.7)."""

        FILING = "filing", _("filing date, court and case number")
        HEARING_1 = "hearing_1", _("date of hearing 1")
        PROCEDURE = "procedure", _("date of hearing 2")
        HEARING_2 = "hearing_2", _("date of hearing 2 and decision")
        DECISION = "decision", _("decision and its date")

    code = models.SlugField(_("code"), max_length=50, unique=True)
    name = models.CharField(_("name"), max_length=100)
    name_en = models.CharField(_("name in English"), max_length=100, blank=True)
    position = models.PositiveSmallIntegerField(_("order"), default=100)
    active = models.BooleanField(_("active"), default=True)
    final = models.BooleanField(_("final"), default=False, help_text=_("A deal in it is no longer open work."))
    color = models.CharField(_("colour"), max_length=12, choices=Colour, default=Colour.NEW)
    asks = models.CharField(
        _("goes with"),
        max_length=12,
        choices=Asks,
        blank=True,
        default="",
        help_text=_("Offered when a deal is moved to this stage; it may be left empty."),
    )

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

    def to_be_filed(self, until: date) -> DealQuerySet:
        """Those not filed with the court yet whose planned term is no later than `until`."""
        return self.open().filter(stage__asks="", filed_on__isnull=True, filing_due__lte=until)

    def in_court(self, first: date, days: timedelta) -> DealQuerySet:
        """Those in work that have a hearing in the days from `first` on (the firm's days)."""
        start = timezone.make_aware(datetime.combine(first, time.min))
        end = timezone.make_aware(datetime.combine(first + days, time.min))
        first_one = Q(hearing_1_at__gte=start, hearing_1_at__lt=end)
        return self.open().filter(first_one | Q(hearing_2_at__gte=start, hearing_2_at__lt=end))

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

    paid_later = models.DecimalField(_("paid after the prepayment"), max_digits=14, decimal_places=2, default=0)
    next_payment = models.DecimalField(_("next payment"), max_digits=14, decimal_places=2, null=True, blank=True)
    next_payment_on = models.DateField(_("next payment is due"), null=True, blank=True)

    debt_total = models.DecimalField(_("debts in all"), max_digits=14, decimal_places=2, null=True, blank=True)
    banks_count = models.PositiveSmallIntegerField(_("banks"), null=True, blank=True)
    banks_debt = models.DecimalField(_("owed to banks"), max_digits=14, decimal_places=2, null=True, blank=True)
    lenders_count = models.PositiveSmallIntegerField(_("microlenders"), null=True, blank=True)
    lenders_debt = models.DecimalField(
        _("owed to microlenders"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    belongings = models.CharField(_("property"), max_length=300, blank=True, default="")

    court = models.CharField(_("court"), max_length=200, blank=True, default="")
    case_number = models.CharField(_("case number"), max_length=50, blank=True, default="")
    filing_due = models.DateField(_("to be filed by"), null=True, blank=True)
    filed_on = models.DateField(_("filed"), null=True, blank=True)
    hearing_1_at = models.DateTimeField(_("hearing 1"), null=True, blank=True)
    hearing_2_at = models.DateTimeField(_("hearing 2"), null=True, blank=True)
    court_manager = models.CharField(_("insolvency manager"), max_length=200, blank=True, default="")
    decision = models.CharField(_("decision"), max_length=300, blank=True, default="")
    decided_on = models.DateField(_("date of the decision"), null=True, blank=True)

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
            models.CheckConstraint(
                condition=Q(paid_later__gte=0, paid_later__lte=F("amount") - F("prepayment")),
                name="deal_received_within_amount",
            ),
            models.CheckConstraint(
                condition=Q(next_payment__isnull=True) | Q(next_payment__gt=0), name="deal_next_payment_is_positive"
            ),
            models.UniqueConstraint(
                fields=["contract_number"], condition=~Q(contract_number=""), name="contract_number_is_unique"
            ),
        ]
        indexes = [
            models.Index(fields=["responsible", "stage"]),
            models.Index(fields=["stage", "-created_at"]),
            models.Index(fields=["filing_due"], condition=Q(filed_on__isnull=True), name="deal_to_be_filed"),
            models.Index(fields=["hearing_1_at"], condition=Q(hearing_1_at__isnull=False), name="deal_hearing_1"),
            models.Index(fields=["hearing_2_at"], condition=Q(hearing_2_at__isnull=False), name="deal_hearing_2"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """The deal's name among people: «Д-0322»."""
        return f"Д-{self.pk:04d}"

    @property
    def debt(self) -> Decimal | None:
        """What the client owes in all: as the lawyer has counted it, else as it was said on the phone."""
        told: Decimal | None = self.lead.debt_amount
        return told if self.debt_total is None else self.debt_total

    @property
    def paid(self) -> Decimal:
        """What the client has paid so far: the prepayment and what came after it."""
        return self.prepayment + self.paid_later


class DocumentKind(models.Model):
    """A document that a bankruptcy needs: a row of the catalogue, in the order in which it is asked for."""

    name = models.CharField(_("name"), max_length=150, unique=True, help_text=_("Clients read it in reminders."))
    name_en = models.CharField(_("name in English"), max_length=150, blank=True)
    required = models.BooleanField(
        _("required"), default=True, help_text=_("An optional one counts only in deals that ask for it.")
    )
    active = models.BooleanField(_("active"), default=True)
    position = models.PositiveSmallIntegerField(_("order"), default=100)

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name_en if self.name_en and (get_language() or "").startswith("en") else self.name


class DealDocument(models.Model):
    """How far one document of a deal is. A document without a row is needed if it is required, else not asked for."""

    class State(models.TextChoices):
        NEEDED = "needed", _("needed")
        REQUESTED = "requested", _("requested")
        RECEIVED = "received", _("received")
        UNNEEDED = "unneeded", _("not needed")

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="documents", verbose_name=_("deal"))
    kind = models.ForeignKey(
        DocumentKind, on_delete=models.PROTECT, related_name="documents", verbose_name=_("document")
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.NEEDED)
    note = models.CharField(_("note"), max_length=200, blank=True, default="")
    changed_at = models.DateTimeField(_("since"), default=clock.now)
    changed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("changed by")
    )

    class Meta:
        verbose_name = _("document of a deal")
        verbose_name_plural = _("documents of deals")
        constraints = [
            models.UniqueConstraint(fields=["deal", "kind"], name="one_row_per_document"),
            models.CheckConstraint(
                condition=Q(state__in=["needed", "requested", "received", "unneeded"]), name="document_state_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.get_state_display()}"
