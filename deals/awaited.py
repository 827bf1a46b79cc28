"""What a deal waits for, and by when: said on its card of the board and in the banner of its page (`ux.md` 6.7, 6.8).

Pure: knows the deal's facts, its stage and the moment. Days are those of the firm's time zone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.templatetags.crm_format import day, day_short, days, hhmm, money
from deals.documents import Checklist, Progress
from deals.models import SOON, Deal, Stage

URGENT = 4
"""Days before its term from which something is late already, as the work cannot be done in an hour."""
TOLD = 14
"""Days ahead that the banner of a deal looks; of payments PAYMENT_TOLD, since nothing is prepared for them."""
PAYMENT_TOLD = 3


class Awaited(StrEnum):
    DOCUMENTS = "documents"
    HEARING_1 = "hearing_1"
    HEARING_2 = "hearing_2"
    RULING = "ruling"
    NOTHING = "nothing"


BY_STAGE = {
    Stage.Asks.FILING: Awaited.HEARING_1,
    Stage.Asks.HEARING_1: Awaited.HEARING_2,
    Stage.Asks.PROCEDURE: Awaited.HEARING_2,
    Stage.Asks.HEARING_2: Awaited.RULING,
    Stage.Asks.DECISION: Awaited.NOTHING,
}
"""What comes after a stage, by what the stage goes with."""


@dataclass(frozen=True)
class Line:
    """A thing in words. `tone` is a chip's ("", "now", "overdue", "ok"); `below` is its term, or what went before."""

    icon: str
    text: str
    tone: str
    below: str

    @property
    def is_late(self) -> bool:
        return self.tone == "overdue"


@dataclass(frozen=True)
class Term:
    """The nearest term of a deal in words. `tone` is that of a banner; `of_documents`: it is the checklist's."""

    on: date
    tone: str
    title: str
    text: str = ""
    of_documents: bool = False


def awaited(deal: Deal, now: datetime) -> Awaited:
    """By what the deal's stage goes with; a stage that goes with nothing leaves it to the facts."""
    if deal.stage.final:
        return Awaited.NOTHING
    if deal.stage.asks:
        return BY_STAGE[Stage.Asks(deal.stage.asks)]
    if deal.filed_on is None:
        return Awaited.DOCUMENTS
    for moment, what in ((deal.hearing_1_at, Awaited.HEARING_1), (deal.hearing_2_at, Awaited.HEARING_2)):
        if moment is None or moment >= now:
            return what
    return Awaited.RULING


def line(deal: Deal, progress: Progress, now: datetime) -> Line:
    """What the deal's card on the board says."""
    match awaited(deal, now):
        case Awaited.DOCUMENTS:
            said = _("%(received)d of %(needed)d documents")
            text = said % {"received": progress.received, "needed": progress.needed}
            tone = "ok" if progress.is_complete else _tone(deal.filing_due, now)
            due = deal.filing_due
            return Line("doc", text, tone, _("filing due %(day)s") % {"day": day_short(due)} if due else _since(deal))
        case Awaited.HEARING_1:
            below = _("filed %(day)s") % {"day": day_short(deal.filed_on)} if deal.filed_on else _since(deal)
            return _hearing(_("Hearing 1"), deal.hearing_1_at, now, below)
        case Awaited.HEARING_2:
            return _hearing(_("Hearing 2"), deal.hearing_2_at, now, _held(_("Hearing 1"), deal, deal.hearing_1_at))
        case Awaited.RULING:
            return Line("clock", _("Waiting for the ruling"), "", _held(_("Hearing 2"), deal, deal.hearing_2_at))
        case Awaited.NOTHING:
            decided = deal.decided_on
            below = _("decision of %(day)s") % {"day": day_short(decided)} if decided else _since(deal)
            return Line("check", deal.decision or _("Finished"), "ok", below)


def _hearing(name: str, at: datetime | None, now: datetime, below: str) -> Line:
    if at is None:
        return Line("clock", _("%(hearing)s: no date yet") % {"hearing": name}, "", below)
    return Line("calendar", f"{name}: {day(at)}", "overdue" if at < now else _soon(at, now), below)


