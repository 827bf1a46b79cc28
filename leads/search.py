"""The search of the top bar: a phone in any spelling or its end, a name, the number of a lead, a deal or a contract.

Only what the person may see is found. Of a client whom a colleague works an operator learns no more than with whom
they are, and only by the whole number (`reliability.md` A03).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from django.db.models import Q

from contacts.forms import whose
from contacts.models import Contact
from crm.text import clean
from deals.models import Deal
from leads.filters import Search
from leads.models import Lead
from team.models import User
from team.roles import Right, may

MOST = 20
"""Rows of each kind; who finds more types more."""

_DEAL_NUMBER = re.compile(r"[дdДD]\s*[-–—№]?\s*0*(\d{1,18})")


@dataclass(frozen=True)
class Found:
    """What a search brought. `opens` is the lead or deal that a whole number leads to at once."""

    leads: list[Lead] = field(default_factory=list)
    deals: list[Deal] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    opens: Lead | Deal | None = None
    worked_by: User | None = None  # a colleague has the client with exactly this number

    @property
    def is_empty(self) -> bool:
        return not (self.leads or self.deals or self.contacts or self.worked_by)


def find(query: str, *, by: User) -> Found:
    """Search for `by`. At most five queries. Raises ValueError with a sentence beyond 200 characters or 10 words."""
    search = Search.read(query)
    if not search.words:
        return Found()
    if search.phone:
        return _by_phone(search.phone, by)
    deals = Deal.objects.visible_to(by).with_card()
    text = clean(query)
    if match := _DEAL_NUMBER.fullmatch(text):
        return Found(deals=list(deals.filter(Q(pk=int(match[1])) | Q(contract_number__icontains=text))[:MOST]))
    leads = Lead.objects.visible_to(by).filter(search.condition() | whose(query, "contact__")).with_card()
    return Found(
        leads=_with_number_first(list(leads[:MOST]), text, by),
        deals=list(deals.filter(Q(contract_number__icontains=text) | whose(query, "contact__"))[:MOST]),
        contacts=list(Contact.objects.visible_to(by).filter(whose(query))[:MOST]),
    )


def _with_number_first(leads: list[Lead], text: str, by: User) -> list[Lead]:
    """The lead that has `text` as its number leads the list, however many newer ones have it in their phones."""
    digits = text.lstrip("№# ")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 18):
        return leads
    exact = [lead for lead in leads if lead.pk == int(digits)]
    if not exact:
        exact = list(Lead.objects.visible_to(by).filter(pk=int(digits)).with_card())
    return (exact + [lead for lead in leads if lead not in exact])[:MOST]


def _by_phone(phone: str, by: User) -> Found:
    """Whose number this is; the original among the leads (for a lawyer, the deal) opens at once."""
    leads = list(Lead.objects.visible_to(by).filter(contact__phone=phone).with_card()[:MOST])
    deals = list(Deal.objects.visible_to(by).filter(contact__phone=phone).with_card()[:MOST])
    contacts = list(Contact.objects.visible_to(by).filter(phone=phone))
    opens: Lead | Deal | None = None
    if may(by, Right.WORK_LEADS):
        opens = next((lead for lead in leads if not lead.is_duplicate and lead.retired_at is None), None)
    elif len(deals) == 1:
        opens = deals[0]
    return Found(leads, deals, contacts, opens, None if opens else _worked_by(phone, by))


def _worked_by(phone: str, by: User) -> User | None:
    """Who has the original of this number, for an operator who may not see it."""
    if not may(by, Right.WORK_LEADS):
        return None
    original = Lead.objects.originals().filter(contact__phone=phone).select_related("responsible").first()
    return original.responsible if original else None
