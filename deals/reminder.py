"""What is said to a client who has not brought all documents, by which messengers, and why not. Only reads."""

from __future__ import annotations

from django.utils.translation import gettext as _

from contacts.messengers import LONGEST_MESSAGE, render
from contacts.models import MessageTemplate
from contacts.ways import Way, ways_to
from deals.documents import Checklist
from deals.models import Deal
from deals.shipped import REMINDER
from tasks.models import Kind
from team.models import User


def reminder(deal: Deal, documents: Checklist, *, by: User) -> str:
    """The catalogue's text for it, or the shipped one, with the missing documents a line each. One query.

    The client reads it: in Russian, whatever the reader's language is.
    """
    template = MessageTemplate.objects.filter(active=True, task_kind=Kind.COLLECT_DOCUMENTS).first()
    values = {
        "name": deal.contact.name if deal.contact else "",
        "operator": str(by),
        "documents": "\n".join(f"— {item.kind.name}" for item in documents.missing),
    }
    return render(template.text if template else REMINDER, values).text[:LONGEST_MESSAGE]


def why_not_to_write(deal: Deal) -> str:
    """The sentence why this client gets no message from here; empty if they may."""
    if deal.contact is None:
        return _("There is no number to write to.")
    if deal.contact.do_not_call:
        return _("The client asked not to be called.")
    return ""


def ways_of(deal: Deal) -> list[Way]:
    """The messengers with their links to the client; none if they get no message. At most one query."""
    return [] if why_not_to_write(deal) or deal.contact is None else ways_to(deal.contact.phone)
