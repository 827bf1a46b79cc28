"""The ladder of touches: which steps of a cadence were made with what result, which come and when. Reads nothing.

One pure function from steps, touches and tasks to rungs; `board` and the pages only show them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from leads.models import Lead, Touch
from leads.pipeline import Status
from leads.touch_policy import REACHED, Channel
from tasks.actions import LATE_STEP_GAP, Catalogue
from tasks.cadence import Anchor, Step, plan_next
from tasks.models import Kind, Task, TaskRule
from tasks.worktime import Hours


class State(StrEnum):
    """What has become of a step."""

    DONE = "done"  # made: `touch` says with what result, or ticked off by hand
    PASSED = "passed"  # planned once and taken back: a promised call or a conversation came before it
    NOW = "now"  # the one that comes next
    AHEAD = "ahead"  # after that; `at` is when it would fall due if nobody answered until then
    NOT_NEEDED = "not_needed"  # the client was reached


@dataclass(frozen=True)
class Rung:
    """A step of the cadence, `number` from 1. `at` (UTC): when it was made, is planned or would be; None: not known."""

    number: int
    state: State
    at: datetime | None
    channel: str = ""  # the messenger of the step, if it names one
    touch: Touch | None = None
    promised: bool = False  # not the cadence's own time: a call promised to the client


@dataclass(frozen=True)
class Ladder:
    """A cadence of a lead's present stay."""

    kind: Kind
    rungs: tuple[Rung, ...]
    reached: bool  # the client was reached, which stopped it

    @property
    def place(self) -> int:
        """The step that comes next, from 1; the last one when all are used up. «Касание 3 из 6»."""
        ahead = next((rung.number for rung in self.rungs if rung.state == State.NOW), None)
        return ahead or max((rung.number for rung in self.rungs if rung.state in (State.DONE, State.PASSED)), default=1)

    @property
    def used_up(self) -> bool:
        """Every step was made or passed, and nobody was reached."""
        return not self.reached and all(rung.state in (State.DONE, State.PASSED) for rung in self.rungs)


def climb(
    kind: Kind,
    steps: Sequence[Step],
    touches: Iterable[Touch],
    tasks: Iterable[Task],
    *,
    anchors: Mapping[Anchor, datetime],
    stay: int,
    zone: ZoneInfo,
    hours: Hours,
    at: datetime,
) -> Ladder:
    """The ladder of one cadence at `at` (UTC).

    `anchors` are those of the present stay, number `stay`; `tasks` the lead's open ones and the steps of this stay;
    touches recorded before the stay began are left out. A task and the touch that finished it have the same moment.
    """
    entered = anchors[Anchor.ENTRY]
    made = sorted((touch for touch in touches if touch.created_at >= entered), key=lambda one: (one.created_at, one.pk))
    ours = [touch for touch in made if Touch.TASK_KINDS.get(Channel(touch.channel)) == kind]
    of_kind = [task for task in tasks if task.kind == kind]
    own = {task.step: task for task in of_kind if task.automatic and task.stay == stay and task.step is not None}
    opened = min((task for task in of_kind if task.state == Task.State.OPEN), key=lambda one: one.due_at, default=None)
    reached = _is_reached(made, kind) and opened is None
    used = max(own, default=-1) + 1
    rungs = []
    if not own and ours and ours[0].created_at == entered:
        used = 1  # the touch that brought the lead here was the first step, which never was a task
    for number in range(min(used, len(steps))):
        rungs.append(_past(number, steps[number], own.get(number), ours, entered))
    waits = rungs[-1].state == State.NOW if rungs else False
    if opened is not None and not waits and len(rungs) < len(steps):
        # A promised call, or one after a repeat application, goes before the step: it takes its place in the row.
        step = steps[len(rungs)]
        rungs.append(Rung(len(rungs) + 1, State.NOW, opened.due_at, step.channel, promised=opened.promised))
    _foresee(rungs, steps, anchors, reached=reached, zone=zone, hours=hours, at=at)
    return Ladder(kind, tuple(rungs), reached)


