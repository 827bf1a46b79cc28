"""The page of the mirror's state: on or off, the last success, what waits and until when, what needs a decision."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from bitrix24 import line, mirror
from bitrix24.models import Alarm, Hint, Line, Wiring
from crm.admin import OneRowAdmin
from outbox import delivery
from outbox.models import Link, Mark

MOST_ROWS = 50
PERSONAL = {
    "name": _("name"),
    "phone": _("phone"),
    "email": _("e-mail"),
    "city": _("city"),
    "comment": _("comment"),
    "debt": _("debt"),
    "recording": _("recording"),
}
NAMES = {
    "contact": _("Contact"),
    "lead": _("Lead"),
    "deal": _("Deal"),
    "task": _("Task"),
    "touch": _("Touch"),
    "source": _("Source"),
}
PAGES = {
    "contact": "admin:contacts_contact_change",
    "lead": "admin:leads_lead_change",
    "deal": "admin:deals_deal_change",
    "task": "admin:tasks_task_change",
    "touch": "admin:leads_touch_change",
    "source": "admin:sources_source_change",
}


@admin.register(Line)
class LineAdmin(OneRowAdmin):
    """The list is the state. Its form's one button means that the portal has been put right: sending begins anew."""

    fields = ("told_at", "paused_until", "stopped_at", "stopped_because")
    readonly_fields = fields

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        line.resume()
        messages.success(request, _t("Sending begins anew"))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show it. POST `do` with a mark's or alarm's `pk`: retry, skip, close; alone: retry_all, resume."""
        if request.method == "POST":
            self._decide(request)
            return HttpResponseRedirect(request.path)
        context = {**self.admin_site.each_context(request), "opts": self.opts, **state_of_mirror()}
        return TemplateResponse(request, "admin/bitrix24/line/state.html", context)

    def _decide(self, request: HttpRequest) -> None:
        wish, number = request.POST.get("do", ""), request.POST.get("pk", "")
        pk = int(number) if number.isascii() and number.isdigit() and len(number) < 16 else 0
        decisions: dict[str, tuple[Callable[[int], bool], str]] = {
            "retry": (delivery.retry, _t("Tried again")),
            "skip": (delivery.skip, _t("Not told until it changes")),
        }
        if wish in decisions:
            do, record = decisions[wish]
            mark = Mark.objects.filter(pk=pk).first()
            if mark is None or not do(pk):
                messages.error(request, _t("This does not wait for a decision."))
                return
            self.log_change(request, mark, record)
            messages.success(request, record)
        elif wish == "retry_all":
            line.resume()
            for mark in delivery.parked():
                if delivery.retry(mark.pk):
                    self.log_change(request, mark, _t("Tried again"))
            messages.success(request, _t("Tried again"))
        elif wish == "resume":
            line.resume()
            messages.success(request, _t("Sending begins anew"))
        elif wish == "close":
            line.close_alarm(pk)
            messages.success(request, _t("The alarm is closed"))


def state_of_mirror() -> dict[str, Any]:
    """What the page shows; figures, names of objects and the portal's words, no client's data. Eleven queries."""
    state = mirror.state()
    webhook = settings.BITRIX24_WEBHOOK
    links = Link.objects.aggregate(
        gone=Count("pk", filter=Q(gone_at__isnull=False)), different=Count("pk", filter=~Q(differs=""))
    )
    waiting = Mark.objects.filter(pending=True).order_by().values_list("kind").annotate(count=Count("pk"))
    return {
        "title": _t("Mirror to Bitrix24"),
        "state": state,
        "portal": (state.line.moved_to or webhook.portal) if webhook else "",
        "paused_until": _later(state.line.paused_until, state.at),
        "methods": sorted(_methods(state.line, state.at)),
        "ends_at": state.at + state.drained_in,
        "rate": settings.BITRIX24_RATE,
        "waiting": [(NAMES.get(kind, kind), count) for kind, count in waiting],
        "parked": [{"mark": mark, **_named(mark)} for mark in delivery.parked().order_by("parked_at")[:MOST_ROWS]],
        "alarms": Alarm.objects.filter(closed_at__isnull=True)[:MOST_ROWS],
        "hints": Hint.objects.count(),
        "hears": bool(settings.BITRIX24_APPLICATION_TOKEN),
        "personal": ", ".join(str(PERSONAL[word]) for word in settings.BITRIX24_PERSONAL_DATA) or "—",
        "read_at": Wiring.current().read_at,
        **links,
    }


def _later(moment: datetime | None, at: datetime) -> datetime | None:
    return moment if moment and moment > at else None


def _methods(known: Line, at: datetime) -> list[tuple[str, datetime]]:
    return [(method, until) for method in known.methods if (until := known.method_paused_until(method, at))]


def _named(mark: Mark) -> dict[str, Any]:
    try:
        url = reverse(PAGES[mark.kind], args=[mark.object_id])
    except (KeyError, NoReverseMatch):
        url = ""
    return {"name": f"{NAMES.get(mark.kind, mark.kind)} {mark.object_id}", "url": url}
