"""How each kind of object is told to the portal: what must be there before it, its twin, and what has changed since.

One function a kind, all of the shape `outbox/delivery.py` asks for. They may run twice for one change and after any
crash: a twin is made once (`twins.py`), and an object that is as it was told last makes no call.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from bitrix24 import payloads
from bitrix24.client import Portal
from bitrix24.directories import Wanted, code_for, rename
from bitrix24.order import twin_before
from bitrix24.outcomes import Gone, Refusal
from bitrix24.people import remote_user
from bitrix24.session import Session
from bitrix24.timeline import push_task, push_touch
from bitrix24.twins import ORIGINATOR, digest, make_twin, told
from contacts.models import Contact
from crm import clock
from deals.models import Deal
from leads.models import Lead
from leads.pipeline import JunkReason, Status
from outbox.delivery import Held, Rejected, Tell
from outbox.links import link_of
from outbox.models import Link
from sources.models import Source

ORDER = ("source", "contact", "lead", "deal", "task", "touch")
LEAD, DEAL, CONTACT = 1, 2, 3  # entityTypeId


def teller(portal: Portal) -> Tell:
    """The function that tells this portal of an object, for `deliver_due`."""

    def tell(held: Held) -> None:
        push = PUSHES.get(held.kind)
        if push is None:
            raise Rejected(_("Nothing is known of such objects"))
        with translation.override(settings.LANGUAGE_CODE):
            try:
                push(Session(portal, held), held.object_id)
            except Gone as gone:
                Link.objects.filter(kind=held.kind, object_id=held.object_id, remote_id__isnull=False).update(
                    gone_at=clock.now()
                )
                raise Rejected(_("It is not there any more: %(words)s") % {"words": gone}) from None
            except Refusal as refusal:
                raise Rejected(str(refusal)) from None

    return tell


def allowed() -> tuple[str, ...]:
    """The personal data that may leave (BITRIX24_PERSONAL_DATA)."""
    return tuple(settings.BITRIX24_PERSONAL_DATA)


def push_source(session: Session, pk: int) -> None:
    """A source is an entry of the directory SOURCE, unless the administrator has named another code for it."""
    source = Source.objects.filter(pk=pk).first()
    if source is not None and not source.bitrix24_id:
        wanted = _source(source)
        code_for(session, wanted)
        rename(session, wanted)


def push_contact(session: Session, pk: int) -> None:
    """A card. One found there by its number is linked, not made again."""
    contact = Contact.objects.filter(pk=pk).first()
    if contact is None:
        return
    link = link_of("contact", pk, contact.created_at)
    fields = payloads.contact_fields(contact, allowed())
    values = payloads.contact_values(contact, allowed())
    sent = digest([fields, values])
    ours = {kind: payloads.value_digest(value) if value else "" for kind, value in values.items()}

    def create() -> int:
        fm = [{"typeId": kind, "valueType": "WORK", "value": value} for kind, value in values.items() if value]
        return _create(session, CONTACT, link, {**fields, "opened": "Y", "fm": fm})

    if link.remote_id is None:
        found = _with_number(session, values.get("PHONE", "")) if link.creating_since is None else []
        if found:
            link.remote_id = min(found)
            link.save(update_fields=["remote_id"])
        elif make_twin(link, session, made_at=contact.created_at, look=_look(session, CONTACT, link), create=create):
            told(link, sent, **ours)
            return
    if link.digest == sent:
        return
    there = session.call("crm.item.get", entityTypeId=CONTACT, id=link.remote_id, useOriginalUfNames="Y")["item"]
    change: dict[str, Any] = dict(fields)
    if changes := payloads.value_changes(there.get("fm") or [], values, link.values):
        change["fm"] = changes
    _update(session, CONTACT, link, change)
    told(link, sent, **ours)


def push_lead(session: Session, pk: int) -> None:
    """An application, after its contact."""
    lead = Lead.objects.with_card().filter(pk=pk).first()
    if lead is None:
        return
    reason = str(JunkReason(lead.junk_reason).label) if lead.junk_reason else ""
    fields = payloads.lead_fields(
        lead, allowed(), title=_("Application No. %(number)s") % {"number": pk}, reason=reason
    )
    if lead.contact is not None:
        fields["contactId"] = twin_before("contact", lead.contact.pk)
    fields["sourceId"] = _source_code(session, lead.source)
    fields["stageId"] = _lead_stage(session, lead)
    deal = getattr(lead, "deal", None)
    if deal is not None:
        fields |= {"opportunity": float(deal.amount), "isManualOpportunity": "Y"}
    _add_responsible(session, fields, lead)
    _push_item(session, LEAD, link_of("lead", pk, lead.created_at), fields, made_at=lead.created_at)


def push_deal(session: Session, pk: int) -> None:
    """A contract, after its lead and its contact."""
    deal = Deal.objects.with_card().filter(pk=pk).first()
    if deal is None:
        return
    title = f"{deal.number} · {deal.contract_number}" if deal.contract_number else deal.number
    prepaid = _("Prepayment: %(sum)s") % {"sum": f"{deal.prepayment:.2f}"} if deal.prepayment else ""
    fields = payloads.deal_fields(deal, allowed(), title=title, prepaid=prepaid)
    fields["leadId"] = twin_before("lead", deal.lead_id)
    if deal.contact_id is not None:
        fields["contactId"] = twin_before("contact", deal.contact_id)
    fields["sourceId"] = _source_code(session, deal.source)
    fields["stageId"] = _deal_stage(session, deal)
    _add_responsible(session, fields, deal)
    link = link_of("deal", pk, deal.created_at)
    _push_item(session, DEAL, link, fields, made_at=deal.created_at, once={"categoryId": settings.BITRIX24_PIPELINE})


PUSHES: dict[str, Callable[[Session, int], None]] = {
    "source": push_source,
    "contact": push_contact,
    "lead": push_lead,
    "deal": push_deal,
    "task": push_task,
    "touch": push_touch,
}


def _push_item(
    session: Session,
    kind: int,
    link: Link,
    fields: dict[str, Any],
    *,
    made_at: datetime,
    once: dict[str, Any] | None = None,
) -> None:
    """Bring an item's twin up to date; `once` is said at its creation only."""
    sent = digest(fields)
    if link.remote_id is None and make_twin(
        link,
        session,
        made_at=made_at,
        look=_look(session, kind, link),
        create=lambda: _create(session, kind, link, {**fields, **(once or {})}),
    ):
        told(link, sent)
        return
    if link.digest != sent:
        _update(session, kind, link, fields)
        told(link, sent)


