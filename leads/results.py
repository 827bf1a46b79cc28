"""How a call from «Мой день» ended: one of six results, each made of the verbs for touches, moves and promises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm import clock
from crm.transactions import verb
from leads.finishing import finish_task
from leads.models import Lead
from leads.pipeline import CLOSED, JunkReason, Move, Status
from leads.queue import offer_for
from leads.remarks import log_busy, log_conversation
from leads.touch_policy import Channel, Outcome
from leads.touches import LoggedTouch, NewTouch
from tasks.models import Task
from team.holds import free, put_aside
from team.models import User

# Something else is due on the client still (a message, an address): it waits while the next client is called.
REST = timedelta(minutes=10)


class Result(TextChoices):
    MEETING = "meeting", pgettext_lazy("result of a call", "Meeting booked")
    CALL_BACK = "callback", _("Call back")
    NO_ANSWER = "no_answer", _("No answer")
    BUSY = "busy", _("Busy or hung up")
    POSTPONED = "postponed", _("Postponed")
    JUNK = "junk", _("Rejected")


@dataclass(frozen=True)
class Outcomes:
    """A result with what it asks for: `at` the moment agreed (aware), a reason for junk, an office for the meeting."""

    result: Result
    at: datetime | None = None
    office: str = ""
    junk_reason: str = ""
    comment: str = ""

    def touch(self) -> NewTouch:
        """The call as it is recorded: who is rejected has been reached, unless the reason says otherwise."""
        of_junk = {JunkReason.WRONG_NUMBER: Outcome.WRONG_NUMBER, JunkReason.NO_ANSWER: Outcome.NO_ANSWER}
        outcome = {
            Result.NO_ANSWER: Outcome.NO_ANSWER,
            Result.BUSY: Outcome.BUSY,
            Result.JUNK: of_junk.get(self.junk_reason, Outcome.ANSWERED),  # type: ignore[call-overload]
        }.get(self.result, Outcome.ANSWERED)
        return NewTouch(Channel.CALL, outcome, comment=self.comment)

    def move(self) -> Move | None:
        """The move that the result is, if it is one."""
        if self.result == Result.MEETING:
            return Move(Status.MEETING, meeting_at=self.at, office=self.office)
        if self.result == Result.POSTPONED:
            return Move(Status.POSTPONED, callback_at=self.at)
        if self.result == Result.JUNK:
            return Move(Status.JUNK, junk_reason=self.junk_reason, comment=self.comment)
        return None


@verb
def record_result(lead_id: int, told: Outcomes, *, by: User) -> LoggedTouch:
    """Record how the call ended and let go of the client; whoever is next comes next, even if more is due here.

    Raises what `log_conversation` and `log_busy` raise.
    """
    if told.result == Result.BUSY:
        logged = log_busy(lead_id, told.touch(), by=by)
    else:
        promised = told.at if told.result == Result.CALL_BACK else None
        logged = log_conversation(lead_id, told.touch(), by=by, then=told.move(), call_back_at=promised)
    _go_on(lead_id, by=by)
    return logged


@verb
def finish_here(task_id: int, *, by: User) -> Task:
    """Finish the task that brought the client up, without a call, and let go of them. Raises as `finish_task` does."""
    task = finish_task(task_id, by=by)
    if task.lead_id is not None:
        free(task.lead_id, by=by)
        _go_on(task.lead_id, by=by)
    return task


def _go_on(lead_id: int, *, by: User) -> None:
    at = clock.now()
    if Lead.objects.filter(pk=lead_id).exclude(status__in=CLOSED).exists() and offer_for(lead_id, by, at=at):
        put_aside(lead_id, by=by, at=at, wait=REST)
