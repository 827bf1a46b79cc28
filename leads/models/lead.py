"""The lead: its columns, what the database keeps true of them, and which leads somebody sees."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact
from contacts.zones import zone_for
from crm import clock
from crm.text import fold
from leads.models.catalogues import Office
from leads.pipeline import CLOSED, OPEN, SIGNED, JunkReason, Status
from sources.models import Source
from tasks.actions import Stay
from tasks.cadence import Anchor
from team.models import ApiKey, User
from team.roles import Right, may


class LeadQuerySet(models.QuerySet["Lead"]):
    def visible_to(self, user: User | None) -> LeadQuerySet:
        """All; an operator's own and the unassigned ones; those of a lawyer's deals (read-only for them)."""
        if may(user, Right.SEE_ALL):
            return self
        assert user is not None
        if may(user, Right.WORK_LEADS):
            return self.filter(Q(responsible=user) | Q(responsible__isnull=True))
        if may(user, Right.WORK_DEALS):
            return self.filter(deal__responsible=user)
        return self.none()

    def originals(self) -> LeadQuerySet:
        """Leads that later applications on their number are duplicates of."""
        return self.filter(duplicate_of__isnull=True, retired_at__isnull=True)

    def in_work(self) -> LeadQuerySet:
        """What is still called. The statuses are named: an index finds these, not what is left without the others."""
        return self.filter(status__in=OPEN)

    def with_card(self) -> LeadQuerySet:
        """With everything that a row of a list or the API shows, in one query."""
        return self.select_related("contact", "source", "responsible", "office", "deal__stage")


class Lead(models.Model):
    """One application. Its status is written by `leads/actions.py` and `leads/intake.py` only."""

    created_at = models.DateTimeField(_("arrived"), default=clock.now)
    status = models.CharField(_("status"), max_length=20, choices=Status, default=Status.NEW)
    status_changed_at = models.DateTimeField(_("in status since"), default=clock.now)
    stay = models.PositiveIntegerField(default=1)  # grows with every status change: the tasks' "stay in the status"
    opened_at = models.DateTimeField(default=clock.now)  # touches count towards «Недозвон» from here
    version = models.PositiveIntegerField(default=1)

    junk_reason = models.CharField(_("reason"), max_length=20, choices=JunkReason, blank=True, default="")
    duplicate_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="duplicates", verbose_name=_("original")
    )
    retired_at = models.DateTimeField(null=True, blank=True)

    contact = models.ForeignKey(
        Contact, on_delete=models.PROTECT, null=True, blank=True, related_name="leads", verbose_name=_("contact")
    )
    phone_raw = models.CharField(_("phone as given"), max_length=300, blank=True)
    phone_extension = models.CharField(_("extension"), max_length=6, blank=True)
    phone_refusal = models.CharField(max_length=20, blank=True, default="")  # why `phone_raw` is no phone
    other_phones = models.JSONField(_("other phones"), default=list, blank=True)

    name = models.CharField(_("name"), max_length=200, blank=True)
    email = models.CharField(_("e-mail"), max_length=254, blank=True)
    comment = models.TextField(_("comment"), blank=True)
    debt_amount = models.DecimalField(_("debt"), max_digits=14, decimal_places=2, null=True, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    utm = models.JSONField("UTM", null=True, blank=True)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="leads", verbose_name=_("source"))
    source_raw = models.CharField(_("source as given"), max_length=200, blank=True)
    raw = models.JSONField(default=dict, blank=True)  # what could not be taken over as it came, by field

    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    external_id = models.CharField(_("external id"), max_length=200, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    responsible = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="leads", verbose_name=_("owner")
    )

    meeting_at = models.DateTimeField(_("meeting"), null=True, blank=True)
    office = models.ForeignKey(Office, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("office"))
    callback_at = models.DateTimeField(_("call back"), null=True, blank=True)

    # Facts the source report counts: the first time each was reached. Written once.
    reached_meeting_at = models.DateTimeField(null=True, blank=True)
    reached_visit_at = models.DateTimeField(null=True, blank=True)
    reached_contract_at = models.DateTimeField(null=True, blank=True)
    reached_prepaid_at = models.DateTimeField(null=True, blank=True)
    no_show_at = models.DateTimeField(null=True, blank=True)

    # The zone's name, kept beside city and number so that the queue can ask for whom it is daytime now.
    client_zone = models.CharField(max_length=64, default="", blank=True, editable=False)
    missed_call_at = models.DateTimeField(null=True, blank=True)  # the client called in vain; empty once called back
    handed_at = models.DateTimeField(null=True, blank=True)  # given out by the product and not worked since
    passed_by = models.ForeignKey(  # who had it last and did not work it: distribution goes on to another
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    call_escalated_at = models.DateTimeField(null=True, blank=True)  # managers were told that nobody has called

    touches_count = models.PositiveIntegerField(_("touches"), default=0)
    first_touch_at = models.DateTimeField(null=True, blank=True)
    last_touch_at = models.DateTimeField(null=True, blank=True)
    search_text = models.TextField(editable=False, default="", blank=True)

    objects = LeadQuerySet.as_manager()

    class Meta:
        verbose_name = _("lead")
        verbose_name_plural = _("leads")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=Status.values), name="lead_status_is_known"),
            models.CheckConstraint(
                condition=Q(status=Status.JUNK, junk_reason__in=JunkReason.values)
                | (~Q(status=Status.JUNK) & Q(junk_reason="")),
                name="lead_has_a_reason_iff_junk",
            ),
            models.CheckConstraint(
                condition=Q(junk_reason=JunkReason.DUPLICATE, duplicate_of__isnull=False)
                | (~Q(junk_reason=JunkReason.DUPLICATE) & Q(duplicate_of__isnull=True)),
                name="lead_names_its_original_iff_duplicate",
            ),
            models.CheckConstraint(
                condition=Q(duplicate_of__isnull=True) | ~Q(duplicate_of=F("pk")), name="lead_is_not_its_own_duplicate"
            ),
            models.UniqueConstraint(
                fields=["contact"],
                condition=Q(duplicate_of__isnull=True, retired_at__isnull=True, contact__isnull=False),
                name="one_original_lead_per_contact",
            ),
            models.UniqueConstraint(
                fields=["api_key", "external_id"], condition=~Q(external_id=""), name="lead_external_id_once_per_key"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=SIGNED) | Q(reached_contract_at__isnull=False), name="signed_lead_has_milestone"
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.CONTRACT_PREPAID) | Q(reached_prepaid_at__isnull=False),
                name="prepaid_lead_has_milestone",
            ),
            models.CheckConstraint(
                condition=Q(reached_prepaid_at__isnull=True) | Q(reached_contract_at__isnull=False),
                name="prepaid_contract_is_a_contract",
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="leads_by_arrival"),
            models.Index(fields=["status", "-created_at"], name="leads_by_status"),
            models.Index(fields=["responsible", "status", "-created_at"], name="leads_of_responsible"),
            models.Index(fields=["source", "-created_at"], name="leads_by_source"),
            models.Index(fields=["-status_changed_at", "-id"], name="leads_by_status_change"),
            models.Index(
                fields=["reached_meeting_at"],
                condition=Q(reached_meeting_at__isnull=False),
                name="leads_reached_meeting",
            ),
            models.Index(
                fields=["reached_visit_at"], condition=Q(reached_visit_at__isnull=False), name="leads_reached_visit"
            ),
            models.Index(
                fields=["reached_contract_at"],
                condition=Q(reached_contract_at__isnull=False),
                name="leads_reached_contr",
            ),
            models.Index(
                fields=["reached_prepaid_at"],
                condition=Q(reached_prepaid_at__isnull=False),
                name="leads_reached_prepaid",
            ),
            models.Index(fields=["no_show_at"], condition=Q(no_show_at__isnull=False), name="leads_no_show"),
            models.Index(
                fields=["created_at"],
                condition=Q(responsible__isnull=True, duplicate_of__isnull=True) & ~Q(status__in=CLOSED),
                name="leads_in_pool",
            ),
            models.Index(fields=["handed_at"], condition=Q(handed_at__isnull=False), name="leads_handed_out"),
            models.Index(
                fields=["created_at"],
                condition=Q(status=Status.NEW, first_touch_at__isnull=True, call_escalated_at__isnull=True),
                name="leads_not_called",
            ),
            models.Index(fields=["source_raw"], condition=~Q(source_raw=""), name="leads_by_raw_source"),
        ]

    def __str__(self) -> str:
        return f"№ {self.pk} {self.name or self.phone_raw}".strip()

    @property
    def is_duplicate(self) -> bool:
        return self.duplicate_of_id is not None

    @property
    def phone(self) -> str | None:
        """E.164, or None while the number given is no phone."""
        return self.contact.phone if self.contact_id and self.contact else None

    @property
    def phone_valid(self) -> bool:
        return self.contact_id is not None

    @property
    def do_not_call(self) -> bool:
        return bool(self.contact and self.contact.do_not_call)

    @property
    def zone(self) -> ZoneInfo:
        """The client's time zone: the given city's, else the number's if it has exactly one, else the firm's."""
        return zone_for(city=self.city, phone=self.phone, firm=ZoneInfo(settings.TIME_ZONE))

    def derive(self) -> None:
        """Bring the columns that are made from others up to date, after name, e-mail, city or number have changed."""
        self.search_text = self.make_search_text()
        self.client_zone = self.zone.key

    def make_search_text(self) -> str:
        """What `search` looks through, folded; phones are found by the contact's number."""
        return fold(" ".join(filter(None, (self.name, self.email, self.city, self.phone_raw))))

    def as_stay(self, *, deal: Any = None) -> Stay:
        """What tasks need to know of this lead. `deal` is its deal, if tasks may belong on it."""
        anchors = {
            Anchor.ENTRY: self.status_changed_at,
            Anchor.MEETING: self.meeting_at,
            Anchor.CALLBACK: self.callback_at,
        }
        return Stay(
            lead_id=self.pk,
            status=self.status,
            number=self.stay,
            zone=self.zone,
            anchors={anchor: moment for anchor, moment in anchors.items() if moment is not None},
            assignee_id=self.responsible_id,
            deal_id=deal.pk if deal else None,
            deal_assignee_id=deal.responsible_id if deal else None,
            do_not_call=self.do_not_call,
        )
