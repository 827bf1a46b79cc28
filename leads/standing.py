"""Where a lead stands in its work: open tasks, the ladders of its touches, how far «Недозвон» is, why nothing is open.

Read together, because all of it is made from the same touches, tasks and rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from leads.actions import no_answer_progress
from leads.idle import Reason, is_imported, tasks_of_stay, why
from leads.ladder import Ladder, State, ladders
from leads.models import Lead
from leads.pipeline import CLOSED
from leads.touch_policy import Progress
from tasks.actions import Catalogue
from tasks.models import Kind, Task
from tasks.worktime import fit


@dataclass(frozen=True)
class Standing:
    """`opens_at` (UTC): when the client may be called next, the moment of reading or later; None: not to be called."""

    tasks: list[Task]
    ladders: list[Ladder]
    progress: Progress | None
    idle: Reason | None
    opens_at: datetime | None

    @property
    def offers_no_answer(self) -> bool:
        """Is «Недозвон» earned, with the calls of the cadence used up? It is offered then, never forced."""
        earned = self.progress is not None and self.progress.earned
        return earned and any(ladder.used_up and ladder.kind == Kind.CONTACT_CLIENT for ladder in self.ladders)

    @property
    def next_try(self) -> datetime | None:
        """When the call after the one that comes next would fall due, if nobody answers it (UTC)."""
        calls = (ladder for ladder in self.ladders if ladder.kind == Kind.CONTACT_CLIENT)
        ahead = (rung.at for ladder in calls for rung in ladder.rungs if rung.state == State.AHEAD)
        return next(ahead, None)


def read_standing(lead: Lead, *, at: datetime) -> Standing:
    """Six queries for a lead in work, one for another."""
    tasks = tasks_of_stay(lead)
    opened = [task for task in tasks if task.state == Task.State.OPEN]
    if lead.status in CLOSED or lead.is_duplicate:
        return Standing(opened, [], None, None, None)
    touches = list(lead.touches.since(lead.opened_at))
    catalogue = Catalogue.read(lead.status)
    climbs = ladders(lead, catalogue, touches, tasks, at=at)
    progress = no_answer_progress(lead, at=at, touches=touches)
    idle = None
    if not opened:
        idle = why(
            lead,
            tasks=tasks,
            touches=touches,
            ladder=climbs,
            progress=progress,
            has_rule=bool(catalogue.rules),
            imported=is_imported(lead),
            at=at,
        )
    opens_at = fit(at, lead.zone, catalogue.hours) if lead.phone_valid else None
    return Standing(opened, climbs, progress, idle, opens_at)
