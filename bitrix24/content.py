"""What is to be told of a contact, lead or deal: its own fields, and what they refer to at the portal.

The same for a change, for the first load and for a comparison, so that these three cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from bitrix24 import payloads
from bitrix24.directories import Wanted, code_for
from bitrix24.models import Wiring
from bitrix24.order import twin_before
from bitrix24.people import remote_user
from bitrix24.session import Session
from bitrix24.twins import digest
from contacts.models import Contact
from deals.models import Deal
from leads.models import Lead
from leads.pipeline import JunkReason, Status
from sources.models import Source

TYPES = {"lead": 1, "deal": 2, "contact": 3}
"""entityTypeId of each kind, in the order in which nothing of this module depends."""


@dataclass(frozen=True)
class Content:
    """`fields` are kept equal at the portal, `once` is said at the creation only. `values`: phone and e-mail by the
    portal's type, each kept there once. `dates` are for an import, which may tell when an object was made.
    """

    kind: str
    pk: int
    made_at: datetime
    fields: dict[str, Any]
    once: dict[str, Any] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    dates: dict[str, Any] = field(default_factory=dict)

    @property
    def type_id(self) -> int:
        return TYPES[self.kind]

    @property
    def digest(self) -> str:
        """What tells whether anything has changed since it was told."""
        return digest([self.fields, self.values])

    @property
    def value_digests(self) -> dict[str, str]:
        return {kind: payloads.value_digest(value) if value else "" for kind, value in self.values.items()}

    def at_creation(self) -> dict[str, Any]:
        """The fields of a new object, its origin left out."""
        fm = [{"typeId": kind, "valueType": "WORK", "value": value} for kind, value in self.values.items() if value]
        return {**self.fields, **self.once, **({"fm": fm} if fm else {})}


def content_of(session: Session, kind: str, pk: int) -> Content | None:
    """The content of an object as it stands, None when there is no such object (any more).

    May ask the portal for a directory or a person the first time. Raises Later while what comes before has its turn.
    """
    return READERS[kind](session, pk)


def allowed() -> tuple[str, ...]:
    """The personal data that may leave (BITRIX24_PERSONAL_DATA)."""
    return tuple(settings.BITRIX24_PERSONAL_DATA)


def source_entry(source: Source) -> Wanted:
    return Wanted("SOURCE", source.code, source.name)


def lead_stage_entry(status: str, junk_reason: str) -> Wanted | None:
    """The stage of ours that stands for a status; None where the portal has one of its own."""
    if payloads.lead_stage(status, junk_reason) is not None:
        return None
    junk = status == Status.JUNK
    label = JunkReason(junk_reason).label if junk else Status(status).label
    return Wanted("STATUS", payloads.lead_stage_code(status, junk_reason), str(label), failure=junk)


def deal_directory(pipeline: int) -> str:
    return f"DEAL_STAGE_{pipeline}" if pipeline else "DEAL_STAGE"


def _contact(session: Session, pk: int) -> Content | None:
    contact = Contact.objects.filter(pk=pk).first()
    if contact is None:
        return None
    first = Lead.objects.filter(contact_id=pk).select_related("source").order_by("created_at", "pk").first()
    once: dict[str, Any] = {"opened": "Y"}
    if first is not None:  # the portal would name its first source instead
        once["sourceId"] = _source_code(session, first.source)
    fields = payloads.contact_fields(contact, allowed())
    if "name" not in fields:  # something must stand there, but not in place of a name that somebody typed there
        once["name"] = f"№ {pk}"
    dates = {"createdTime": payloads.moment(contact.created_at)}
    return Content("contact", pk, contact.created_at, fields, once, payloads.contact_values(contact, allowed()), dates)


def _lead(session: Session, pk: int) -> Content | None:
    lead = Lead.objects.with_card().filter(pk=pk).first()
    if lead is None:
        return None
    reason = str(JunkReason(lead.junk_reason).label) if lead.junk_reason else ""
    fields = payloads.lead_fields(lead, allowed(), reason=reason)
    values: dict[str, str] = {}
    if lead.contact is not None:
        _add_twin(fields, "contactId", "contact", lead.contact.pk)
    else:
        values = payloads.lead_values(lead, allowed())
    fields["sourceId"] = _source_code(session, lead.source)
    fields["stageId"] = _lead_stage(session, lead)
    deal = getattr(lead, "deal", None)
    if deal is not None:
        fields |= payloads.money(deal.amount)
    _add_responsible(session, fields, lead)
    once = {"title": _("Application No. %(number)s") % {"number": pk}}
    dates = {
        "createdTime": payloads.moment(lead.created_at),
        "movedTime": payloads.moment(max(lead.created_at, lead.status_changed_at)),
    }
    return Content("lead", pk, lead.created_at, fields, once, values, dates)


def _deal(session: Session, pk: int) -> Content | None:
    deal = Deal.objects.with_card().filter(pk=pk).first()
    if deal is None:
        return None
    title = f"{deal.number} · {deal.contract_number}" if deal.contract_number else deal.number
    prepaid = _("Prepayment: %(sum)s") % {"sum": f"{deal.prepayment:.2f}"} if deal.prepayment else ""
    fields = payloads.deal_fields(deal, allowed(), title=title, prepaid=prepaid)
    _add_twin(fields, "leadId", "lead", deal.lead_id)
    if deal.contact_id is not None:
        _add_twin(fields, "contactId", "contact", deal.contact_id)
    fields["sourceId"] = _source_code(session, deal.source)
    pipeline = session.once("pipeline", lambda: Wiring.current().pipeline)
    fields |= {"categoryId": pipeline, "stageId": _deal_stage(session, deal, pipeline)}
    _add_responsible(session, fields, deal)
    return Content("deal", pk, deal.created_at, fields, dates={"createdTime": payloads.moment(deal.created_at)})


READERS: dict[str, Callable[[Session, int], Content | None]] = {"contact": _contact, "lead": _lead, "deal": _deal}


def _add_twin(fields: dict[str, Any], name: str, kind: str, pk: int) -> None:
    number = twin_before(kind, pk)
    if number is not None:  # None: somebody has decided that it is not told
        fields[name] = number


def _source_code(session: Session, source: Source) -> str:
    return source.bitrix24_id or code_for(session, source_entry(source))


def _lead_stage(session: Session, lead: Lead) -> str:
    wanted = lead_stage_entry(lead.status, lead.junk_reason)
    return code_for(session, wanted) if wanted else str(payloads.lead_stage(lead.status, lead.junk_reason))


def _deal_stage(session: Session, deal: Deal, pipeline: int) -> str:
    if deal.stage.final:
        return f"C{pipeline}:{payloads.DEAL_WON}" if pipeline else payloads.DEAL_WON
    return code_for(session, Wanted(deal_directory(pipeline), deal.stage.code, deal.stage.name))


def _add_responsible(session: Session, fields: dict[str, Any], row: Lead | Deal) -> None:
    number = remote_user(session, row.responsible)
    if number is not None:
        fields["assignedById"] = number
