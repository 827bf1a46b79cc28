"""What «Мой день» shows, read in a fixed number of queries: the client to call, the queue, the numbers of the day.

Only reads. Whom to call is said by `queue`, what would follow by `foresight`, what may be chosen by the rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import OuterRef, Q, Subquery
from django.urls import reverse
from django.utils.http import urlencode

from contacts.templatetags.phone_format import tel
from crm.templatetags.crm_format import GRACE
from leads.effort import meetings_booked, middle, wait_for_call
from leads.foresight import Ahead, look_ahead
from leads.ladder import ladder_to_come, ladders
from leads.ladder_words import in_words
from leads.models import DayPlan, Lead, Touch, TouchPolicy
from leads.pipeline import CLOSED, Status
from leads.queue import Offer, Reason, end_of_day, later_today, offer_for, queue
from leads.remarks import BUSY_CALL
from leads.scripts import script_of_status, steps
from leads.touch_policy import REACHED, Channel, Direction, Outcome, Progress, missing, progress
from tasks.actions import Catalogue
from tasks.models import EscalationPolicy, Kind, Task
from tasks.worktime import Hours, fit, start_of_day
from team.actions import OFF
from team.models import Hold, ShiftPeriod, User

KNOWN = 3  # last touches that are told beside the client
URGENT = (Reason.MISSED_CALL, Reason.PROMISED, Reason.NEW, Reason.REPEAT)


@dataclass(frozen=True)
class Numbers:
    """An operator's day: calls made, how many reached the client, meetings booked, the median wait of new leads."""

    calls: int
    reached: int
    meetings: int
    planned: int  # meetings by the plan of the day; 0: there is none
    first_call: timedelta | None
    goal: timedelta


@dataclass(frozen=True)
class Line:
    """The queue on the right, as three groups."""

    now: list[Offer]
    late: list[Offer]
    later: list[Task]
    hours: Hours  # in which clients are called

    @property
    def count(self) -> int:
        return len(self.now) + len(self.late) + len(self.later)


@dataclass(frozen=True)
class Client:
    """The client to be called, as the operator who holds them sees them at `at`."""

    lead: Lead
    at: datetime
    until: datetime | None  # the hold lasts; None: not held
    offer: Offer | None  # None: chosen ahead of time
    tasks: list[Task]
    of_stay: list[Task]  # with those of the present stay that are closed
    touches: list[Touch]
    ahead: Ahead
    progress: Progress
    after_call: Progress  # what it will be once this call is recorded as unanswered
    opens_at: datetime | None
    catalogue: Catalogue
    script: list[str]  # what to say, step by step

    @property
    def call_url(self) -> str:
        return "" if self.lead.do_not_call else tel(self.lead.phone)

    @property
    def message_url(self) -> str:
        """The page that writes to the client, with the text of the task; from there the day goes on with them."""
        task = self.offer.task if self.offer else None
        asked = {"task": task.kind, "messenger": task.channel} if task else {}
        asked["next"] = f"{reverse('day')}?lead={self.lead.pk}"
        return f"{reverse('lead-message', args=[self.lead.pk])}?{urlencode(asked)}"

    @property
    def local_time(self) -> str:
        return self.at.astimezone(self.lead.zone).strftime("%H:%M")

    @property
    def away(self) -> bool:
        """Does the client's clock differ from the firm's?"""
        firm = self.at.astimezone(ZoneInfo(settings.TIME_ZONE))
        return self.at.astimezone(self.lead.zone).utcoffset() != firm.utcoffset()

    @property
    def gate(self) -> str:
        """What «Недозвон» still needs; empty when it may be chosen once this call is unanswered."""
        if self.after_call.earned:
            return ""
        return missing(self.progress, zone=self.lead.zone, at=self.at)

    @property
    def offers_no_answer(self) -> bool:
        """Nothing more is planned and «Недозвон» is earned: it is offered, never forced."""
        return self.ahead.no_answer is None and not self.gate

    @property
    def to_finish(self) -> Task | None:
        """The task that brought them up, where it is not a call: it can be finished without one."""
        task = self.offer.task if self.offer else None
        return task if task and task.kind != Kind.CONTACT_CLIENT else None

    @property
    def last(self) -> list[Touch]:
        """The last touches, newest first."""
        return self.touches[: -KNOWN - 1 : -1]

    def sets_meeting(self) -> list[str]:
        """The tasks that a booked meeting sets, in words."""
        rules = [rule for rule, _steps in self.catalogue.rules if rule.status == Status.MEETING]
        return list(dict.fromkeys(rule.text or str(Kind(rule.kind).label) for rule in rules))

    @property
    def climb(self) -> dict[str, Any] | None:
        """The calls of the plan as a ladder, as the card shows it; None in a status without a cadence of calls."""
        if self.lead.status == Status.NEW:
            due = self.tasks[0].due_at if self.tasks else self.at
            ladder = ladder_to_come(self.lead, self.catalogue, due=due, at=self.at)
        else:
            climbs = ladders(self.lead, self.catalogue, self.touches, self.of_stay, at=self.at)
            ladder = next((one for one in climbs if one.kind == Kind.CONTACT_CLIENT), None)
        return in_words(ladder, zone=self.lead.zone, at=self.at) if ladder else None


