"""One lead in memory with all that belongs to it. Its methods do to it what the verbs of the same name do in the
database (`leads.actions`, `leads.intake`, `tasks.actions`, `deals.actions`), by the same rules, and save nothing.

What people decide, and when, is left to `plot`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from contacts.models import Contact
from crm.demo.store import sketch
from crm.demo.world import World
from deals.models import Deal, Stage
from history.models import Event
from leads import pipeline, touch_policy
from leads.actions import particulars
from leads.intake import created_event
from leads.models import Lead, Touch
from leads.pipeline import MILESTONES, SIGNED, JunkReason, Move, Status
from leads.touch_policy import REACHED, Channel, Direction, Outcome
from tasks.actions import Catalogue, Planned, Stay
from tasks.cadence import Anchor
from tasks.models import Kind, Task
from tasks.worktime import fit, open_time_between

OPEN, DONE, CANCELLED = Task.State.OPEN.value, Task.State.DONE.value, Task.State.CANCELLED.value
_touch, _task, _event = sketch(Touch), sketch(Task), sketch(Event)


class Story:
    """An original with its touches, tasks, history, repeats and deal. `at` is the moment it has been told up to."""

    def __init__(self, world: World, lead: Lead, contact: Contact | None) -> None:
        self.world = world
        self.lead = lead
        self.contact = contact
        self.zone: ZoneInfo = lead.zone
        self.at: datetime = lead.created_at
        self.touches: list[Touch] = []
        self.tasks: list[Task] = []
        self.events: list[Event] = [created_event(lead, by=None, make=_event)]
        self.duplicates: list[Lead] = []
        self.deal: Deal | None = None
        self._set(self._rules().planned(self._stay(), self.at))

    # --- what verbs do
    def touch(
        self,
        channel: Channel,
        outcome: Outcome,
        *,
        by: int,
        direction: Direction = Direction.OUTGOING,
        then: Move | None = None,
        comment: str = "",
    ) -> None:
        """`log_touch`: an attempt to reach the client, and the move that followed from it."""
        lead, at = self.lead, self.at
        self.touches.append(
            _touch(
                lead_id=lead.pk,
                channel=channel.value,
                direction=direction.value,
                outcome=outcome.value,
                at=at,
                comment=comment,
                by_id=by,
                created_at=at,
            )
        )
        self._take_if_free(by)
        lead.touches_count += 1
        lead.first_touch_at = lead.first_touch_at or at
        lead.last_touch_at = at
        if outcome == Outcome.NO_SHOW and lead.no_show_at is None:
            lead.no_show_at = at
        ours = direction == Direction.OUTGOING
        kind = Touch.TASK_KINDS.get(channel) if ours or outcome in REACHED else None
        if kind:
            oldest = min(self.open(kind), key=lambda task: task.due_at, default=None)
            if oldest and oldest.due_at <= fit(at, self.zone, self.world.hours):
                self.complete(oldest, by=by)
        if then is not None:
            self.move(then, by=by)
        elif lead.status == Status.NEW:
            self._enter(Move(Status.DIALING), by=by, steps_done={kind: 1} if kind else {})
        elif outcome == Outcome.NO_SHOW:
            self._call_again()
        elif kind and outcome not in REACHED:
            self._plan_following(kind)

    def move(self, move: Move, *, by: int) -> None:
        """`change_status`. What the plot decides has to pass the same checks."""
        pipeline.check(self.lead, move, self.at, deal_amount=self.deal.amount if self.deal else None)
        assert move.junk_reason != JunkReason.NO_ANSWER or self.no_answer_is_earned
        self._enter(move, by=by)

    @property
    def no_answer_is_earned(self) -> bool:
        return self._progress().earned

    @property
    def was_reached(self) -> bool:
        """Has the client been spoken to since the lead was last opened?"""
        return self._progress().answered_at is not None

    def _progress(self) -> touch_policy.Progress:
        opened_at = self.lead.opened_at
        return touch_policy.progress(self.world.policy, self.touches, opened_at=opened_at, zone=self.zone, at=self.at)

    def hear(self, duplicate: Lead) -> None:
        """`hear_repeat`: the client has applied again."""
        lead, at = self.lead, self.at
        self.duplicates.append(duplicate)
        self._note(
            Event.Kind.REPEAT,
            contact_id=lead.contact_id,
            new=duplicate.pk,
            comment=duplicate.comment,
            source=duplicate.source.code,
        )
        if lead.status == Status.JUNK:
            self._enter(Move(Status.DIALING), by=None, repeat=duplicate.pk)
        elif lead.status == Status.POSTPONED:
            lead.callback_at = at
            lead.version += 1
        self._call_again(on_deal=lead.status in SIGNED, repeat=True)

    def complete(self, task: Task, *, by: int | None) -> None:
        task.state, task.closed_at, task.closed_by_id = DONE, self.at, by

    def move_stage(self, stage: Stage) -> None:
        """`deals.actions.move_stage`, by the deal's lawyer."""
        deal = self.deal
        assert deal is not None
        old, deal.stage, deal.stage_changed_at = deal.stage, stage, self.at
        deal.version += 1
        by = deal.responsible_id
        self._note(Event.Kind.STAGE, by=by, deal_id=deal.pk, old=old.code, new=stage.code)
        if by in self.world.deals_of and stage.final:
            self.world.deals_of[by] -= 1

    def tell_of_delays(self) -> None:
        """What the jobs have said by now (`tasks.reminders`, `leads.first_call`): nobody is to hear of it anew."""
        now, lead = self.world.now, self.lead
        for task in self.tasks:
            if task.state == OPEN and task.due_at <= now:
                task.reminded_at = task.due_at
                if task.due_at <= now - self.world.overdue:
                    task.escalated_at = task.due_at + self.world.overdue
        if lead.status == Status.NEW and lead.first_touch_at is None:
            waited = open_time_between(lead.created_at, now, self.zone, self.world.hours)
            if waited >= self.world.first_call:
                lead.call_escalated_at = now

    def open(self, *kinds: str) -> list[Task]:
        """The open tasks on the lead, of these kinds or all."""
        return [
            task
            for task in self.tasks
            if task.state == OPEN and task.lead_id is not None and (not kinds or task.kind in kinds)
        ]

    def open_on_deal(self) -> list[Task]:
        return [task for task in self.tasks if task.state == OPEN and task.deal_id is not None]

    # --- parts of them
    def _rules(self) -> Catalogue:
        return self.world.rules[self.lead.status]

    def _stay(self, steps_done: Mapping[str, int] | None = None) -> Stay:
        """`Lead.as_stay`, without looking the zone up each time. Nobody here has asked not to be called."""
        lead, deal = self.lead, self.deal
        anchors = {Anchor.ENTRY: lead.status_changed_at}
        if lead.meeting_at:
            anchors[Anchor.MEETING] = lead.meeting_at
        if lead.callback_at:
            anchors[Anchor.CALLBACK] = lead.callback_at
        return Stay(
            lead_id=lead.pk,
            status=lead.status,
            number=lead.stay,
            zone=self.zone,
            anchors=anchors,
            assignee_id=lead.responsible_id,
            deal_id=deal.pk if deal else None,
            deal_assignee_id=deal.responsible_id if deal else None,
            steps_done=steps_done or {},
        )

    def _take_if_free(self, by: int | None) -> None:
        lead = self.lead
        if lead.responsible_id is not None or by is None:
            return
        lead.responsible_id = by
        lead.version += 1
        self._note(Event.Kind.RESPONSIBLE, by=by, new=by)
        for task in self.open():
            task.assignee_id = by
        for duplicate in self.duplicates:
            duplicate.responsible_id = by
            duplicate.version += 1

    def _enter(
        self, move: Move, *, by: int | None, steps_done: Mapping[str, int] | None = None, repeat: int | None = None
    ) -> None:
        lead, at = self.lead, self.at
        old, old_meeting = lead.status, lead.meeting_at
        self._take_if_free(by)
        lead.status = move.to.value
        lead.status_changed_at = at
        lead.stay += 1
        lead.version += 1
        lead.junk_reason = move.junk_reason if move.to == Status.JUNK else ""
        lead.callback_at = move.callback_at if move.to == Status.POSTPONED else None
        if move.to == Status.MEETING:
            lead.meeting_at, lead.office = move.meeting_at, self.world.office
        elif move.to in (Status.DIALING, Status.POSTPONED, Status.JUNK):
            lead.meeting_at = None
        if old == Status.JUNK:
            lead.opened_at = at
        for milestone in MILESTONES.get(move.to, ()):
            if getattr(lead, milestone) is None:
                setattr(lead, milestone, at)
        told = particulars(move, lead, old_meeting, repeat)
        self._note(
            Event.Kind.STATUS, by=by, old=old, new=lead.status, reason=lead.junk_reason, comment=move.comment, **told
        )
        if move.to in SIGNED:
            self._sign(move, by)
        unanswered = self.deal is not None and any(task.repeat for task in self.open())
        for task in self.open():
            if task.automatic:
                task.state, task.closed_at = CANCELLED, at
        had = {task.kind for task in self.tasks if task.deal_id and task.automatic and task.step is not None}
        planned = self._rules().planned(self._stay(steps_done), at)
        self._set(plan for plan in planned if not (plan.on_deal and plan.kind in had))
        if unanswered:
            self._call_again(on_deal=True, repeat=True)

    def _sign(self, move: Move, by: int | None) -> None:
        """`open_deal`: the contract's deal, or its sums when it becomes prepaid."""
        lead, deal = self.lead, self.deal
        if deal is not None:
            assert move.prepayment is not None
            told = {"prepayment": [str(deal.prepayment or ""), str(move.prepayment)]}
            deal.prepayment = move.prepayment
            deal.version += 1
            self._note(Event.Kind.EDITED, by=by, deal_id=deal.pk, changes=told)
            return
        assert move.amount is not None
        load = self.world.deals_of
        lawyer = min(load, key=lambda pk: load[pk], default=None)
        if lawyer is not None:
            load[lawyer] += 1
        self.deal = Deal(
            id=next(self.world.deal_ids),
            lead_id=lead.pk,
            contact_id=lead.contact_id,
            source_id=lead.source_id,
            responsible_id=lawyer,
            stage=self.world.stages[0],
            stage_changed_at=self.at,
            amount=move.amount,
            prepayment=move.prepayment or Decimal(0),
            contract_number=move.contract_number,
            contract_date=move.contract_date,
            created_at=self.at,
        )
        self._note(
            Event.Kind.DEAL_OPENED,
            by=by,
            deal_id=self.deal.pk,
            new=self.deal.stage.code,
            amount=str(self.deal.amount),
            prepayment=str(self.deal.prepayment),
        )

    def _plan_following(self, kind: str) -> None:
        """The next step of the cadence of `kind`, unless a task is open already."""
        lead = self.lead
        cadence = self.world.cadences.get((lead.status, kind))
        if cadence is None or self.open(kind):
            return
        had = [task.step for task in self.tasks if task.kind == kind and task.stay == lead.stay and task.automatic]
        done = max((step + 1 for step in had if step is not None), default=0)
        self._set(cadence.planned(self._stay({kind: done}), self.at))

    def _set(self, planned: Iterable[Planned]) -> None:
        """`Catalogue.drafts`: the tasks that the rules set."""
        lead, deal = self.lead, self.deal
        for plan in planned:
            on = deal if plan.on_deal else None
            self.tasks.append(
                _task(
                    lead_id=None if on else lead.pk,
                    deal_id=on.pk if on else None,
                    kind=plan.kind,
                    text=plan.text,
                    due_at=plan.due_at,
                    automatic=True,
                    step=plan.step,
                    stay=0 if on else lead.stay,
                    assignee_id=on.responsible_id if on else lead.responsible_id,
                    created_at=self.at,
                )
            )

    def _call_again(self, *, on_deal: bool = False, repeat: bool = False) -> None:
        """The client is to be called now, within calling hours."""
        deal = self.deal if on_deal else None
        due_at = fit(self.at, self.zone, self.world.hours)
        here = [task for task in (self.open_on_deal() if deal else self.open()) if task.kind == Kind.CONTACT_CLIENT]
        if here:
            task = min(here, key=lambda task: (not task.repeat, task.due_at))
            task.repeat, task.due_at = task.repeat or repeat, min(task.due_at, due_at)
            return
        self.tasks.append(
            _task(
                lead_id=None if deal else self.lead.pk,
                deal_id=deal.pk if deal else None,
                kind=Kind.CONTACT_CLIENT.value,
                due_at=due_at,
                automatic=True,
                repeat=repeat,
                assignee_id=deal.responsible_id if deal else self.lead.responsible_id,
                created_at=self.at,
            )
        )

    def _note(
        self,
        kind: Event.Kind,
        *,
        by: int | None = None,
        deal_id: int | None = None,
        contact_id: int | None = None,
        old: object = "",
        new: object = "",
        reason: str = "",
        comment: str = "",
        **more: Any,
    ) -> None:
        """`history.note` of this lead at this moment."""
        self.events.append(
            _event(
                kind=kind.value,
                at=self.at,
                by_id=by,
                lead_id=self.lead.pk,
                deal_id=deal_id,
                contact_id=contact_id,
                old=str(old),
                new=str(new),
                reason=reason,
                comment=comment,
                data=more,
            )
        )
