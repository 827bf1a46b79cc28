"""Making and changing cards. The only code that writes to the directory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from contacts.models import Contact
from contacts.phones import display, parse, refusal_text
from crm import clock
from crm.errors import Forbidden, Invalid, Refused
from crm.text import fold
from crm.transactions import require_transaction, verb
from history.actions import note, note_all
from history.models import Event
from outbox.actions import mark, mark_all
from outbox.links import OutsideId, known_outside, objects_known_as
from team.models import User
from team.roles import Right, may

EDITABLE = ("name", "email", "city", "comment")


def _search_text(card: Contact) -> str:
    return fold(" ".join(filter(None, (card.name, card.email, card.city))))


def draft(
    phone: str,
    *,
    name: str = "",
    email: str = "",
    city: str = "",
    at: datetime,
    make: Callable[..., Contact] = Contact,
) -> Contact:
    """An unsaved card for `phone` (E.164). `make` builds the row; a bulk writer brings a quicker one."""
    card = make(phone=phone, name=name, email=email, city=city, created_at=at)
    card.search_text = _search_text(card)
    return card


def contact_for(phone: str, *, name: str = "", email: str = "", city: str = "", at: datetime) -> Contact:
    """The card of `phone` (E.164), locked until the transaction ends; made if the number is new.

    Any number of callers with one number at one moment get one and the same card: the insert steps aside for a row
    that is already there, and the lock lets them pass one by one. A card without a name takes the one given. The
    caller marks a card that it finds fresh (`is_fresh`), together with what it makes itself.
    """
    require_transaction()
    Contact.objects.bulk_create([draft(phone, name=name, email=email, city=city, at=at)], ignore_conflicts=True)
    card = Contact.objects.select_for_update(no_key=True).get(phone=phone)
    _name_nameless(card, name)
    return card


def _name_nameless(card: Contact, name: str) -> None:
    """A locked card that has no name yet takes the one that came with a later application."""
    if name and not card.name:
        card.name = name
        card.search_text = _search_text(card)
        card.version += 1
        card.save(update_fields=["name", "search_text", "version"])
        mark("contact", card.pk)


def is_fresh(card: Contact, at: datetime) -> bool:
    """Was the card made at this very moment? Two callers may share a moment, so it only saves marking an old card."""
    return card.created_at == at and card.version == 1


def contacts_for(drafts: Iterable[Contact]) -> dict[str, Contact]:
    """The same for many numbers at once: phone -> card, all locked in the order of their ids. Three queries.

    Of several drafts with one number the first is taken, and the first name among them names a card without one.
    """
    require_transaction()
    wanted: dict[str, Contact] = {}
    names: dict[str, str] = {}
    for card in drafts:
        wanted.setdefault(card.phone, card)
        if card.name:
            names.setdefault(card.phone, card.name)
    present = set(Contact.objects.filter(phone__in=wanted).values_list("phone", flat=True))
    # sorted: two batches that share numbers insert them in one order and cannot deadlock on the unique index
    fresh = [wanted[phone] for phone in sorted(wanted) if phone not in present]
    Contact.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=2000)
    locked = Contact.objects.select_for_update(no_key=True).filter(phone__in=wanted).order_by("pk")
    cards = {card.phone: card for card in locked}
    for phone, name in names.items():
        _name_nameless(cards[phone], name)
    return cards


def lock_card(contact_id: int, *, by: User | None, version: int | None = None) -> Contact:
    """The card, locked, to be changed. Raises Contact.DoesNotExist, Forbidden, Refused `stale`."""
    card = Contact.objects.visible_to(by).select_for_update(of=("self",), no_key=True).get(pk=contact_id)
    if not may(by, Right.WORK_LEADS):
        raise Forbidden(_("Cards are edited by operators and the head of the call centre."))
    if version is not None and version != card.version:
        raise Refused("stale", _("The card has been changed meanwhile. Look at it as it is now and decide again."))
    return card


@verb
def add_contact(phone: str, fields: Mapping[str, Any], *, by: User | None) -> Contact:
    """A new card for a number in any spelling, with fields of EDITABLE (clean text).

    Raises Forbidden; Invalid if it is no number, or has a card already.
    """
    if not may(by, Right.WORK_LEADS):
        raise Forbidden(_("Cards are edited by operators and the head of the call centre."))
    read = parse(phone)
    if not read.main:
        raise Invalid({"phone": refusal_text(read.reason)})
    at = clock.now()
    known = {name: str(fields.get(name, "")) for name in EDITABLE}
    comment = known.pop("comment")
    if Contact.objects.filter(phone=read.main).exists():
        raise Invalid({"phone": _("This number has a card already: %(name)s") % {"name": display(read.main)}})
    card = contact_for(read.main, **known, at=at)
    if not is_fresh(card, at):  # somebody was faster by a moment
        raise Invalid({"phone": _("This number has a card already: %(name)s") % {"name": display(read.main)}})
    if comment:
        card.comment = comment
        card.save(update_fields=["comment"])
    note(Event.Kind.CREATED, at=at, by=by, contact_id=card.pk)
    mark("contact", card.pk)
    return card


@dataclass(frozen=True)
class NewCard:
    """A card as a table tells of it: `phone` in E.164, clean texts."""

    phone: str
    name: str = ""
    email: str = ""
    city: str = ""
    comment: str = ""
    remote_id: int | None = None  # under which another system knows the client


@verb
def take_in_cards(cards: Sequence[NewCard], *, by: User | None) -> list[tuple[Contact, bool]]:
    """Cards for many numbers at once, in their order, each with whether it is new. A few queries for all of them.

    A card that is there already keeps what it says and takes a name only if it has none. What has a `remote_id` is
    known by it from then on, so the mirror updates it there; who is known by it already is passed over, whatever the
    number is now. Raises Forbidden.
    """
    if not may(by, Right.WORK_LEADS):
        raise Forbidden(_("Cards are edited by operators and the head of the call centre."))
    here: dict[object, Contact] = dict(cards_known_as(card.remote_id for card in cards).items())
    keys: list[object] = [card.remote_id or ("row", place) for place, card in enumerate(cards)]
    fresh: dict[object, NewCard] = {}
    for key, card in zip(keys, cards, strict=True):
        if key not in here:
            fresh.setdefault(key, card)
    made = dict(zip(fresh, _take_in(list(fresh.values()), by=by), strict=True))
    here |= {key: contact for key, (contact, _is_new) in made.items()}
    return [made.pop(key) if key in made else (here[key], False) for key in keys]


def cards_known_as(remote_ids: Iterable[int | None]) -> dict[int, Contact]:
    """The cards that another system's ids name, of those that are here. Two queries."""
    here = objects_known_as("contact", [pk for pk in remote_ids if pk is not None])
    cards = Contact.objects.in_bulk(here.values())
    return {remote_id: cards[pk] for remote_id, pk in here.items() if pk in cards}