def read_place(user: User, *, at: datetime) -> tuple[str, Hold | None]:
    """Whether `user` is on line ("on", "break", "off"), and the client they hold as a card shows them. One query."""
    shift = ShiftPeriod.objects.filter(user=OuterRef("pk"), ended_at__isnull=True).values("state")[:1]
    lead = "hold__lead"
    script = script_of_status("hold__lead__status")
    people = User.objects.annotate(state=Subquery(shift), script=script).select_related(
        f"{lead}__contact", f"{lead}__source", f"{lead}__office", f"{lead}__responsible"
    )
    person = people.get(pk=user.pk)
    hold: Hold | None = getattr(person, "hold", None)
    if hold is not None:
        hold.lead.script = person.script  # type: ignore[attr-defined]
    return person.state or OFF, hold if hold and hold.expires_at > at else None


def read_client(
    lead: Lead, user: User, line: Line, catalogue: Catalogue, *, until: datetime | None, at: datetime
) -> Client:
    """Everything about one client. Three queries, a fourth for one who does not stand in the queue."""
    open_or_of_stay = Q(state=Task.State.OPEN) | Q(automatic=True, stay=lead.stay)
    tasks = list(Task.objects.filter(open_or_of_stay, lead_id=lead.pk).order_by("due_at", "pk"))
    touches = list(Touch.objects.filter(lead_id=lead.pk).order_by("at", "pk"))
    policy = TouchPolicy.current().as_policy()
    since = [touch for touch in touches if touch.at >= lead.opened_at]
    day_began = start_of_day(at, lead.zone)
    busy = [touch for touch in touches if touch.at >= day_began and _is_busy(touch)]
    this_call = Touch(at=at, channel=Channel.CALL, direction=Direction.OUTGOING, outcome=Outcome.NO_ANSWER)
    opens_at = fit(at, lead.zone, catalogue.hours)
    standing = next((offer for offer in [*line.now, *line.late] if offer.task.lead_id == lead.pk), None)
    return Client(
        lead=lead,
        at=at,
        until=until,
        offer=standing or offer_for(lead.pk, user, at=at, hours=catalogue.hours),
        tasks=[task for task in tasks if task.state == Task.State.OPEN],
        of_stay=tasks,
        touches=since,
        ahead=look_ahead(lead, tasks, catalogue, busy_today=len(busy), by=user, at=at),
        progress=progress(policy, since, opened_at=lead.opened_at, zone=lead.zone, at=at),
        after_call=progress(policy, [*since, this_call], opened_at=lead.opened_at, zone=lead.zone, at=at),
        opens_at=opens_at if opens_at > at else None,
        catalogue=catalogue,
        script=steps(getattr(lead, "script", None)),
    )


def _is_busy(touch: Touch) -> bool:
    return all(getattr(touch, name) == value for name, value in BUSY_CALL.items())


def read_line(user: User, catalogue: Catalogue, *, at: datetime) -> Line:
    """Who waits now, who has waited too long, and what comes later today. Two queries."""
    offers = queue(user, at=at, hours=catalogue.hours)
    late = [offer for offer in offers if offer.reason not in URGENT and offer.task.due_at < at - GRACE]
    now = [offer for offer in offers if offer not in late]
    return Line(now, late, later_today(user, at=at, until=end_of_day(at)), catalogue.hours)


def read_numbers(user: User, *, hours: Hours, at: datetime) -> Numbers:
    """The four numbers since the firm's midnight, with what they are measured against. Four queries."""
    end = end_of_day(at)
    began = end - timedelta(days=1)
    calls = list(
        Touch.objects.filter(by=user, at__gte=began, channel=Channel.CALL, direction=Direction.OUTGOING)
        .order_by()
        .values_list("outcome", "at", "lead__first_touch_at", "lead__created_at", "lead__client_zone")
    )
    waits = [wait_for_call(came, made, zone, hours) for _outcome, made, first, came, zone in calls if made == first]
    return Numbers(
        calls=len(calls),
        reached=sum(outcome in REACHED for outcome, *_ in calls),
        meetings=meetings_booked(began, end).filter(by=user).count(),
        planned=DayPlan.current().meetings,
        first_call=middle(waits),
        goal=timedelta(minutes=EscalationPolicy.current().first_call_minutes),
    )


def workable(lead: Lead) -> bool:
    """May a call about it be recorded here?"""
    return not lead.is_duplicate and lead.status not in CLOSED
