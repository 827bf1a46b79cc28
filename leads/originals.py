"""Which lead a later application on a number belongs to (`domain.md`, Duplicates): the card's original, locked.

Cards joined by hand lead to the other number's original; by the intake policy an old one makes room for a new one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q

from contacts.models import Contact
from crm.transactions import require_transaction
from history.actions import note
from history.models import Event
from leads.models import IntakePolicy, Lead
from leads.pipeline import CLOSED
from outbox.actions import mark


def meet_original(contact: Contact, *, arrived_at: datetime, at: datetime) -> Lead | None:
    """Whose duplicate a lead that arrives on a locked card is: its locked original, or None if it is one itself.

    An original closed too long ago makes room by the intake policy; `at` is when that is done.
    """
    original = lock_original(contact)
    if original is None or not is_bygone(original, at=arrived_at):
        return original
    retire(original, contact, at=at)
    return None


def lock_original(contact: Contact) -> Lead | None:
    """The original lead of a locked card, locked too; None if the next application on its number is one.

    A card whose lead was marked by hand as a duplicate of another number's has that number's original.
    """
    require_transaction()
    contact_id = contact.pk
    while True:
        leads = Lead.objects.filter(contact_id=contact_id, retired_at__isnull=True)
        its_own_first = leads.annotate(own=Q(duplicate_of__isnull=True)).order_by("-own", "-pk")
        found = its_own_first.values_list("pk", "duplicate_of_id").first()
        if found is None:
            return None
        lead = Lead.objects.select_for_update(no_key=True).get(pk=found[1] or found[0])
        if lead.duplicate_of_id is None and lead.retired_at is None:
            return lead
        if lead.retired_at is not None:  # a newer application on the original's own number has taken its place
            if lead.contact_id == contact_id or lead.contact_id is None:
                return None
            contact_id = lead.contact_id
        # Else it became a duplicate while we waited for its lock: look again.


def lock_originals(contacts: Iterable[Contact]) -> dict[int, Lead]:
    """contact id -> its locked original, for a batch: in sets, and one by one where a number was joined by hand."""
    by_id = {contact.pk: contact for contact in contacts}
    locked = Lead.objects.originals().filter(contact_id__in=by_id).order_by("pk").select_for_update(no_key=True)
    originals = {lead.contact_id: lead for lead in locked if lead.contact_id is not None}
    joined = Lead.objects.filter(contact_id__in=by_id.keys() - originals.keys(), duplicate_of__isnull=False)
    for contact_id in sorted(set(joined.values_list("contact_id", flat=True))):
        if contact_id is not None and (original := lock_original(by_id[contact_id])):
            originals[contact_id] = original
    return originals


def originals_of(contacts: Iterable[Contact]) -> dict[int, Lead]:
    """The same without locks, to tell what would happen: contact id -> its original, one joined by hand too."""
    ids = [contact.pk for contact in contacts]
    leads = Lead.objects.filter(contact_id__in=ids, retired_at__isnull=True).select_related("duplicate_of")
    originals: dict[int, Lead] = {}
    for lead in leads.order_by("pk"):
        original = lead.duplicate_of or lead
        if lead.contact_id is not None and (lead.duplicate_of is None or lead.contact_id not in originals):
            originals[lead.contact_id] = original
    return originals


def lock_again(lead: Lead) -> Lead:
    """The row as it stands, locked: within a batch an original may have heard of another repeat just before."""
    return Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)


def is_bygone(original: Lead, *, at: datetime) -> bool:
    """Was the original closed so long ago that, by the intake policy, a new application starts afresh?"""
    if original.status not in CLOSED:
        return False
    days = IntakePolicy.current().new_original_after_days
    return days is not None and original.status_changed_at <= at - timedelta(days=days)


def retire(original: Lead, contact: Contact, *, at: datetime) -> None:
    """Let an old original of this card make room for a new one. Its status, deal and milestones stay."""
    if original.contact_id != contact.pk:
        return  # joined by hand: the other number keeps its original, this card gets its own
    original.retired_at = at
    original.version += 1
    original.save(update_fields=["retired_at", "version"])
    note(Event.Kind.RETIRED, at=at, lead_id=original.pk)
    mark("lead", original.pk)
