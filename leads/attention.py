"""What a head of the call centre has to look at: kinds of leads on which something is wrong, each as one condition.

The team's page counts these conditions and the list is filtered by the same ones, so the two cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import django_filters as filters
from django.db.models import Exists, OuterRef, Q, TextChoices
from django.utils.translation import gettext_lazy as _

from crm import clock
from leads.counting import midnight, this_day
from leads.models import Lead, LeadQuerySet, Touch, TouchPolicy
from leads.pipeline import OPEN, Status
from leads.touch_policy import progress
from tasks.models import Kind, Task


class Attention(TextChoices):
    NOT_CALLED = "not_called", _("New leads that nobody has called in time")
    UNASSIGNED = "unassigned", _("Leads without an owner")
    UNCONFIRMED = "unconfirmed", _("Meetings today that are not confirmed")
    NO_TASK = "no_task", _("Leads without a task")
    NO_ANSWER = "no_answer", _("Ready for “Could not reach”")
    POSTPONED = "postponed", _("Postponed, and the time has come")


URGENT = (Attention.NOT_CALLED, Attention.UNASSIGNED, Attention.UNCONFIRMED)
_OPEN = Q(status__in=OPEN)


def _not_called(_at: datetime) -> Q:
    """Those of which the managers were told: the minutes of the policy, in the client's calling hours, are over."""
    return Q(status=Status.NEW, first_touch_at__isnull=True, call_escalated_at__isnull=False)


def _unassigned(_at: datetime) -> Q:
    return _OPEN & Q(responsible__isnull=True)


def _unconfirmed(_at: datetime) -> Q:
    today = this_day()
    confirm = Task.objects.open().filter(lead_id=OuterRef("pk"), kind=Kind.CONFIRM_MEETING)
    return Q(
        Exists(confirm),
        status=Status.MEETING,
        meeting_at__gte=midnight(today),
        meeting_at__lt=midnight(today + timedelta(days=1)),
    )


def _no_task(_at: datetime) -> Q:
    return _OPEN & Q(~Exists(Task.objects.open().filter(lead_id=OuterRef("pk"))))


def _no_answer(at: datetime) -> Q:
    """Being called, and «Недозвон» is earned. Three queries: the policy asks more of the touches than SQL tells."""
    policy = TouchPolicy.current().as_policy()
    called = Lead.objects.originals().filter(status=Status.DIALING, touches_count__gte=policy.touches)
    leads = {lead.pk: lead for lead in called.select_related("contact")}
    touches: dict[int, list[Touch]] = {pk: [] for pk in leads}
    for touch in Touch.objects.filter(lead__in=called).order_by("at", "pk"):
        if touch.lead_id in leads and touch.at >= leads[touch.lead_id].opened_at:
            touches[touch.lead_id].append(touch)
    earned = [
        pk
        for pk, lead in leads.items()
        if progress(policy, touches[pk], opened_at=lead.opened_at, zone=lead.zone, at=at).earned
    ]
    return Q(pk__in=earned)


def _postponed(at: datetime) -> Q:
    return Q(status=Status.POSTPONED, callback_at__lt=at)


_CONDITIONS: dict[Attention, Callable[[datetime], Q]] = {
    Attention.NOT_CALLED: _not_called,
    Attention.UNASSIGNED: _unassigned,
    Attention.UNCONFIRMED: _unconfirmed,
    Attention.NO_TASK: _no_task,
    Attention.NO_ANSWER: _no_answer,
    Attention.POSTPONED: _postponed,
}


def wanting(leads: LeadQuerySet, what: Attention, *, at: datetime) -> LeadQuerySet:
    """The leads on which `what` is so at `at`."""
    return leads.filter(_CONDITIONS[what](at))


class AttentionFilter(filters.ChoiceFilter):
    """The list behind a line of the team's page."""

    def filter(self, qs: Any, value: str) -> Any:
        return wanting(qs, Attention(value), at=clock.now()) if value else qs
