"""Who has a number already, told to whoever types it into a new lead; of others' clients no more than they may know."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from django.conf import settings

from contacts.models import Contact
from contacts.phones import NOT_RECOGNISED, parse
from contacts.zones import city_of, zone_for
from crm import clock
from leads.models import Lead
from leads.originals import is_bygone
from team.models import User

WHOLE = 10  # digits from which on a number may be typed to its end
EARLIER = 3


@dataclass(frozen=True)
class Known:
    """The lead that a new application on the number would be a duplicate of; the lock and the last word are intake's.

    Of a colleague's lead one learns only the number, the status and who has it.
    """

    original: Lead
    is_visible: bool


@dataclass(frozen=True)
class Checked:
    """What is told of a number. `phone` is E.164, empty for what is none; then `refusal` may say so."""

    phone: str = ""
    refusal: str = ""
    city: str = ""  # of a landline's code
    local_time: str = ""  # empty where it is as in the office
    contact: Contact | None = None  # if it may be opened
    known: Known | None = None
    earlier: list[Lead] = field(default_factory=list)  # those they see, but for the original


def check_number(typed: str, viewer: User) -> Checked:
    """What `viewer` may know of a number while it is typed, in any spelling. At most six queries.

    Nothing before there are WHOLE digits.
    """
    number = parse(typed).main
    if number is None:
        unfinished = len(re.sub(r"\D", "", typed)) < WHOLE
        return Checked(refusal="" if unfinished else str(NOT_RECOGNISED))
    card = Contact.objects.filter(phone=number).first()
    leads = _leads_of(card) if card else []
    known = _known(leads, viewer)
    seen: list[Lead] = []
    if leads:
        seen = list(Lead.objects.visible_to(viewer).filter(pk__in=[row.pk for row in leads]).order_by("-pk"))
        seen = [row for row in seen if known is None or row.pk != known.original.pk]
    is_open = card is not None and Contact.objects.visible_to(viewer).filter(pk=card.pk).exists()
    city = city_of(number)
    return Checked(
        phone=number,
        city=city,
        local_time=_local_time(city, number),
        contact=card if is_open else None,
        known=known,
        earlier=seen[:EARLIER],
    )


def _leads_of(card: Contact) -> list[Lead]:
    return list(Lead.objects.filter(contact=card, retired_at__isnull=True))


def _known(leads: list[Lead], viewer: User) -> Known | None:
    rows = sorted(leads, key=lambda row: (row.duplicate_of_id is None, row.pk), reverse=True)
    if not rows:
        return None
    original_id = rows[0].duplicate_of_id or rows[0].pk
    original = Lead.objects.select_related("responsible", "source").get(pk=original_id)
    if original.retired_at is not None or is_bygone(original, at=clock.now()):
        return None
    return Known(original, Lead.objects.visible_to(viewer).filter(pk=original.pk).exists())


def _local_time(city: str, number: str) -> str:
    now, firm = clock.now(), ZoneInfo(settings.TIME_ZONE)
    theirs = now.astimezone(zone_for(city=city, phone=number, firm=firm))
    return "" if theirs.utcoffset() == now.astimezone(firm).utcoffset() else theirs.strftime("%H:%M")
