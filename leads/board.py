"""What the card of a lead shows, read in a fixed number of queries, and the same facts as the pieces of a page.

Only reads; what may be done is asked of `pipeline`, of `touch_policy` and of the rights, never decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from contacts.phones import refusal_text
from contacts.templatetags.phone_format import tel
from crm import clock
from deals.models import Deal
from leads.actions import open_moves
from leads.ladder_words import in_words
from leads.models import Lead, Office
from leads.pipeline import CLOSED, MOVES, SIGNED, STEPS, JunkReason, Status
from leads.scripts import script_of_status, steps
from leads.standing import Standing, read_standing
from leads.touch_policy import Progress, missing
from leads.undo import Recent, newest_trace, recent
from tasks.models import Task
from team.models import User
from team.roles import RIGHTS, Right, Role, may

UTM_ROWS = 8
OTHERS = 10  # other requests of a number that are shown
ASKING = (Status.MEETING, Status.POSTPONED)


@dataclass(frozen=True)
class Card:
    """A lead as `viewer` sees it at `at`."""

    lead: Lead
    viewer: User
    at: datetime
    allowed: list[Status]
    standing: Standing
    others: list[Lead]
    others_count: int
    deal: Deal | None
    opens_at: datetime | None  # when this client may be called again; None: now
    script: list[str]  # what to say, step by step
    recent: Recent | None  # what this person has just done and can take back

    @property
    def may_work(self) -> bool:
        """May this person work this lead (a duplicate nobody may)?"""
        return may(self.viewer, Right.WORK_LEADS) and not self.lead.is_duplicate

    @property
    def may_edit(self) -> bool:
        return may(self.viewer, Right.WORK_LEADS)

    @property
    def may_take(self) -> bool:
        return self.may_work and may(self.viewer, Right.TAKE_LEAD) and self.lead.responsible_id is None

    @property
    def may_assign(self) -> bool:
        return self.may_work and may(self.viewer, Right.ASSIGN)

    @property
    def may_call(self) -> bool:
        """Whether the number is to be dialled from here: not a rejected lead's, nor of who asked not to be called."""
        return self.lead.phone_valid and self.lead.status != Status.JUNK and not self.lead.do_not_call

    @property
    def message_url(self) -> str:
        """The page that writes to the client, for who may."""
        return reverse("lead-message", args=[self.lead.pk]) if self.may_work and self.may_call else ""

    @property
    def was_to_come(self) -> bool:
        """Has the time of the booked meeting come, so that it is to be said how it went?"""
        booked = self.lead.meeting_at if self.lead.status == Status.MEETING else None
        return self.may_work and booked is not None and booked <= self.at

    @property
    def may_open_deal(self) -> bool:
        if self.deal is None:
            return False
        mine = may(self.viewer, Right.WORK_DEALS) and self.deal.responsible_id == self.viewer.pk
        return may(self.viewer, Right.SEE_ALL) or mine

    @property
    def repeat(self) -> Lead | None:
        """The newest repeat application, while nobody has called the client because of it."""
        if not any(task.repeat for task in self.tasks):
            return None
        return next((other for other in self.others if other.duplicate_of_id == self.lead.pk), None)

    @property
    def in_work(self) -> bool:
        return self.lead.status not in CLOSED

    @property
    def needs_task(self) -> bool:
        """A lead in work without a task is a fault."""
        return self.in_work and not self.tasks

    @property
    def local(self) -> datetime:
        """The client's clock."""
        return self.at.astimezone(self.lead.zone)

    @property
    def local_time(self) -> str:
        """The same as a text: templates would bring a moment to the firm's zone."""
        return self.local.strftime("%H:%M")

    @property
    def away(self) -> bool:
        """Does the client's clock differ from the firm's?"""
        return self.local.utcoffset() != timezone.localtime(self.at).utcoffset()

    @property
    def gate(self) -> list[dict[str, Any]]:
        """The counters towards «Недозвон», one for each part of the policy that is switched on."""
        done = self.progress
        if done is None:
            return []
        asked = done.policy
        rows = [(_("Touches"), done.touches, asked.touches), (_("Days with touches"), done.days, asked.days)]
        if asked.day_parts:
            rows.append((_("Parts of the day"), done.day_parts, asked.day_parts))
        if asked.messages:
            rows.append((_("Messages"), done.messages, asked.messages))
        return [{"label": label, "done": min(made, need), "need": need} for label, made, need in rows if need]

    @property
    def missing(self) -> str:
        """The sentence of what «Недозвон» still needs; empty when it is earned."""
        return missing(self.progress, zone=self.lead.zone, at=self.at) if self.progress else ""

    @property
    def tasks(self) -> list[Task]:
        """What is open on the lead, the earliest first."""
        return self.standing.tasks

    @property
    def progress(self) -> Progress | None:
        """How far «Недозвон» is; None for a lead that is not in work."""
        return self.standing.progress

    @property
    def climbs(self) -> list[dict[str, Any]]:
        """The cadences of the status as the ladders of the page."""
        return [in_words(ladder, zone=self.lead.zone, at=self.at) for ladder in self.standing.ladders]

    @property
    def no_answer_url(self) -> str:
        """The form that closes the lead as «Недозвон», where that is offered and this person may."""
        offered = self.may_work and self.standing.offers_no_answer and Status.JUNK in self.allowed
        return self.way_to(Status.JUNK) if offered else ""

    def steps(self) -> list[dict[str, Any]]:
        """The chevrons: a button, a link to what the status asks for, or the reason why it is closed."""
        present = Status(self.lead.status)
        place = STEPS.index(present) if present in STEPS else -1
        return [
            {
                "code": status.value,
                "label": status.label,
                "state": "cur" if number == place else "past" if number < place else "",
                "href": self.way_to(status),
                "reason": "" if status in self.allowed else self.closed_because,
            }
            for number, status in enumerate(STEPS)
        ]

    def way_to(self, status: Status) -> str:
        """The address of the form that a status needs; empty where one press is enough."""
        if status in (Status.CONTRACT, Status.CONTRACT_PREPAID):
            return f"{reverse('lead-contract', args=[self.lead.pk])}?to={status.value}"
        if status == Status.JUNK:
            return reverse("lead-junk", args=[self.lead.pk])
        if status in ASKING or self.lead.status == Status.JUNK:
            return f"{reverse('lead-status', args=[self.lead.pk])}?to={status.value}"
        return ""

    def choices(self) -> list[dict[str, Any]]:
        """Every status with what it asks for, for the page of all statuses."""
        asks = {
            Status.MEETING: _("Asks for the date and time, and the office"),
            Status.POSTPONED: _("Asks when to call back"),
            Status.JUNK: _("Asks for the reason"),
            Status.CONTRACT: _("Asks for the price; opens the deal"),
            Status.CONTRACT_PREPAID: _("Asks for the prepayment; opens the deal if there is none yet"),
        }
        if self.lead.status == Status.JUNK:
            asks[Status.DIALING] = _("Asks why the lead is reopened")
        rows = []
        for status in (*STEPS, Status.JUNK):
            here, is_open = status == self.lead.status, status in self.allowed
            action = (
                _("Move the meeting") if here else _("Reopen…") if self.lead.status == Status.JUNK else _("Move here")
            )
            rows.append(
                {
                    "code": status.value,
                    "label": status.label,
                    "href": self.way_to(status) if is_open else "",
                    "is_open": is_open,
                    "action": action,
                    "hint": _("The lead is here") if here else asks.get(status, "") if is_open else self.closed_because,
                }
            )
        return rows

    def end(self) -> dict[str, Any]:
        """«Брак…» at the end of the row."""
        if self.lead.status == Status.JUNK:
            label = f"{Status.JUNK.label}: {self.lead.get_junk_reason_display()}"
            return {"label": label, "state": "cur"}
        if Status.JUNK in self.allowed:
            return {"label": f"{Status.JUNK.label}…", "href": self.way_to(Status.JUNK)}
        return {"label": Status.JUNK.label, "reason": self.closed_because}

    @property
    def position(self) -> int:
        """The place of the present status among the steps, from 1; 0 for junk."""
        return STEPS.index(Status(self.lead.status)) + 1 if self.lead.status in STEPS else 0

    @property
    def all_url(self) -> str:
        """The page with all statuses, for who may move the lead somewhere."""
        return reverse("lead-status", args=[self.lead.pk]) if self.allowed else ""

    @property
    def contract_url(self) -> str:
        """The contract form, while a contract can be signed."""
        kind = next((status for status in SIGNED if status in self.allowed), None)
        return self.way_to(kind) if kind else ""

    @property
    def meeting_url(self) -> str:
        """The form that moves a booked meeting to another time."""
        booked = self.lead.status == Status.MEETING and Status.MEETING in self.allowed
        return self.way_to(Status.MEETING) if booked else ""

    @property
    def reopen_url(self) -> str:
        return self.way_to(Status.DIALING) if self.lead.status == Status.JUNK and self.allowed else ""

    @property
    def call_url(self) -> str:
        return tel(self.lead.phone) if self.may_call else ""

    @property
    def phone_refusal(self) -> str:
        """Why what was given is no phone."""
        return refusal_text(self.lead.phone_refusal)

    @property
    def utm_rows(self) -> list[tuple[str, str]]:
        """The advertising marks of the application that are plain texts."""
        return [
            (str(name), str(value)[:200])
            for name, value in (self.lead.utm or {}).items()
            if isinstance(value, str | int)
        ][:UTM_ROWS]

    @property
    def clock_hint(self) -> str:
        """Beside a field for a time: whose clock it is on."""
        if not self.away:
            return ""
        return _("On the client's clock: it is %(time)s for them.") % {"time": self.local_time}

    @property
    def skips_visit(self) -> bool:
        """Would a contract now be counted without a visit?"""
        return self.lead.reached_visit_at is None and self.lead.status not in SIGNED

    @property
    def closed_because(self) -> str:
        """Why a status that is not open is closed."""
        if self.lead.is_duplicate:
            return _("This is a duplicate. It is worked from the original lead only.")
        if not may(self.viewer, Right.WORK_LEADS):
            return _("Leads are worked by operators and the head of the call centre.")
        here = Status(self.lead.status)
        if here == Status.JUNK and not self.allowed:
            return _("A rejected lead is reopened by the head of the call centre, with a comment.")
        if not MOVES[here]:
            return _("This is the last status of a lead.")
        return _("From “%(here)s” a lead goes to: %(list)s.") % {
            "here": here.label,
            "list": ", ".join(str(status.label) for status in MOVES[here]),
        }


