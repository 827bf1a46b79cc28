"""Another number for a card: only by a head, since a card is known by its number, and all of its leads go along."""

from __future__ import annotations

from django.utils.translation import gettext as _

from contacts.actions import lock_card, renumber
from contacts.models import Contact
from contacts.phones import parse, refusal_text
from crm import clock
from crm.errors import Forbidden, Invalid
from crm.transactions import verb
from leads.models import Lead
from outbox.actions import mark_all
from tasks.actions import refit
from team.models import User
from team.roles import Right, may


@verb
def change_number(contact_id: int, phone: str, *, by: User, version: int | None = None) -> Contact:
    """Let a card be known by another number, in any spelling. Its leads keep their card, with the number's zone.

    The old number is free then: an application on it is a new lead. Raises Contact.DoesNotExist, Forbidden, Refused
    `stale`, Invalid (`phone`) for what is no number or has a card already.
    """
    if not may(by, Right.ASSIGN):
        raise Forbidden(_("The number of a card is changed by the head of the call centre."))
    card = lock_card(contact_id, by=by, version=version)
    number = parse(phone)
    if number.main is None:
        raise Invalid({"phone": refusal_text(number.reason)})
    if number.main == card.phone:
        return card
    at = clock.now()
    renumber(card, number.main, by=by, at=at)
    leads = list(Lead.objects.filter(contact=card).order_by("pk").select_for_update(no_key=True))
    for lead in leads:
        zone = lead.client_zone
        lead.contact = card
        lead.derive()
        if lead.client_zone != zone:
            lead.save(update_fields=["client_zone"])
            refit(lead.pk, at=at, zone=lead.zone, before=lead.meeting_at)
    mark_all(("lead", lead.pk) for lead in leads)
    return card
