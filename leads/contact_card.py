"""Everything about one number: its leads with duplicates and rejects, deals, touches over all leads, open tasks.

Only what the person may see, in a fixed number of queries. Read here, because leads are the highest of what it shows.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from contacts.links import Linked, linked_to
from contacts.models import Contact
from deals.models import Deal
from leads.lines import Line, lines
from leads.models import Lead, Touch
from leads.pipeline import Status
from leads.timeline import Entry
from tasks.models import Task
from team.models import User

TOUCHES = 30


@dataclass(frozen=True)
class Card:
    """What the card shows of `contact` to one person."""

    leads: list[Lead]
    deals: list[Deal]
    tasks: list[Task]
    touches: list[Line]
    touches_count: int
    linked: list[Linked]

    @property
    def message_url(self) -> str:
        """The page that writes to the client about the lead in work, and leads back here; empty without one."""
        workable = (lead for lead in self.leads if not lead.is_duplicate and lead.status != Status.JUNK)
        lead = next(workable, None)
        if lead is None:
            return ""
        back = urlencode({"next": reverse("contact-detail", args=[lead.contact_id])})
        return f"{reverse('lead-message', args=[lead.pk])}?{back}"

    @property
    def deal_seen(self) -> Deal | None:
        """The deal of which an operator sees no more than the number and the stage (`reliability.md` A10)."""
        return next((lead.deal for lead in self.leads if hasattr(lead, "deal")), None)


def card_of(contact: Contact, user: User) -> Card:
    """Eight queries at most. Leads newest first; the TOUCHES newest touches."""
    leads = list(Lead.objects.visible_to(user).filter(contact=contact).with_card())
    ids = [lead.pk for lead in leads]
    deals = list(Deal.objects.visible_to(user).filter(contact=contact).with_card())
    theirs = Q(lead__in=ids) | Q(deal__in=[deal.pk for deal in deals])
    touches = Touch.objects.filter(lead__in=ids).select_related("by", "lead")
    return Card(
        leads=leads,
        deals=deals,
        tasks=list(Task.objects.open().filter(theirs).order_by("due_at", "pk")),
        touches=[_line(touch) for touch in touches[:TOUCHES]],
        touches_count=sum(lead.touches_count for lead in leads),
        linked=linked_to(contact, user),
    )


def _line(touch: Touch) -> Line:
    """A touch as the lead's own card shows it, with the lead's number instead of the touch's."""
    told = {
        "channel": touch.channel,
        "direction": touch.direction,
        "outcome": touch.outcome,
        "comment": touch.comment,
        "recording_url": touch.recording_url,
        "number": "",
        "undone": False,
    }
    line = lines([Entry("touch", touch.at, touch.by, str(touch), told)], touch.lead)[0]
    line.tag = _("lead № %(id)s") % {"id": touch.lead_id}
    return line
