"""The list of leads."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm.templatetags.crm_format import number
from leads.attention import Attention
from leads.board import people_of_call_centre
from leads.listing import DEFAULT_SORT, DUPLICATES, EXACT, TASKS, Leads, tabs
from leads.pipeline import JunkReason, Status
from leads.views.answers import viewer
from sources.models import Source
from team.roles import Right, may

NOBODY, ME = "none", "me"


@login_required
@require_safe
def lead_list(request: HttpRequest) -> HttpResponse:
    """Every filter, the order and the page are in the address."""
    leads = Leads(request)
    by = viewer(request)
    page = leads.page()
    sources = [(source.code, source.name) for source in Source.objects.all()]
    people = [(str(person.pk), str(person)) for person in people_of_call_centre()] if may(by, Right.SEE_ALL) else []
    choices = {
        "status": [(status.value, str(status.label)) for status in Status],
        "junk_reason": [(reason.value, str(reason.label)) for reason in JunkReason],
        "source": sources,
        "responsible": [(ME, _("Me")), (NOBODY, _("Nobody")), *people],
        "task": [(code, str(label)) for code, label in TASKS.items()],
        "attention": [(what.value, str(what.label)) for what in Attention],
        "meeting": [("week", _("This week"))],
        "duplicates": [(code, str(label)) for code, label in DUPLICATES.items()],
    }
    count = page.paginator.count
    context = {
        "leads": leads,
        "page": page,
        "rows": leads.shown(page.object_list),
        "total": _("more than %(count)s") % {"count": number(EXACT)} if count > EXACT else "",
        "count": count,
        "chips": leads.chips({name: dict(pairs) for name, pairs in choices.items()}),
        "choices": choices,
        "tabs": tabs(by, leads),
        "default_sort": DEFAULT_SORT,
        "may_create": may(by, Right.WORK_LEADS),
        "clear_url": "?show=all" if leads.query.get("show") == "all" else "?",
    }
    return render(request, "leads/list.html", context)
