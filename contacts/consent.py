"""A client's consent to the processing of personal data: to which text it was given, when and how, and its withdrawal.

Withdrawing is no deleting: the card says since when there is none.
"""

from __future__ import annotations

from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from contacts.actions import lock_card
from contacts.models import Contact
from crm import clock
from crm.errors import Invalid, Refused
from crm.text import clean
from crm.transactions import require_transaction, verb
from history.actions import note
from history.models import Event
from outbox.actions import mark
from team.models import User

COLUMNS = ("consent_on", "consent_channel", "consent_version", "consent_withdrawn_on")


@verb
def give_consent(contact_id: int, *, on: date, channel: str, version: str = "", by: User | None) -> Contact:
    """The client has consented on a day (of the firm's calendar), by a channel, to a version of the text.

    Raises Contact.DoesNotExist, Forbidden, Invalid (`on`, `channel`).
    """
    card = lock_card(contact_id, by=by)
    if on > timezone.localdate(clock.now()):
        raise Invalid({"on": _("That day is still to come")})
    if not clean(channel):
        raise Invalid({"channel": _("Say how the client consented")})
    note_consent(card, on=on, channel=channel, version=version, by=by, at=clock.now())
    return card


@verb
def withdraw_consent(contact_id: int, *, by: User | None) -> Contact:
    """The client takes the consent back today; a second time changes nothing.

    Raises Contact.DoesNotExist, Forbidden, Refused `no_consent` if there is none to take back.
    """
    card = lock_card(contact_id, by=by)
    if card.consent_withdrawn_on is not None:
        return card
    if card.consent_on is None:
        raise Refused("no_consent", _("There is no consent to withdraw."))
    now = clock.now()
    _change(card, by=by, at=now, consent_on=None, consent_withdrawn_on=timezone.localdate(now))
    return card


def note_consent(card: Contact, *, on: date, channel: str, version: str, by: User | None, at: datetime) -> None:
    """The same for a locked card, for whoever takes consents in along with something else."""
    _change(
        card,
        by=by,
        at=at,
        consent_on=on,
        consent_channel=clean(channel, limit=100),
        consent_version=clean(version, limit=50),
        consent_withdrawn_on=None,
    )


def _change(card: Contact, *, by: User | None, at: datetime, **columns: date | str | None) -> None:
    require_transaction()
    told = {name: [_plain(getattr(card, name)), _plain(value)] for name, value in columns.items()}
    told = {name: pair for name, pair in told.items() if pair[0] != pair[1]}
    if not told:
        return
    for name, value in columns.items():
        setattr(card, name, value)
    card.version += 1
    card.save(update_fields=[*COLUMNS, "version"])
    note(Event.Kind.EDITED, at=at, by=by, contact_id=card.pk, changes=told)
    mark("contact", card.pk)


def _plain(value: date | str | None) -> str:
    return value.isoformat() if isinstance(value, date) else value or ""