def _held(name: str, deal: Deal, at: datetime | None) -> str:
    return f"{name.lower()} — {day_short(at)}" if at else _since(deal)


def _since(deal: Deal) -> str:
    return _("here since %(day)s") % {"day": day_short(deal.stage_changed_at)}


def _left(on: date | datetime, now: datetime) -> int:
    """Days from today until then; negative once it has passed."""
    local = timezone.localtime(on).date() if isinstance(on, datetime) else on
    return (local - timezone.localtime(now).date()).days


def _soon(on: date | datetime, now: datetime) -> str:
    return "now" if _left(on, now) <= SOON.days else ""


def _tone(due: date | None, now: datetime) -> str:
    if due is None:
        return ""
    return "overdue" if _left(due, now) <= URGENT else _soon(due, now)


def nearest_term(deal: Deal, documents: Checklist, now: datetime) -> Term | None:
    """The term that comes first, a passed one before all; None if there is none in the days ahead."""
    return min(_terms(deal, documents, now), key=lambda term: term.on, default=None)


def _terms(deal: Deal, documents: Checklist, now: datetime) -> Iterator[Term]:
    what = awaited(deal, now)
    if what == Awaited.DOCUMENTS and deal.filing_due and _left(deal.filing_due, now) <= TOLD:
        yield _filing(deal.filing_due, documents, now)
    hearings = {
        Awaited.HEARING_1: (_("Hearing 1"), deal.hearing_1_at),
        Awaited.HEARING_2: (_("Hearing 2"), deal.hearing_2_at),
    }
    name, at = hearings.get(what, ("", None))
    if at is not None and _left(at, now) <= TOLD:
        yield _hearing_term(name, at, now)
    if deal.next_payment_on and deal.next_payment and _left(deal.next_payment_on, now) <= PAYMENT_TOLD:
        yield _payment(deal.next_payment_on, money(deal.next_payment), now)


def _filing(due: date, documents: Checklist, now: datetime) -> Term:
    left = _left(due, now)
    told = {"day": day(due), "left": days(left)}
    if left < 0:
        title = _("The planned term of filing with the court passed on %(day)s.") % told
    elif left == 0:
        title = _("The planned term of filing with the court is today.")
    else:
        title = _("%(left)s are left until the planned filing with the court (%(day)s).") % told
    tone = "danger" if left < 0 else "warn" if left <= SOON.days else ""
    return Term(due, tone, title, _lacking(documents), of_documents=True)


def _lacking(documents: Checklist) -> str:
    """«Не хватает 5 документов, 2 ждём от клиента.»"""
    count = len(documents.missing)
    if not count:
        return _("All documents are there.")
    said = ngettext("%(count)s document is missing", "%(count)s documents are missing", count) % {"count": count}
    if documents.waited_for:
        said += _(", %(count)s expected from the client") % {"count": documents.waited_for}
    return f"{said}."


def _hearing_term(name: str, at: datetime, now: datetime) -> Term:
    left, told = _left(at, now), {"hearing": name, "day": day(at), "time": hhmm(at), "left": days(_left(at, now))}
    on = timezone.localtime(at).date()
    if at < now:
        said = _("Write down what was decided, and change the stage.")
        return Term(on, "danger", _("%(hearing)s was on %(day)s.") % told, said)
    if left == 0:
        return Term(on, "warn", _("%(hearing)s is today at %(time)s.") % told)
    title = _("%(left)s are left until the hearing: %(hearing)s, %(day)s, %(time)s.") % told
    return Term(on, "warn" if left <= SOON.days else "", title)


def _payment(on: date, total: str, now: datetime) -> Term:
    left, told = _left(on, now), {"sum": total, "day": day(on)}
    if left < 0:
        return Term(on, "danger", _("The payment of %(sum)s was due on %(day)s.") % told)
    if left == 0:
        return Term(on, "warn", _("The payment of %(sum)s is due today.") % told)
    return Term(on, "", _("The payment of %(sum)s is due on %(day)s.") % told)
