"""The leads' part of what the clock does. Each job asks what there is to do now, so it may run twice or late."""

from __future__ import annotations

from celery import shared_task

from crm.nudges import CARRY_BULK, CARRY_FILES, HAND_OUT, nudge
from leads import bulk, distribution, first_call, outgoing, undo, uploads
from leads.incoming import SLICE, carry_in


@shared_task(name=HAND_OUT)
def hand_out() -> None:
    """Give leads without a responsible to the operators on line, in short transactions."""
    while distribution.hand_out() == distribution.AT_ONCE:
        pass


@shared_task(name="leads.jobs.pass_on")
def pass_on() -> None:
    """Give leads that were handed out and left alone to another operator."""
    if distribution.pass_on():
        hand_out()


@shared_task(name="leads.jobs.escalate_uncalled")
def escalate_uncalled() -> None:
    """Tell managers of new leads that nobody has called."""
    first_call.escalate_uncalled()


@shared_task(name="leads.jobs.forget_traces")
def forget_traces() -> None:
    """Throw away what is too old to be taken back, and the results of old bulk actions."""
    undo.forget_traces()
    bulk.forget_old()


@shared_task(name=CARRY_FILES)
def carry_files() -> None:
    """Work on files that come in or go out, in slices, so that one large file holds nothing else up."""
    more = [outgoing.carry_out(seconds=SLICE), carry_in(seconds=SLICE)]
    if any(more):
        nudge(CARRY_FILES)


@shared_task(name=CARRY_BULK)
def carry_bulk() -> None:
    """Go on with what was asked for many leads, in slices."""
    if bulk.carry_out():
        nudge(CARRY_BULK)


@shared_task(name="leads.jobs.clear_files")
def clear_files() -> None:
    """Take away files whose time is over."""
    uploads.clear_old()
    outgoing.clear_expired()
