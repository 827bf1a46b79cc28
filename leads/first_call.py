"""New leads that nobody calls: the managers hear of each once, counted in the client's calling hours."""

from __future__ import annotations

from datetime import timedelta

from crm import clock
from crm.transactions import verb
from leads.models import Lead
from leads.pipeline import Status
from tasks.models import CallingHours, EscalationPolicy
from tasks.worktime import open_time_between
from team.models import NoticeKind
from team.notices import managers, tell_of_heap

AT_ONCE = 1000


@verb
def escalate_uncalled() -> int:
    """Tell the managers of new leads not called within the policy's minutes. Returns how many became known."""
    at = clock.now()
    patience = timedelta(minutes=EscalationPolicy.current().first_call_minutes)
    hours = CallingHours.current().as_hours()
    waiting = Lead.objects.originals().filter(
        status=Status.NEW, first_touch_at__isnull=True, call_escalated_at__isnull=True, created_at__lte=at - patience
    )
    rows = waiting.order_by("created_at", "pk").select_related("contact")
    late = [
        lead
        for lead in rows.select_for_update(of=("self",), no_key=True, skip_locked=True)[:AT_ONCE]
        if not lead.do_not_call and open_time_between(lead.created_at, at, lead.zone, hours) >= patience
    ]
    Lead.objects.filter(pk__in=[lead.pk for lead in late]).update(call_escalated_at=at)
    if late:
        tell_of_heap(managers(), NoticeKind.NOT_CALLED, count=len(late), at=at, lead=late[0].pk, name=late[0].name)
    return len(late)
