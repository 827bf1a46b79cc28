"""What the people of the demonstration do next, by chance and by what is due; `story` does it by the rules.

Shares are invented so that the funnel looks like a bankruptcy firm's.
"""

from __future__ import annotations

from calendar import SUNDAY
from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from decimal import Decimal
from functools import partial
from random import Random

from crm.demo.story import Story
from crm.demo.words import AFTER_CALL, REFUSALS, Profile
from leads.pipeline import SIGNED, JunkReason, Move, Status
from leads.touch_policy import Channel, Direction, Outcome
from tasks.models import Kind, Task
from tasks.worktime import at_local, fit

Act = Callable[[], None]
UNANSWERED = (Outcome.NO_ANSWER, Outcome.NO_ANSWER, Outcome.BUSY, Outcome.UNAVAILABLE)
BY_HAND = (Kind.SEND_ADDRESS.value, Kind.CONFIRM_MEETING.value)
NEVER_THERE = 0.13  # the share of clients who hardly ever pick up
# Days from one stage of a deal to the next.
STAGE_DAYS = (18, 75)


class Plot:
    """The future of one story; `random` is the run's own, so one seed gives one history."""

    def __init__(self, story: Story, profile: Profile, random: Random) -> None:
        self.story = story
        self.profile = profile
        self.random = random
        self.operator = random.choice(story.world.operators)
        self._reach = 0.03 if random.random() < NEVER_THERE else profile.reach * 0.7
        self._stay = 0
        self._decided_at: datetime | None = None
        self._stage_at: datetime | None = None

    def following(self) -> tuple[datetime, Act] | None:
        """The next act and its moment; None if nothing more will happen by itself."""
        story = self.story
        if story.lead.stay != self._stay:
            self._stay = story.lead.stay
            self._decided_at = self._decision_time()
        return min(self._ahead(), key=lambda act: act[0], default=None)

    def _ahead(self) -> Iterator[tuple[datetime, Act]]:
        lead = self.story.lead
        status = lead.status
        if status in (Status.NEW, Status.DIALING):
            yield self._next_attempt()
        elif status in SIGNED:
            yield from self._of_lawyer()
        elif status != Status.JUNK:
            tasks = self.story.open(*BY_HAND, Kind.CONTACT_CLIENT.value)
            if tasks:
                task = min(tasks, key=lambda task: task.due_at)
                is_call = task.kind == Kind.CONTACT_CLIENT
                yield self._soon_after(task.due_at, 20), self._call_back if is_call else partial(self._finish, task)
        if self._decided_at is not None:
            yield max(self._decided_at, self.story.at), self._decide

    # --- when
    def _later(self, low: float, high: float) -> datetime:
        """Some hours from now, when this client may be called."""
        seconds = int(self.random.uniform(low, high) * 3600)
        return fit(self.story.at + timedelta(seconds=seconds), self.story.zone, self.story.world.hours)

    def _soon_after(self, due: datetime, minutes: float) -> datetime:
        """When a task that is due at `due` is taken in hand: after about `minutes`, seldom hours later."""
        wait = self.random.expovariate(1 / minutes) * (8 if self.random.random() < 0.08 else 1)
        moment = max(due, self.story.at) + timedelta(seconds=20 + int(wait * 60))
        return fit(moment, self.story.zone, self.story.world.hours)

    def _office_hour(self, first: int, last: int) -> datetime:
        """A working hour of the firm, so many days from now."""
        zone = self.story.world.zone
        day = self.story.at.astimezone(zone).date() + timedelta(days=self.random.randint(first, last))
        if day.weekday() == SUNDAY:
            day += timedelta(days=1)
        minute = self.random.choice((0, 0, 30))
        return at_local(day, time(self.random.randint(10, 18), minute), zone)

    def _decision_time(self) -> datetime | None:
        """When the stay that has begun ends by itself."""
        lead, random = self.story.lead, self.random
        if lead.status == Status.MEETING and lead.meeting_at:
            if random.random() < 0.06:  # they call before, to move it
                before = self._later(1, 12)
                if before < lead.meeting_at:
                    return before
            return lead.meeting_at + timedelta(minutes=random.randint(3, 80))
        if lead.status == Status.VISIT:
            return self._later(0.4, 70)
        if lead.status == Status.CONTRACT and random.random() < 0.55:
            return self._later(20, 300)
        return None

    # --- calling
    def _next_attempt(self) -> tuple[datetime, Act]:
        story = self.story
        if story.contact is None:
            return self._later(0.2, 5), self._give_up_number
        tasks = story.open(Kind.CONTACT_CLIENT, Kind.WRITE_MESSENGER)
        if not tasks:
            return self._later(1.2, 6), self._close_or_call
        task = min(tasks, key=lambda task: task.due_at)
        act = self._call if task.kind == Kind.CONTACT_CLIENT else self._write
        return self._soon_after(task.due_at, 15), act

    def _by(self) -> int:
        return self.story.lead.responsible_id or self.operator

    def _give_up_number(self) -> None:
        self.story.move(Move(Status.JUNK, junk_reason=JunkReason.WRONG_NUMBER), by=self._by())

    def _close_or_call(self) -> None:
        if self.story.no_answer_is_earned:
            self.story.move(Move(Status.JUNK, junk_reason=JunkReason.NO_ANSWER), by=self._by())
        elif self.story.was_reached and self.random.random() < 0.4:
            self.story.move(self._refuse(), by=self._by())
        else:
            self._call()

    def _call(self) -> None:
        story, random = self.story, self.random
        if story.lead.touches_count >= story.world.policy.touches and story.no_answer_is_earned:
            self._close_or_call()
            return
        chance = random.random()
        if chance < self._reach:
            self._talk()
        elif chance > 0.985:
            wrong = Move(Status.JUNK, junk_reason=JunkReason.WRONG_NUMBER)
            story.touch(Channel.CALL, Outcome.WRONG_NUMBER, by=self._by(), then=wrong)
        else:
            story.touch(Channel.CALL, random.choice(UNANSWERED), by=self._by())

    def _write(self) -> None:
        story, random = self.story, self.random
        story.touch(Channel.WHATSAPP, Outcome.SENT, by=self._by())
        replied_at = story.at + timedelta(seconds=random.randrange(40, 900))
        if random.random() < 0.08 and replied_at <= story.world.now:
            story.at = replied_at
            story.touch(
                Channel.WHATSAPP, Outcome.REPLIED, by=self._by(), direction=Direction.INCOMING, then=self._agreement()
            )

    def _talk(self, direction: Direction = Direction.OUTGOING) -> None:
        self.story.touch(
            Channel.CALL,
            Outcome.ANSWERED,
            by=self._by(),
            direction=direction,
            then=self._agreement(),
            comment=self.random.choice(AFTER_CALL),
        )

    def _agreement(self) -> Move:
        """What a first conversation ends with."""
        random = self.random
        if random.random() > self.profile.target:
            reason = random.choices(list(REFUSALS), list(REFUSALS.values()))[0]
            return Move(Status.JUNK, junk_reason=reason)
        return self._postpone() if random.random() < 0.34 else self._appoint()

    def _appoint(self) -> Move:
        return Move(Status.MEETING, meeting_at=self._office_hour(1, 6))

    def _postpone(self) -> Move:
        return Move(Status.POSTPONED, callback_at=self._later(24, 480))

    def _refuse(self) -> Move:
        return Move(Status.JUNK, junk_reason=JunkReason.REFUSED)

    def _call_back(self) -> None:
        """The call that was promised, or that a client who did not come, or applied again, is due."""
        story, chance = self.story, self.random.random()
        if chance < 0.3:
            story.touch(Channel.CALL, self.random.choice(UNANSWERED), by=self._by())
            if story.lead.status == Status.POSTPONED or (story.lead.status == Status.MEETING and self._missed):
                story.move(Move(Status.DIALING), by=self._by())
            return
        if story.lead.status == Status.VISIT or (story.lead.status == Status.MEETING and not self._missed):
            story.touch(Channel.CALL, Outcome.ANSWERED, by=self._by())
            return
        may_wait = story.lead.status != Status.POSTPONED  # who has been put off before decides now
        then = self._appoint() if chance < 0.66 else self._postpone() if chance < 0.78 and may_wait else self._refuse()
        story.touch(Channel.CALL, Outcome.ANSWERED, by=self._by(), then=then)

    def _finish(self, task: Task) -> None:
        self.story.complete(task, by=self._by())

    # --- meeting, visit, contract
    @property
    def _missed(self) -> bool:
        """Has the present meeting passed without the client?"""
        return self._decided_at is None

    def _decide(self) -> None:
        status = self.story.lead.status
        self._decided_at = None
        if status == Status.MEETING:
            self._meet()
        elif status == Status.VISIT:
            self._leave_office()
        else:
            self._pay()

    def _meet(self) -> None:
        story, chance = self.story, self.random.random()
        if story.lead.meeting_at and story.at < story.lead.meeting_at:
            story.touch(
                Channel.CALL,
                Outcome.ANSWERED,
                by=self._by(),
                direction=Direction.INCOMING,
                then=self._appoint(),
            )
        elif chance < 0.22:
            story.touch(Channel.OFFICE, Outcome.NO_SHOW, by=self._by())
        elif chance < 0.27:
            story.move(self._contract(Status.CONTRACT), by=self._by())
        else:
            story.move(Move(Status.VISIT), by=self._by())

    def _leave_office(self) -> None:
        chance = self.random.random()
        if chance < 0.36:
            move = self._contract(Status.CONTRACT)
        elif chance < 0.54:
            move = self._contract(Status.CONTRACT_PREPAID)
        elif chance < 0.68:
            move = self._postpone()
        elif chance < 0.75:
            move = self._appoint()
        else:
            move = self._refuse()
        self.story.move(move, by=self._by())

    def _pay(self) -> None:
        self.story.move(Move(Status.CONTRACT_PREPAID, prepayment=self._prepayment()), by=self._by())

    def _contract(self, to: Status) -> Move:
        prepaid = to == Status.CONTRACT_PREPAID
        day = self.story.at.astimezone(self.story.world.zone).date()
        return Move(
            to,
            amount=Decimal(self.random.randrange(90, 250) * 1000),
            prepayment=self._prepayment() if prepaid else None,
            contract_number=f"{self.story.lead.pk}/{day:%y}",
            contract_date=day,
        )

    def _prepayment(self) -> Decimal:
        return Decimal(self.random.choice((10_000, 15_000, 20_000, 25_000, 30_000, 50_000)))

    # --- the lawyer
    def _of_lawyer(self) -> Iterator[tuple[datetime, Act]]:
        story, deal = self.story, self.story.deal
        assert deal is not None
        for task in story.open_on_deal():
            if task.kind == Kind.COLLECT_DOCUMENTS:
                moment = deal.created_at + timedelta(days=2 + deal.pk % 9, hours=2)
            else:
                moment = self._soon_after(task.due_at, 90)
            yield max(moment, story.at), partial(self._finish_on_deal, task)
        if self._stage_at is None:
            self._stage_at = self._office_hour(*STAGE_DAYS)
        stages = story.world.stages
        place = stages.index(deal.stage)
        if place + 1 < len(stages):
            yield max(self._stage_at, story.at), partial(self._move_on, place + 1)

    def _finish_on_deal(self, task: Task) -> None:
        deal = self.story.deal
        self.story.complete(task, by=deal.responsible_id if deal else None)

    def _move_on(self, place: int) -> None:
        self._stage_at = None
        self.story.move_stage(self.story.world.stages[place])
