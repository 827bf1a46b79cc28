"""Cards that belong together: a spouse, a second number of the same person. Read and changed from either side."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _

from contacts.actions import contact_for, is_fresh, lock_card
from contacts.models import Contact, LinkedCard
from contacts.phones import parse, refusal_text
from crm import clock
from crm.errors import Invalid
from crm.transactions import verb
from history.actions import note
from history.models import Event
from outbox.actions import mark
from team.models import User


@dataclass(frozen=True)
class Linked:
    """A card at the other end of a link. Of a colleague's client (`is_known` false) no more is told than that it is."""

    link: LinkedCard
    card: Contact
    is_open: bool  # may be opened
    is_known: bool


def linked_to(card: Contact, viewer: User) -> list[Linked]:
    """The cards that `card` is linked to, in the order of linking. Two queries."""
    links = list(
        LinkedCard.objects.filter(Q(first=card) | Q(second=card)).select_related("first", "second").order_by("pk")
    )
    others = [(link, link.second if link.first_id == card.pk else link.first) for link in links]
    if not others:
        return []
    ids = [other.pk for _link, other in others]
    opened = set(Contact.objects.visible_to(viewer).filter(pk__in=ids).values_list("pk", flat=True))
    nobodys = _nobodys(ids) if len(opened) < len(ids) else set()
    return [Linked(link, other, other.pk in opened, other.pk in opened | nobodys) for link, other in others]


def _nobodys(ids: list[int]) -> set[int]:
    """Those cards among `ids` that have no lead and no deal: nobody's clients, to be named to all."""
    cards = Contact.objects.filter(pk__in=ids, leads__isnull=True, deals__isnull=True)
    return set(cards.values_list("pk", flat=True))


@verb
def link_cards(contact_id: int, phone: str, kind: str, *, name: str = "", by: User) -> LinkedCard:
    """Link a card to that of a number in any spelling; a new number gets a card with `name` (clean text).

    The same pair again takes the new kind. Raises Contact.DoesNotExist, Forbidden, Invalid (`phone`, `kind`): also for
    the number of a colleague's client, whose card is not theirs to link.
    """
    lock_card(contact_id, by=by)
    if kind not in LinkedCard.Kind.values:
        raise Invalid({"kind": _("Say who it is")})
    number = parse(phone)
    if number.main is None:
        raise Invalid({"phone": refusal_text(number.reason)})
    at = clock.now()
    other = contact_for(number.main, name=name, at=at)
    if other.pk == contact_id:
        raise Invalid({"phone": _("This is the number of the card itself")})
    if is_fresh(other, at):
        note(Event.Kind.CREATED, at=at, by=by, contact_id=other.pk)
        mark("contact", other.pk)
    elif not _may_link(other, by):
        raise Invalid({"phone": _("A colleague's client has this number. The head of the call centre can link them.")})
    pair = {"first_id": min(contact_id, other.pk), "second_id": max(contact_id, other.pk)}
    link, is_new = LinkedCard.objects.get_or_create(**pair, defaults={"kind": kind})
    was = "" if is_new else link.kind
    if was != kind:
        link.kind = kind
        link.save(update_fields=["kind"])
        _tell(link, [was, kind], by=by)
    return link


@verb
def unlink_cards(contact_id: int, link_id: int, *, by: User) -> None:
    """Raises Contact.DoesNotExist, LinkedCard.DoesNotExist if the card has no such link, Forbidden."""
    lock_card(contact_id, by=by)
    link = LinkedCard.objects.filter(Q(first=contact_id) | Q(second=contact_id)).select_for_update().get(pk=link_id)
    _tell(link, [link.kind, ""], by=by)
    link.delete()


def _may_link(card: Contact, by: User) -> bool:
    return Contact.objects.visible_to(by).filter(pk=card.pk).exists() or card.pk in _nobodys([card.pk])


def _tell(link: LinkedCard, change: list[str], *, by: User) -> None:
    """History has it on both cards."""
    at = clock.now()
    for one, other in ((link.first_id, link.second_id), (link.second_id, link.first_id)):
        note(Event.Kind.EDITED, at=at, by=by, contact_id=one, changes={f"linked_{other}": change})
