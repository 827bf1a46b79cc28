"""What stands in a band over the card of a lead: at most two things, the weightiest first (`ux.md` 6.5). Only words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from crm.templatetags.crm_format import day_full, moment
from leads.board import Card
from leads.pipeline import CLOSED

MOST = 2


@dataclass(frozen=True)
class Banner:
    """What `_banner.html` takes; `tone` is "" | "warn" | "danger"."""

    icon: str
    title: str
    text: str = ""
    tone: str = ""
    note: str = ""
    url: str = ""
    action: str = ""


def banners(card: Card, *, others_here: bool) -> tuple[list[Banner], list[Banner]]:
    """The bands before and after the one of who else is here, which takes the place of the last one.

    Duplicate, then presence, then why not to call, then the rest.
    """
    first = list(_of_duplicate(card))
    room = MOST - len(first) - (1 if others_here else 0)
    return first, list(_others(card))[: max(0, room)]


def _of_duplicate(card: Card) -> Iterator[Banner]:
    lead = card.lead
    if lead.is_duplicate:
        original = lead.duplicate_of
        whose = original.responsible if original else None
        yield Banner(
            "merge",
            _("This is a duplicate. Call from the original lead № %(id)s.") % {"id": lead.duplicate_of_id},
            _("%(name)s works with it.") % {"name": whose.name} if whose else "",
            "warn",
            url=reverse("lead-detail", args=[lead.duplicate_of_id]),
            action=_("Open the original lead"),
        )
    elif repeat := card.repeat:
        yield Banner(
            "merge",
            _("The client applied again: %(when)s.") % {"when": moment(repeat.created_at)},
            _("Lead № %(id)s is closed as “Duplicate”, the work goes on here.") % {"id": repeat.pk},
            note=_("Source of the duplicate: %(source)s. The source of this lead stays.")
            % {"source": repeat.source.name},
            url=reverse("lead-detail", args=[repeat.pk]),
            action=_("Open the duplicate"),
        )


def _others(card: Card) -> Iterator[Banner]:
    lead = card.lead
    if lead.is_duplicate:
        return
    if not lead.phone_valid:
        yield _no_phone(card)
    elif lead.do_not_call:
        reason = lead.contact.do_not_call_reason if lead.contact else ""
        yield Banner("ban", _("The client asked not to be called."), reason, "danger")
    elif card.opens_at:
        with timezone.override(lead.zone):
            when = moment(card.opens_at)
        night = _("It is %(time)s for the client.") % {"time": card.local_time}
        yield Banner("moon", night, _("Next time to call: %(when)s on their clock.") % {"when": when}, "warn")
    if lead.phone_valid and lead.status not in CLOSED:
        yield from _of_consent(card)
    if lead.junk_reason and not card.repeat:
        told = {"reason": lead.get_junk_reason_display(), "when": moment(lead.status_changed_at)}
        why = _("Rejected: %(reason)s, %(when)s.") % told
        if card.reopen_url:
            yield Banner("info", why, url=card.reopen_url, action=_("Reopen…"))
        else:
            yield Banner("info", why, card.closed_because)
    elif lead.retired_at:
        yield Banner("info", "", _("A newer application on this number has become the original."))


def _of_consent(card: Card) -> Iterator[Banner]:
    contact = card.lead.contact
    if contact is None or contact.consent_on is not None:
        return
    if contact.consent_withdrawn_on is not None:
        told = {"day": day_full(contact.consent_withdrawn_on)}
        said = _("The client withdrew the consent to the processing of personal data: %(day)s.") % told
    else:
        said = _("There is no consent to the processing of personal data.")
    url = reverse("contact-consent", args=[contact.pk]) if card.may_work else ""
    tone = "warn" if contact.consent_withdrawn_on else ""
    yield Banner("lock", "", said, tone, url=url, action=_("Record the consent…") if url else "")


def _no_phone(card: Card) -> Banner:
    lead = card.lead
    if lead.phone_raw:
        told = {"raw": Truncator(lead.phone_raw).chars(80), "why": card.phone_refusal}
        given = _("Given: “%(raw)s”. %(why)s") % told
    else:
        given = _("The application came with an e-mail only.")
    url = reverse("lead-edit", args=[lead.pk]) if card.may_work else ""
    action = _("Give the phone") if url else ""
    return Banner("phone", _("There is no number to call."), given, "warn", url=url, action=action)