def _look(session: Session, kind: int, link: Link) -> Callable[[], list[int]]:
    def look() -> list[int]:
        found = session.call(
            "crm.item.list",
            entityTypeId=kind,
            select=["id"],
            filter={"=originatorId": ORIGINATOR, "=originId": link.origin},
            order={"id": "ASC"},
        )
        return [int(item["id"]) for item in found["items"]]

    return look


def _create(session: Session, kind: int, link: Link, fields: dict[str, Any]) -> int:
    named = {**fields, "originatorId": ORIGINATOR, "originId": link.origin}
    made = session.call_once("crm.item.add", entityTypeId=kind, fields=named, useOriginalUfNames="Y")
    return int(made["item"]["id"])


def _update(session: Session, kind: int, link: Link, fields: dict[str, Any]) -> None:
    # The origin goes along, so that a twin that was linked by its number is ours from now on.
    named = {**fields, "originatorId": ORIGINATOR, "originId": link.origin}
    session.call("crm.item.update", entityTypeId=kind, id=link.remote_id, fields=named, useOriginalUfNames="Y")


def _with_number(session: Session, phone: str) -> list[int]:
    """Contacts there that have the number and are not twins of other cards of ours."""
    if not phone:
        return []
    answer = session.call("crm.duplicate.findbycomm", type="PHONE", values=[phone], entity_type="CONTACT")
    found = [int(number) for number in answer.get("CONTACT", [])] if isinstance(answer, dict) else []
    taken = set(Link.objects.filter(kind="contact", remote_id__in=found).values_list("remote_id", flat=True))
    return [number for number in found if number not in taken]


def _source(source: Source) -> Wanted:
    return Wanted("SOURCE", source.code, source.name)


def _source_code(session: Session, source: Source) -> str:
    return source.bitrix24_id or code_for(session, _source(source))


def _lead_stage(session: Session, lead: Lead) -> str:
    known = payloads.lead_stage(lead.status, lead.junk_reason)
    if known is not None:
        return known
    junk = lead.status == Status.JUNK
    label = JunkReason(lead.junk_reason).label if junk else Status(lead.status).label
    code = payloads.lead_stage_code(lead.status, lead.junk_reason)
    return code_for(session, Wanted("STATUS", code, str(label), failure=junk))


def _deal_stage(session: Session, deal: Deal) -> str:
    pipeline = settings.BITRIX24_PIPELINE
    if deal.stage.final:
        return f"C{pipeline}:{payloads.DEAL_WON}" if pipeline else payloads.DEAL_WON
    directory = f"DEAL_STAGE_{pipeline}" if pipeline else "DEAL_STAGE"
    return code_for(session, Wanted(directory, deal.stage.code, deal.stage.name))


def _add_responsible(session: Session, fields: dict[str, Any], row: Lead | Deal) -> None:
    number = remote_user(session, row.responsible)
    if number is not None:
        fields["assignedById"] = number
