"""The card of a number, put together here because it shows leads and deals as well (`contacts/urls.py`)."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from contacts.models import Contact
from contacts.zones import zone_for
from crm import clock
from leads.contact_card import card_of
from leads.views.answers import viewer
from team.roles import Right, may


@login_required
@require_safe
def contact_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """All leads of the number with their touches and tasks, and its deals, as far as this person may see them."""
    by = viewer(request)
    contact = get_object_or_404(Contact.objects.visible_to(by), pk=pk)
    shown = {
        "contact": contact,
        "card": card_of(contact, by),
        "may_work": may(by, Right.WORK_LEADS),
        "may_renumber": may(by, Right.ASSIGN),
        **_clocks(contact),
    }
    return render(request, "contacts/card.html", shown)


def _clocks(contact: Contact) -> dict[str, Any]:
    """The client's time, and whether it differs from the firm's."""
    now, firm = clock.now(), ZoneInfo(settings.TIME_ZONE)
    theirs = now.astimezone(zone_for(city=contact.city, phone=contact.phone, firm=firm))
    return {"zone_now": theirs.strftime("%H:%M"), "other_zone": theirs.utcoffset() != now.astimezone(firm).utcoffset()}