def _past(number: int, step: Step, task: Task | None, ours: Sequence[Touch], entered: datetime) -> Rung:
    """A step that has been planned in this stay, or was made on coming into it."""
    if task is None:
        first = next((touch for touch in ours if touch.created_at == entered), None) if number == 0 else None
        moment = first.at if first else None
        return Rung(number + 1, State.DONE if first else State.PASSED, moment, step.channel, first)
    channel = task.channel
    if task.state == Task.State.OPEN:
        return Rung(number + 1, State.NOW, task.due_at, channel)
    if task.state == Task.State.CANCELLED:
        return Rung(number + 1, State.PASSED, task.closed_at, channel)
    touch = next((touch for touch in ours if touch.created_at == task.closed_at), None)
    return Rung(number + 1, State.DONE, touch.at if touch else task.closed_at, channel, touch)


def _is_reached(made: Sequence[Touch], kind: Kind) -> bool:
    """Was the client reached after the last attempt of this kind?"""
    for touch in reversed(made):
        if touch.outcome in REACHED:
            return True
        if Touch.TASK_KINDS.get(Channel(touch.channel)) == kind:
            return False
    return False


def _foresee(
    rungs: list[Rung],
    steps: Sequence[Step],
    anchors: Mapping[Anchor, datetime],
    *,
    reached: bool,
    zone: ZoneInfo,
    hours: Hours,
    at: datetime,
) -> None:
    """Add the steps that are still to come, each as far after the one before as the cadence will plan it."""
    moment = max((rung.at for rung in rungs[-1:] if rung.at and rung.state == State.NOW), default=at)
    moment = max(moment, at)
    for number in range(len(rungs), len(steps)):
        planned = plan_next(steps, number, anchors, at=moment, gap=LATE_STEP_GAP, zone=zone, hours=hours)
        if reached or planned is None:
            rungs.append(Rung(number + 1, State.NOT_NEEDED if reached else State.AHEAD, None, steps[number].channel))
        else:
            moment = planned[1]
            rungs.append(Rung(number + 1, State.AHEAD, moment, steps[number].channel))


def ladders(
    lead: Lead, catalogue: Catalogue, touches: Iterable[Touch], tasks: Iterable[Task], *, at: datetime
) -> list[Ladder]:
    """The ladders of a lead's status, one for each cadence of `catalogue`, in the order of the rules.

    Who asked not to be called has none. `touches` and `tasks` as for `climb`.
    """
    if lead.do_not_call:
        return []
    stay = lead.as_stay()
    seen, given = list(touches), list(tasks)
    return [
        climb(
            Kind(rule.kind),
            steps,
            seen,
            given,
            anchors=stay.anchors,
            stay=stay.number,
            zone=stay.zone,
            hours=catalogue.hours,
            at=at,
        )
        for rule, steps in catalogue.rules
        if rule.status == lead.status and rule.pace == TaskRule.Pace.CADENCE and rule.on == TaskRule.On.LEAD and steps
    ]


def ladder_to_come(lead: Lead, catalogue: Catalogue, *, due: datetime, at: datetime) -> Ladder | None:
    """The calls that begin with the first touch of a new lead, which is `due`: the cadence of «Прозвон» as far as it
    can be foreseen at `at`. None if that status has no cadence of calls.
    """
    cadences = (
        steps
        for rule, steps in catalogue.rules
        if rule.status == Status.DIALING and rule.kind == Kind.CONTACT_CLIENT and rule.pace == TaskRule.Pace.CADENCE
    )
    steps = next(cadences, None)
    if not steps or lead.do_not_call:
        return None
    rungs = [Rung(1, State.NOW, due, steps[0].channel)]
    entered = {Anchor.ENTRY: at}
    _foresee(rungs, steps, entered, reached=False, zone=lead.zone, hours=catalogue.hours, at=at)
    return Ladder(Kind.CONTACT_CLIENT, tuple(rungs), reached=False)
