"""What the source report keeps counted, so that it need not count all leads each time (`reports.tallies`).

These rows repeat what leads say and are nobody's truth: they may be thrown away and counted anew at any time. They name
sources and people by number only, so that merging a source or a person's leaving changes them through leads alone.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Coalesce

from crm.singletons import Singleton


class LeadChange(models.Model):
    """A lead as it was (sign -1) or has become (+1), not yet in the tallies. Written by triggers (`reports.triggers`).

    The columns are named as on the lead, so that the same conditions count both.
    """

    sign = models.SmallIntegerField()
    created_at = models.DateTimeField()
    source = models.BigIntegerField()
    responsible = models.BigIntegerField(null=True)
    city = models.CharField(max_length=100, blank=True)
    junk_reason = models.CharField(max_length=20, blank=True)
    reached_meeting_at = models.DateTimeField(null=True)
    reached_visit_at = models.DateTimeField(null=True)
    reached_contract_at = models.DateTimeField(null=True)
    reached_prepaid_at = models.DateTimeField(null=True)
    no_show_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(sign__in=(-1, 1)), name="lead_change_adds_or_takes_away")]

    def __str__(self) -> str:
        return f"{self.sign:+d} {self.created_at}"


class Tally(models.Model):
    """The counts of one day, or of one whole month, of one source, responsible and city, on one basis.

    `day` is a day of the firm's calendar, of a month the first. `junk_reason` is `duplicate` or empty for all others.
    """

    basis = models.CharField(max_length=10)
    is_month = models.BooleanField()
    day = models.DateField()
    source = models.BigIntegerField()
    responsible = models.BigIntegerField(null=True)
    city = models.CharField(max_length=100, blank=True)
    junk_reason = models.CharField(max_length=20, blank=True)
    leads = models.IntegerField(default=0)
    appointments = models.IntegerField(default=0)
    visits = models.IntegerField(default=0)
    contracts = models.IntegerField(default=0)
    contracts_prepaid = models.IntegerField(default=0)
    no_shows = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "basis",
                "is_month",
                "day",
                "source",
                Coalesce("responsible", Value(0)),
                "city",
                "junk_reason",
                name="one_tally_per_cell",
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.basis}"


class Tallying(Singleton):
    """Whether the tallies may be read: they were counted in the firm's days of this zone; empty: they may not.

    Its row is what writers of the tallies lock.
    """

    zone = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="tallying_is_one_row")]

    def __str__(self) -> str:
        return self.zone
