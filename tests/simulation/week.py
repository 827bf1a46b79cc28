"""A week of a call centre, played by the verbs while the clock's jobs run as they like.

What people do follows from the seed and the lead alone, never from what a job did in time, so a week with other job
runs must end in the same tasks and statuses. Only who has a lead may differ: that is the jobs' to decide.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

from crm.errors import Invalid, Refused
from leads import jobs as lead_jobs
from leads.actions import change_status
from leads.applications import read_application
from leads.editing import stop_calling
from leads.finishing import finish_task
from leads.intake import register_lead
from leads.models import Lead
from leads.pipeline import CLOSED, Move, Status
from leads.queue import next_client
from leads.remarks import log_conversation
from leads.touches import NewTouch, log_touch
from tasks import jobs as task_jobs
from tasks import reminders
from tasks.models import CallingHours, Kind, Task
from tasks.worktime import fit, is_open
from team import jobs as team_jobs
from team.actions import set_shift, shift_state
from team.models import User
from tests.factories import LawyerFactory, ManagerFactory, OperatorFactory
from tests.sizes import size

JOBS: list[Callable[[], None]] = [
    lead_jobs.hand_out,
    lead_jobs.pass_on,
    lead_jobs.escalate_uncalled,
    task_jobs.remind,
    task_jobs.escalate,
    team_jobs.end_shifts,
]
STEP = timedelta(minutes=size(60, 10))
NIGHT_STEP = timedelta(hours=4)
CITIES = ["Москва", "Самара", "Новосибирск"]  # three zones
MOSCOW = ZoneInfo("Europe/Moscow")


@dataclass
class Plan:
    """When jobs run: each job at each step once, unless this plan loses, doubles or reorders its runs."""

    seed: int
    lost: float = 0.0
    doubled: float = 0.0
    _random: Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = Random(f"jobs {self.seed}")

    def runs(self) -> Iterator[Callable[[], None]]:
        order = list(JOBS)
        if self.lost or self.doubled:
            self._random.shuffle(order)
        for job in order:
            luck = self._random.random()
            if luck < self.lost:
                continue
            yield job
            if luck > 1 - self.doubled:
                yield job


class Week:
    """`leads` applications over `days` days for six operators, two of whom change shifts."""

    def __init__(self, clock, *, seed: int, leads: int, days: int, plan: Plan) -> None:
        self.clock = clock
        self.seed = seed
        self.days = days
        self.plan = plan
        self.operators = [OperatorFactory(username=f"o{number}") for number in range(6)]
        self.head, self.lawyer = ManagerFactory(), LawyerFactory()
        self.start: datetime = clock.now
        random = Random(f"arrivals {seed}")
        minutes = int((days - 1) * 24 * 60)
        self.arrivals = sorted((random.randrange(minutes), number) for number in range(leads))
        self._states: dict[int, str] = {}
        self.late: set[tuple[int, datetime]] = set()  # tasks that became known as late, with when they were due
        self.handed_twice: list[tuple[datetime, int, int]] = []
        self.numbers: dict[int, int] = {}  # lead id -> its number in this week, which is the same in each replay

    def play(self) -> None:
        for moment in self.moments():
            self.clock.set(moment)
            self.live()
            for job in self.plan.runs():
                self._run(job)
        for job in JOBS:  # what was lost last is caught up by the next tick
            self._run(job)

    def moments(self) -> Iterator[datetime]:
        """When people look up from their work: often in the day, now and then at night."""
        moment, end = self.start, self.start + timedelta(days=self.days)
        while moment < end:
            yield moment
            moment += STEP if 8 <= moment.astimezone(MOSCOW).hour < 20 else NIGHT_STEP

    def live(self) -> None:
        """What people do at the present moment of the clock."""
        self._shifts()
        self._arrive(until=self.clock.now - self.start)
        self._ask_for_clients()
        self._work()

    def _run(self, job: Callable[[], None]) -> None:
        if job is task_jobs.escalate:
            reminders.escalate()
            late = Task.objects.filter(escalated_at=self.clock.now)
            self.late |= set(late.values_list("pk", "due_at"))
        else:
            job()

    def _ask_for_clients(self) -> None:
        """Everybody on line presses "next": nobody is handed whom another was, and nobody is woken at night."""
        if self.clock.now.minute or self.clock.now.hour % 4:
            return
        hours = CallingHours.current().as_hours()
        handed: dict[int, int] = {}
        for user in self.operators:
            if shift_state(user.pk) != "on" or (offer := next_client(by=user)) is None:
                continue
            lead = offer.lead
            if lead.pk in handed or not is_open(self.clock.now, lead.zone, hours):
                self.handed_twice.append((self.clock.now, lead.pk, user.pk))
            handed[lead.pk] = user.pk

    def _shifts(self) -> None:
        """From nine to seven, the third operator with a break at noon, the last two from noon on."""
        local = self.clock.now.astimezone(MOSCOW)
        for number, user in enumerate(self.operators):
            begins = 12 if number >= 4 else 9
            state = "on" if begins <= local.hour < 19 else "off"
            if state == "on" and number == 2 and local.hour == 12:
                state = "break"
            if self._states.get(number) != state:
                self._states[number] = set_shift(user.pk, state)

    def _arrive(self, *, until: timedelta) -> None:
        while self.arrivals and self.arrivals[0][0] * 60 <= until.total_seconds():
            _minute, number = self.arrivals.pop(0)
            random = self._luck(number, "arrival")
            phone = f"+7916{number:07d}"
            if number > 10 and random.random() < 0.1:
                phone = f"8916{random.randrange(number):07d}"  # somebody who has applied before
            elif random.random() < 0.04:
                phone = "12345"
            body = {"phone": phone, "source": random.choice(["site", "yandex", "quiz"]), "email": "a@example.org"}
            application = read_application(body | {"city": random.choice(CITIES)})
            walks_in = random.random() < 0.08
            lead = register_lead(application, by=self.head if walks_in else None).lead
            self.numbers[lead.pk] = number
            if walks_in and not lead.is_duplicate:
                change_status(lead.pk, Move(Status.VISIT), by=self.head)
            elif random.random() < 0.03 and lead.contact_id is not None:
                stop_calling(lead.contact_id, "Просил не звонить", by=self.head)

    def _luck(self, *parts: object) -> Random:
        return Random(f"{self.seed} {parts}")

    def _work(self) -> None:
        """Everything that has been due long enough is done; how long that is, the lead and its touch say."""
        at = self.clock.now
        local = at.astimezone(MOSCOW)
        if not 9 <= local.hour < 19:
            return
        due = Task.objects.open().filter(due_at__lte=at, lead__isnull=False).order_by("lead_id", "due_at", "kind", "pk")
        done: set[int] = set()
        for task in due.select_related("lead__contact"):
            lead = task.lead
            if lead is None or lead.pk in done or lead.pk not in self.numbers:
                continue
            luck = self._luck(self.numbers[lead.pk], task.kind, task.step, task.stay, lead.touches_count)
            if at < task.due_at + timedelta(minutes=luck.choice([0, 10, 30, 120])):
                continue
            done.add(lead.pk)
            state = luck.getstate()
            try:
                self._do(lead, task, luck)
            except Lead.DoesNotExist:  # a worker beside us handed the lead to another in this moment: who goes on
                luck.setstate(state)
                lead.refresh_from_db()
                self._do(lead, task, luck)

    def _do(self, lead: Lead, task: Task, luck: Random) -> None:
        who = lead.responsible or self.operators[0]
        if task.kind == Kind.WRITE_MESSENGER:
            log_touch(lead.pk, NewTouch("whatsapp", "sent"), by=who)
        elif task.kind == Kind.SEND_ADDRESS:
            log_touch(lead.pk, NewTouch("whatsapp", "sent"), by=who)
            self._tick(task)
        elif task.kind == Kind.CONFIRM_MEETING:
            self._tick(task)
            self._meet(lead, who, luck)
        elif task.kind == Kind.UPDATE_NEED:
            self._sell(lead, who, luck)
        else:
            self._call(lead, who, luck)

    def _tick(self, task: Task) -> None:
        task.refresh_from_db()
        if task.state == Task.State.OPEN:
            finish_task(task.pk, by=self.head)

    def _call(self, lead: Lead, who: User, luck: Random) -> None:
        chance = luck.random()
        if lead.touches_count > 3 and chance > 0.3:
            self._give_up(lead)
        elif chance < 0.45 or lead.status in CLOSED:
            log_touch(lead.pk, NewTouch("call", luck.choice(["no_answer", "busy", "unavailable"])), by=who)
        elif chance < 0.55:
            log_conversation(lead.pk, NewTouch("call", "answered"), by=who, call_back_at=self._hour(lead, luck, days=1))
        elif chance < 0.68 and lead.status != Status.POSTPONED:
            move = Move(Status.POSTPONED, callback_at=self.clock.now + timedelta(days=luck.choice([1, 2, 3])))
            log_touch(lead.pk, NewTouch("call", "answered"), by=who, then=move)
        elif chance < 0.92:
            move = Move(Status.MEETING, meeting_at=self._hour(lead, luck, days=luck.choice([0, 1, 2])))
            log_touch(lead.pk, NewTouch("call", "answered"), by=who, then=move)
        elif chance < 0.95:
            self._join(lead, luck)
        else:
            log_touch(lead.pk, NewTouch("call", "answered"), by=who, then=Move(Status.JUNK, junk_reason="refused"))

    def _give_up(self, lead: Lead) -> None:
        """«Недозвон», if the touches have earned it; else one more call."""
        try:
            change_status(lead.pk, Move(Status.JUNK, junk_reason="no_answer"), by=self.head)
        except Refused:
            log_touch(lead.pk, NewTouch("call", "no_answer"), by=self.head)

    def _join(self, lead: Lead, luck: Random) -> None:
        """Somebody recognises the client of an earlier lead, if that is an original."""
        earlier = sorted((number, pk) for pk, number in self.numbers.items() if number < self.numbers[lead.pk])
        if earlier:
            move = Move(Status.JUNK, junk_reason="duplicate", duplicate_of=luck.choice(earlier)[1])
            with contextlib.suppress(Invalid):
                change_status(lead.pk, move, by=self.head)

    def _hour(self, lead: Lead, luck: Random, *, days: int) -> datetime:
        """A whole hour of the client's calling hours, so many days from now and at least three hours away."""
        at = self.clock.now + timedelta(days=days, hours=luck.choice([3, 5, 7]))
        hours = CallingHours.current().as_hours()
        return fit(at.replace(minute=0, second=0, microsecond=0), lead.zone, hours)

    def _meet(self, lead: Lead, who: User, luck: Random) -> None:
        lead.refresh_from_db()
        chance = luck.random()
        if lead.status != Status.MEETING or lead.meeting_at is None:
            return
        if chance < 0.2:
            move = Move(Status.MEETING, meeting_at=self._hour(lead, luck, days=1), comment="Перенёс")
            change_status(lead.pk, move, by=who)
        elif chance < 0.5 and lead.meeting_at - self.clock.now < timedelta(hours=3):
            log_touch(lead.pk, NewTouch("office", "no_show"), by=who)
        elif lead.meeting_at - self.clock.now < timedelta(hours=3):
            change_status(lead.pk, Move(Status.VISIT), by=who)

    def _sell(self, lead: Lead, who: User, luck: Random) -> None:
        move = luck.choice(
            [
                Move(Status.CONTRACT, amount=Decimal(150_000)),
                Move(Status.CONTRACT_PREPAID, amount=Decimal(150_000), prepayment=Decimal(30_000)),
                Move(Status.POSTPONED, callback_at=self.clock.now + timedelta(days=2)),
                Move(Status.JUNK, junk_reason="refused"),
            ]
        )
        change_status(lead.pk, move, by=who)

    # --- what is compared
    def outcome(self) -> dict[str, list[tuple[object, ...]]]:
        """Statuses and tasks by the lead's number, whoever had them."""
        tasks = Task.objects.filter(lead__isnull=False).values_list(
            "lead", "kind", "step", "stay", "due_at", "state", "promised", "repeat", "closed_at"
        )
        leads = Lead.objects.values_list("pk", "status", "junk_reason", "stay", "touches_count")
        on_deals = Task.objects.filter(deal__isnull=False).values_list(
            "deal__lead", "kind", "due_at", "state", "repeat"
        )
        return {
            name: sorted(((self.numbers[pk], *rest) for pk, *rest in rows), key=repr)
            for name, rows in (("tasks", tasks), ("leads", leads), ("tasks of deals", on_deals))
        }