def read_card(lead_id: int, viewer: User) -> Card:
    """The card of a lead. Ten queries at most. Raises Lead.DoesNotExist if it is not theirs to see."""
    at = clock.now()
    lead = (
        Lead.objects.visible_to(viewer)
        .with_card()
        .select_related("duplicate_of__responsible", "deal__responsible", "hold__user")
        .annotate(newest_trace=newest_trace(viewer, at=at), script=script_of_status())
        .get(pk=lead_id)
    )
    others, count = others_of(lead, viewer)
    standing = read_standing(lead, at=at)
    return Card(
        lead=lead,
        viewer=viewer,
        at=at,
        allowed=open_moves(lead, viewer),
        standing=standing,
        others=others,
        others_count=count,
        deal=getattr(lead, "deal", None),
        opens_at=standing.opens_at if standing.opens_at and standing.opens_at > at else None,
        script=steps(lead.script),
        recent=recent(lead, lead.newest_trace) if may(viewer, Right.WORK_LEADS) else None,
    )


def others_of(lead: Lead, viewer: User) -> tuple[list[Lead], int]:
    """The leads of the same number with this one, newest first, and how many there are. One query, or none.

    Each has `is_visible`: whether `viewer` may open it.
    """
    if lead.contact_id is None:
        return [], 0
    found = list(
        Lead.objects.filter(contact_id=lead.contact_id)
        .select_related("source")
        .order_by("-created_at", "-pk")[: OTHERS * 10]
    )
    sees_all = may(viewer, Right.SEE_ALL)
    for other in found:
        own = may(viewer, Right.WORK_LEADS) and other.responsible_id in (None, viewer.pk)
        other.is_visible = sees_all or own or other.pk == lead.pk  # type: ignore[attr-defined]
    return found[:OTHERS], len(found)


def people_of_call_centre() -> list[User]:
    """Whom a lead can be handed to. One query."""
    return list(User.objects.filter(is_active=True, role__in=RIGHTS[Right.WORK_LEADS]))


def lawyers_by_load() -> list[User]:
    """Lawyers with `load`, their open deals, the least busy first. One query."""
    load = Count("deals", filter=Q(deals__stage__final=False))
    return list(User.objects.filter(role=Role.LAWYER, is_active=True).annotate(load=load).order_by("load", "pk"))


def offices() -> list[Office]:
    """Where meetings can be. One query."""
    return list(Office.objects.filter(active=True))


def closed_reasons(card: Card) -> list[str]:
    """The junk reasons that cannot be chosen for this lead now."""
    return [JunkReason.NO_ANSWER.value] if card.missing else []
