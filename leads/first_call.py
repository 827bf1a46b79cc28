"""New leads that nobody calls: the managers hear of each once, counted in the client's calling hours."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from crm import clock
from crm.transactions import verb
from leads.models import Lead, LeadQuerySet
from leads.pipeline import Status
from tasks.models import CallingHours, EscalationPolicy
from tasks.worktime import open_time_between
from team.models import NoticeKind
from team.notices import managers, tell_of_heap

AT_ONCE = 1000


def not_called(before: datetime) -> LeadQuerySet:
    """New leads that arrived until `before`, that nobody has called and nobody was told of, the oldest first.

    Who asked not to be called waits for no call.
    """
    waiting = Lead.objects.originals().filter(
        status=Status.NEW, first_touch_at__isnull=True, call_escalated_at__isnull=True, created_at__lte=before
    )
    return waiting.filter(contact__do_not_call_at__isnull=True).order_by("created_at", "pk").select_related("contact")


@verb
def escalate_uncalled() -> int:
    """Tell the managers of new leads not called within the policy's minutes. Returns how many became known."""
    at = clock.now()
    patience = timedelta(minutes=EscalationPolicy.current().first_call_minutes)
    hours = CallingHours.current().as_hours()
    told, oldest = 0, None
    after = Q()
    # Those whose clients still sleep are passed over, however many they are: they come again at the next run.
    while rows := _locked(not_called(at - patience).filter(after)):
        late = [lead for lead in rows if open_time_between(lead.created_at, at, lead.zone, hours) >= patience]
        Lead.objects.filter(pk__in=[lead.pk for lead in late]).update(call_escalated_at=at)
        told, oldest = told + len(late), oldest or next(iter(late), None)
        last = rows[-1]
        after = Q(created_at__gte=last.created_at) & (Q(created_at__gt=last.created_at) | Q(pk__gt=last.pk))
    if oldest is not None:
        tell_of_heap(managers(), NoticeKind.NOT_CALLED, count=told, at=at, lead=oldest.pk, name=oldest.name)
    return told


def _locked(leads: LeadQuerySet) -> list[Lead]:
    """The first AT_ONCE of them, locked; what another run has just claimed is left out."""
    return list(leads.select_for_update(of=("self",), no_key=True, skip_locked=True)[:AT_ONCE])
