"""How each kind of object is told to the portal: what must be there before it, its twin, and what has changed since.

One function a kind, all of the shape `outbox/delivery.py` asks for. They may run twice for one change and after any
crash: a twin is made once (`twins.py`), and an object that is as it was told last makes no call.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from bitrix24 import payloads
from bitrix24.client import Portal
from bitrix24.content import TYPES, Content, content_of, source_entry
from bitrix24.directories import code_for, rename
from bitrix24.outcomes import Gone, Refusal
from bitrix24.session import Session
from bitrix24.timeline import push_note
from bitrix24.twins import ORIGINATOR, make_twin, told
from crm import clock
from outbox.delivery import Held, Rejected, Tell
from outbox.links import link_of
from outbox.models import Link
from sources.models import Source

OLD = timedelta(days=1)
ORDER = ("source", "contact", "lead", "deal", "task", "touch")


def teller(portal: Portal) -> Tell:
    """The function that tells this portal of an object, for `deliver_due`. Good for one run of the job: it remembers
    what it has learned of directories and people.
    """
    memory: dict[Any, Any] = {}

    def tell(held: Held) -> None:
        if held.kind not in ORDER:
            raise Rejected(_("Nothing is known of such objects"))
        with translation.override(settings.LANGUAGE_CODE):
            try:
                push(Session(portal, held, memory), held.kind, held.object_id)
            except Gone as gone:
                gone_there(held.kind, held.object_id)
                raise Rejected(_("It is not there any more: %(words)s") % {"words": gone}) from None
            except Refusal as refusal:
                raise Rejected(str(refusal)) from None

    return tell


def gone_there(kind: str, pk: int) -> None:
    """Somebody at the portal has deleted or merged the twin: a person decides what becomes of it."""
    Link.objects.filter(kind=kind, object_id=pk, remote_id__isnull=False).update(gone_at=clock.now())


def push(session: Session, kind: str, pk: int) -> None:
    """Bring one object's twin up to date. Raises what a delivery may raise, Refusal and Gone."""
    if kind == "source":
        push_source(session, pk)
    elif kind in TYPES:
        content = content_of(session, kind, pk)
        if content is not None:
            push_item(session, content)
    else:
        push_note(session, kind, pk)


def push_source(session: Session, pk: int) -> None:
    """A source is an entry of the directory SOURCE, unless the administrator has named another code for it."""
    source = Source.objects.filter(pk=pk).first()
    if source is not None and not source.bitrix24_id:
        wanted = source_entry(source)
        code_for(session, wanted)
        rename(session, wanted)


def push_item(session: Session, content: Content) -> None:
    """A contact, lead or deal. A contact found there by its number is linked, not made again."""
    link = link_of(content.kind, content.pk, content.made_at)

    def create() -> int:
        fields = named(link, content.at_creation())
        # What is old came before the mirror: an import starts none of the robots that greet a new client.
        method = "crm.item.import" if clock.now() - content.made_at > OLD else "crm.item.add"
        made = session.call_once(method, entityTypeId=content.type_id, fields=fields, useOriginalUfNames="Y")
        return int(made["item"]["id"])

    if link.remote_id is None and not (content.kind == "contact" and _linked_by_number(session, link, content)):
        look = _look(session, content.type_id, link)
        if make_twin(link, session, made_at=content.made_at, look=look, create=create):
            told(link, content.digest, **content.value_digests)
            return
    if link.digest == content.digest:
        return
    which = {"entityTypeId": content.type_id, "id": link.remote_id, "useOriginalUfNames": "Y"}
    item = session.call("crm.item.get", **which)["item"] if must_be_read(content, link) else None
    session.call("crm.item.update", fields=change(link, content, item), **which)
    told(link, content.digest, **content.value_digests)


def must_be_read(content: Content, link: Link) -> bool:
    """Whether an update depends on what is there: on its phones, or on what people wrote before it was ours."""
    return bool(content.values) or link.told_at is None


def change(link: Link, content: Content, item: dict[str, Any] | None) -> dict[str, Any]:
    """The fields of an update. `item`: the twin as it is there, where it has been read.

    A name that says the same stays in its parts, and what is empty here empties nothing that we have never told.
    """
    fields = named(link, content.fields)
    if item is not None:
        if payloads.is_same_name(str(fields.get("name", "")), item):
            fields = {name: value for name, value in fields.items() if name not in payloads.NAME_PARTS}
        if link.told_at is None:
            fields = {name: value for name, value in fields.items() if value != ""}
        if changes := payloads.value_changes(item.get("fm") or [], content.values, link.values):
            fields["fm"] = changes
    return fields


def named(link: Link, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields with the object's origin; at a change too, so that a twin that was linked is ours from then on."""
    return {**fields, "originatorId": ORIGINATOR, "originId": link.origin}


def _look(session: Session, type_id: int, link: Link) -> Callable[[], list[int]]:
    def look() -> list[int]:
        found = session.call(
            "crm.item.list",
            entityTypeId=type_id,
            select=["id"],
            filter={"=originatorId": ORIGINATOR, "=originId": link.origin},
            order={"id": "ASC"},
        )
        return [int(item["id"]) for item in found["items"]]

    return look


def _linked_by_number(session: Session, link: Link, content: Content) -> bool:
    """Link the card to the contact there that has its number and is no other card's twin. Before a first creation."""
    phone = content.values.get("PHONE", "")
    if not phone or link.creating_since is not None:
        return False
    answer = session.call("crm.duplicate.findbycomm", type="PHONE", values=[phone], entity_type="CONTACT")
    found = [int(number) for number in answer.get("CONTACT", [])] if isinstance(answer, dict) else []
    taken = set(Link.objects.filter(kind="contact", remote_id__in=found).values_list("remote_id", flat=True))
    free = [number for number in found if number not in taken]
    if free:
        link.remote_id = min(free)
        link.save(update_fields=["remote_id"])
    return bool(free)