def _take_in(cards: Sequence[NewCard], *, by: User | None) -> list[tuple[Contact, bool]]:
    at = clock.now()
    first = {card.phone: card for card in reversed(cards)}
    here = set(Contact.objects.filter(phone__in=first).values_list("phone", flat=True))
    drafts = []
    for card in cards:
        made = draft(card.phone, name=card.name, email=card.email, city=card.city, at=at)
        made.comment = first[card.phone].comment
        drafts.append(made)
    found = contacts_for(drafts)
    fresh = {phone for phone in first if phone not in here and is_fresh(found[phone], at)}
    made_now = [found[phone] for phone in sorted(fresh)]
    note_all(Event(kind=Event.Kind.CREATED, at=at, by=by, contact_id=card.pk) for card in made_now)
    known_outside(
        OutsideId("contact", found[card.phone].pk, found[card.phone].created_at, card.remote_id)
        for card in cards
        if card.remote_id is not None
    )
    mark_all(("contact", card.pk) for card in made_now)
    answers = []
    for card in cards:
        answers.append((found[card.phone], card.phone in fresh))
        fresh.discard(card.phone)
    return answers


@verb
def edit_contact(
    contact_id: int, changes: Mapping[str, Any], *, by: User | None, version: int | None = None
) -> Contact:
    """Change fields of EDITABLE (clean text). The number is the card's identity and never changes here.

    Raises Contact.DoesNotExist, Forbidden, Refused `stale`.
    """
    card = lock_card(contact_id, by=by, version=version)
    told = {
        name: [getattr(card, name), changes[name]]
        for name in EDITABLE
        if name in changes and getattr(card, name) != changes[name]
    }
    if told:
        for name, (_old, new) in told.items():
            setattr(card, name, new)
        card.search_text = _search_text(card)
        card.version += 1
        card.save(update_fields=[*told, "search_text", "version"])
        note(Event.Kind.EDITED, at=clock.now(), by=by, contact_id=card.pk, changes=told)
        mark("contact", card.pk)
    return card


@verb
def set_do_not_call(contact_id: int, reason: str, *, by: User | None) -> Contact:
    """The client asked not to be called (`reason` says in what words); an empty reason lifts it.

    The same again is no change. Raises Contact.DoesNotExist, Forbidden.
    """
    card = lock_card(contact_id, by=by)
    now = clock.now()
    was = card.do_not_call_reason
    if reason == was:
        return card
    card.do_not_call_at = now if reason else None
    card.do_not_call_reason = reason
    card.version += 1
    card.save(update_fields=["do_not_call_at", "do_not_call_reason", "version"])
    note(Event.Kind.EDITED, at=now, by=by, contact_id=card.pk, changes={"do_not_call": [was, reason]})
    mark("contact", card.pk)
    return card


def renumber(card: Contact, phone: str, *, by: User | None, at: datetime) -> None:
    """Let a locked card be known by another number (E.164). What hangs on it is the caller's.

    Raises Invalid if the number has a card already: two cards are linked, not made one.
    """
    require_transaction()
    other = Contact.objects.filter(phone=phone).exclude(pk=card.pk).first()
    if other is not None:
        told = {"name": other, "number": display(phone)}
        raise Invalid({"phone": _("%(number)s has a card already: %(name)s. Link the two cards instead.") % told})
    was, card.phone = card.phone, phone
    card.version += 1
    card.save(update_fields=["phone", "version"])
    note(Event.Kind.EDITED, at=at, by=by, contact_id=card.pk, changes={"phone": [was, phone]})
    mark("contact", card.pk)
