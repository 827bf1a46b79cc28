"""Writing to a client of a lead: by which messengers, with which texts, and why not.

Only reads. What was sent is a touch like any other (`leads/touches.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from contacts.messengers import Rendered, render
from contacts.models import MessageTemplate, Messenger
from leads.models import Lead, Office
from leads.pipeline import Status
from leads.touch_policy import Channel
from tasks.models import Kind
from team.models import User

BY_LINK = (Channel.WHATSAPP, Channel.TELEGRAM, Channel.MAX, Channel.SMS)
"""Channels that a messenger of the catalogue can stand for."""
WRITTEN = (Kind.CONTACT_CLIENT, Kind.WRITE_MESSENGER, Kind.SEND_ADDRESS, Kind.CONFIRM_MEETING, Kind.UPDATE_NEED)
"""Kinds of tasks that are done by writing, or can be."""
CLIENTS_LANGUAGE = "ru"


def messengers_in_use() -> list[Messenger]:
    """The messengers that may be chosen, in their order. One query."""
    return list(Messenger.objects.filter(active=True, code__in=BY_LINK))


def channels_to_write(messengers: Iterable[Messenger]) -> list[tuple[str, str]]:
    """The channels of a message that can be recorded, as choices: the messengers in use, and e-mail."""
    return [*((row.code, row.name) for row in messengers), (Channel.EMAIL.value, str(Channel.EMAIL.label))]


def why_not_to_write(lead: Lead) -> str:
    """The sentence why this lead's client gets no message from here; empty if they may. A duplicate is never asked."""
    if not lead.phone_valid:
        return _("There is no number to write to.")
    if lead.do_not_call:
        return _("The client asked not to be called.")
    if lead.status == Status.JUNK:
        return _("The lead is rejected. To write to the client, reopen it.")
    return ""


@dataclass(frozen=True)
class Text:
    """A template that is offered, as it reads for this lead."""

    template: MessageTemplate
    rendered: Rendered


def texts_for(lead: Lead, *, by: User) -> list[Text]:
    """The templates offered at the lead's status, its own before those for any status. At most two queries."""
    rows = MessageTemplate.objects.filter(Q(messenger=None) | Q(messenger__active=True), active=True)
    rows = rows.filter(task_kind__in=("", *WRITTEN))
    found = list(rows.filter(status__in=(lead.status, "")).select_related("messenger"))
    found.sort(key=lambda row: not row.status)  # stable: the order of the catalogue within each
    values = values_of(lead, by=by) if found else {}
    return [Text(row, render(row.text, values)) for row in found]


def values_of(lead: Lead, *, by: User) -> dict[str, str]:
    """What the variables of a text stand for; empty where there is no such fact. At most one query.

    Times are of the client's clock, in the language of clients whatever the reader's is.
    """
    values = {"name": lead.name or (lead.contact.name if lead.contact else ""), "operator": str(by)}
    if lead.status == Status.MEETING and lead.meeting_at is not None:
        values |= _when(lead.meeting_at, lead.zone)
        office = lead.office or Office.objects.filter(active=True).first()
        if office is not None:
            values |= {"office": office.name, "address": office.address}
    return values


def what_is_missing(names: Iterable[str]) -> str:
    """Variables without a value in words: «имя, адрес офиса»."""
    words = {
        "name": _("the name"),
        "operator": _("your name"),
        "office": _("the office"),
        "address": _("the address of the office"),
        "meeting": _("the time of the meeting"),
        "date": _("the time of the meeting"),
        "time": _("the time of the meeting"),
        "documents": _("the documents of the deal"),
    }
    return ", ".join(dict.fromkeys(words[name] for name in names))


def _when(moment: datetime, zone: ZoneInfo) -> dict[str, str]:
    """«24 ноября в 15:00» and its parts."""
    local = moment.astimezone(zone)
    with override(CLIENTS_LANGUAGE):
        day, hour = date_format(local, "j E"), date_format(local, "H:i")
        return {"date": day, "time": hour, "meeting": _("%(date)s at %(time)s") % {"date": day, "time": hour}}


def chosen_text(texts: Sequence[Text], *, template: str = "", task_kind: str = "") -> Text | None:
    """The text with that id, else the one for that kind of task, else the first; None if there are none."""
    for text in texts:
        if str(text.template.pk) == template:
            return text
    fitting = [text for text in texts if task_kind and text.template.task_kind == task_kind]
    return next(iter(fitting or texts), None)
