"""Setting, finishing and cancelling tasks. What a lead or a deal is, the caller knows and passes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.translation import gettext as _

from crm import clock
from crm.errors import Refused
from crm.transactions import require_transaction, verb
from outbox.actions import mark_all
from tasks.cadence import Anchor, Step, plan_at_once, plan_next
from tasks.models import CallingHours, Kind, RuleStep, Task, TaskRule
from tasks.worktime import Hours, fit
from team.models import User

# Who asked not to be called is not chased by the product; what serves their own appointment is still set.
CHASING = {Kind.CONTACT_CLIENT, Kind.WRITE_MESSENGER}
# A step whose moment has passed follows the touch before it at this distance.
LATE_STEP_GAP = timedelta(hours=1)


@dataclass(frozen=True)
class Stay:
    """A lead's stay in a status, as much of it as tasks depend on. `number` grows with every status change."""

    lead_id: int
    status: str
    number: int
    zone: ZoneInfo
    anchors: Mapping[Anchor, datetime]
    assignee_id: int | None = None
    deal_id: int | None = None
    deal_assignee_id: int | None = None
    deal_is_new: bool = False  # then it has had no tasks
    do_not_call: bool = False
    steps_done: Mapping[str, int] = field(default_factory=dict)  # kind -> steps of its cadence that count as done


class Planned(NamedTuple):
    """A task that the rules set: step number `step` of its rule, on the lead or on its deal."""

    kind: str
    text: str
    due_at: datetime
    step: int
    on_deal: bool
    channel: str = ""


@dataclass(frozen=True)
class Catalogue:
    """The active rules with their steps and the calling hours, read once for any number of leads. Two queries."""

    rules: Sequence[tuple[TaskRule, Sequence[Step]]]
    hours: Hours

    @classmethod
    def read(cls, status: str | None = None) -> Catalogue:
        rows = RuleStep.objects.filter(rule__active=True).select_related("rule")
        if status is not None:
            rows = rows.filter(rule__status=status)
        rules: dict[int, tuple[TaskRule, list[Step]]] = {}
        for row in rows.order_by("rule__position", "rule_id", "position"):
            rules.setdefault(row.rule_id, (row.rule, []))[1].append(row.as_step())
        return cls(list(rules.values()), CallingHours.read())

    def planned(self, stay: Stay, at: datetime) -> list[Planned]:
        """What the rules set when a stay begins at `at` (UTC)."""
        return [
            Planned(rule.kind, rule.text, moment, number, rule.on == TaskRule.On.DEAL, steps[number].channel)
            for rule, steps in self.rules
            if rule.status == stay.status
            and not (stay.do_not_call and rule.kind in CHASING)
            and not (rule.on == TaskRule.On.DEAL and stay.deal_id is None)
            for number, moment in self._steps_of(rule, steps, stay, at)
        ]

    def _steps_of(self, rule: TaskRule, steps: Sequence[Step], stay: Stay, at: datetime) -> list[tuple[int, datetime]]:
        """The steps of a rule as (number of the step, due)."""
        hours = self.hours
        if rule.pace == TaskRule.Pace.CADENCE:
            done = stay.steps_done.get(rule.kind, 0)
            following = plan_next(steps, done, stay.anchors, at=at, gap=LATE_STEP_GAP, zone=stay.zone, hours=hours)
            return [following] if following else []
        return plan_at_once(steps, stay.anchors, at=at, zone=stay.zone, hours=hours)

    def drafts(self, stay: Stay, at: datetime) -> list[Task]:
        """The same as unsaved tasks."""
        return [
            Task(
                lead_id=None if plan.on_deal else stay.lead_id,
                deal_id=stay.deal_id if plan.on_deal else None,
                kind=plan.kind,
                text=plan.text,
                due_at=plan.due_at,
                automatic=True,
                step=plan.step,
                channel=plan.channel,
                stay=0 if plan.on_deal else stay.number,
                assignee_id=stay.deal_assignee_id if plan.on_deal else stay.assignee_id,
                created_at=at,
            )
            for plan in self.planned(stay, at)
        ]


def _mark(tasks: Sequence[Task]) -> None:
    if tasks:
        mark_all(("task", task.pk) for task in tasks)


def add_all(tasks: Sequence[Task]) -> None:
    """Store drafts of `Catalogue.drafts`, inside the transaction of the change that brought them; the caller marks."""
    require_transaction()
    Task.objects.bulk_create(tasks, batch_size=2000)


def replan(stay: Stay, *, at: datetime) -> None:
    """Begin a stay: cancel what the rules set for the status that was left, set what they say for this one.

    A task that the deal has already had (contract, then contract with prepayment) is not set again. Six queries.
    """
    require_transaction()
    left = _cancel(Q(lead_id=stay.lead_id, automatic=True), at=at, by=None) if stay.number > 1 else []
    drafts = Catalogue.read(stay.status).drafts(stay, at)
    if stay.deal_id is not None and not stay.deal_is_new and any(task.deal_id for task in drafts):
        ruled = Task.objects.filter(deal_id=stay.deal_id, automatic=True, step__isnull=False)
        had = set(ruled.values_list("kind", flat=True))
        drafts = [task for task in drafts if not (task.deal_id and task.kind in had)]
    if drafts:
        add_all(drafts)
    _mark([*left, *drafts])


def plan_following(stay: Stay, kind: str, *, at: datetime) -> None:
    """After an unanswered touch: set the next step of the cadence of `kind`, unless one is open already."""
    require_transaction()
    if Task.objects.open().filter(lead_id=stay.lead_id, kind=kind).exists():
        return
    catalogue = Catalogue.read(stay.status)
    cadences = [
        (rule, steps) for rule, steps in catalogue.rules if rule.kind == kind and rule.pace == TaskRule.Pace.CADENCE
    ]
    had = Task.objects.filter(lead_id=stay.lead_id, kind=kind, automatic=True, stay=stay.number, step__isnull=False)
    last = had.order_by("-step").values_list("step", flat=True).first()
    done = max(stay.steps_done.get(kind, 0), 0 if last is None else last + 1)
    drafts = Catalogue(cadences, catalogue.hours).drafts(replace(stay, steps_done={kind: done}), at)
    if drafts:
        add_all(drafts)
        _mark(drafts)


def stop_cadence(lead_id: int, *, at: datetime) -> None:
    """The client was reached: cancel what the cadences had planned on the lead; promised calls and repeats stay."""
    steps = {(rule.status, rule.kind) for rule in TaskRule.objects.filter(pace=TaskRule.Pace.CADENCE)}
    kinds = {kind for _status, kind in steps}
    cancel(Q(lead_id=lead_id, automatic=True, step__isnull=False, repeat=False, kind__in=kinds), at=at)


def cancel(which: Q, *, at: datetime, by: User | None = None) -> None:
    """Cancel the open tasks of `which` ("снята", not done)."""
    require_transaction()
    _mark(_cancel(which, at=at, by=by))


def _cancel(which: Q, *, at: datetime, by: User | None) -> list[Task]:
    """The same, and answers the tasks for the caller to mark."""
    tasks = list(Task.objects.open().filter(which).order_by("pk").select_for_update(of=("self",)))
    if tasks:
        Task.objects.filter(pk__in=[task.pk for task in tasks]).update(
            state=Task.State.CANCELLED, closed_at=at, closed_by=by
        )
    return tasks


def complete_oldest(lead_id: int, kind: str, *, at: datetime, zone: ZoneInfo, by: User | None) -> Task | None:
    """A touch was made: finish the oldest task of `kind` that is due, and return it; None if none is due.

    What is planned for later stays: a call out of turn does not take back a promised one, nor use up a cadence. What
    only waits for the calling hours to begin counts as due.
    """
    require_transaction()
    until = fit(at, zone, CallingHours.read())
    due = Task.objects.open().filter(lead_id=lead_id, kind=kind, due_at__lte=until)
    task = due.order_by("due_at", "pk").select_for_update().first()
    if task:
        _close(task, at=at, by=by)
    return task


def put_off(lead_id: int, kind: str, *, at: datetime, wait: timedelta, before: datetime | None, zone: ZoneInfo) -> None:
    """An attempt was in vain: what is due of `kind` comes again after `wait`, in calling hours and ahead of `before`.

    What would come too late is left as it is: due.
    """
    require_transaction()
    again = fit(at + wait, zone, CallingHours.read())
    if before is not None and again >= before:
        return
    due = list(Task.objects.open().filter(lead_id=lead_id, kind=kind, due_at__lte=at).select_for_update())
    for task in due:
        task.due_at, task.reminded_at, task.escalated_at = again, None, None
        task.save(update_fields=["due_at", "reminded_at", "escalated_at"])
    _mark(due)


def refit(lead_id: int, *, at: datetime, zone: ZoneInfo, before: datetime | None) -> None:
    """The client lives in another `zone` than was thought: bring automatic tasks into their calling hours.

    What is due inside them stays, and so does what a person has promised or set. A meeting is not confirmed after it
    began (`before`): such a task is cancelled.
    """
    require_transaction()
    hours = CallingHours.read()
    moved: list[Task] = []
    for task in Task.objects.open().filter(lead_id=lead_id, automatic=True).order_by("pk").select_for_update():
        due_at = fit(task.due_at, zone, hours)
        if due_at == task.due_at:
            continue
        if task.kind == Kind.CONFIRM_MEETING and before is not None and due_at >= before:
            task.state, task.closed_at = Task.State.CANCELLED, at
        else:
            task.due_at, task.reminded_at, task.escalated_at = due_at, None, None
        task.save(update_fields=["state", "closed_at", "due_at", "reminded_at", "escalated_at"])
        moved.append(task)
    _mark(moved)


def _close(task: Task, *, at: datetime, by: User | None) -> None:
    task.state, task.closed_at, task.closed_by = Task.State.DONE, at, by
    task.save(update_fields=["state", "closed_at", "closed_by"])
    _mark([task])


@verb
def complete(task_id: int, *, by: User) -> Task:
    """Finish a task by hand. A task that is done already stays as it is.

    Raises Task.DoesNotExist if `by` may not see it, Refused `task_is_cancelled` if it is no longer to be done.
    """
    task = Task.objects.visible_to(by).select_for_update(of=("self",)).get(pk=task_id)
    if task.state == Task.State.CANCELLED:
        raise Refused("task_is_cancelled", _("This task has been cancelled: the client has moved on."))
    if task.state == Task.State.OPEN:
        _close(task, at=clock.now(), by=by)
    return task


def add(
    *,
    lead_id: int | None = None,
    deal_id: int | None = None,
    due_at: datetime,
    assignee_id: int | None,
    by: User | None,
    at: datetime,
    kind: str = Kind.MANUAL,
    text: str = "",
    promised: bool = False,
) -> Task:
    """Set one task by hand, or one that was promised to the client; the caller has checked that it may be set."""
    require_transaction()
    task = Task.objects.create(
        lead_id=lead_id,
        deal_id=deal_id,
        kind=kind,
        text=text,
        due_at=due_at,
        assignee_id=assignee_id,
        created_by=by,
        created_at=at,
        promised=promised,
    )
    _mark([task])
    return task


def call_again(
    *,
    lead_id: int | None = None,
    deal_id: int | None = None,
    assignee_id: int | None,
    at: datetime,
    zone: ZoneInfo,
    repeat: bool = False,
) -> Task:
    """The client is to be called now, within calling hours: they applied again (`repeat`) or did not come.

    An open «Связаться с клиентом» is brought forward, and marked as a repeat application, instead of doubled.
    """
    require_transaction()
    due_at = fit(at, zone, CallingHours.read())
    here = Task.objects.open().filter(Q(lead_id=lead_id, deal_id=deal_id, kind=Kind.CONTACT_CLIENT))
    task = here.order_by("-repeat", "due_at", "pk").select_for_update().first()
    if task is None:
        task = Task.objects.create(
            lead_id=lead_id,
            deal_id=deal_id,
            kind=Kind.CONTACT_CLIENT,
            due_at=due_at,
            automatic=True,
            repeat=repeat,
            assignee_id=assignee_id,
            created_at=at,
        )
    else:
        if due_at < task.due_at:
            task.due_at, task.reminded_at, task.escalated_at = due_at, None, None
        task.repeat = task.repeat or repeat
        task.save(update_fields=["repeat", "due_at", "reminded_at", "escalated_at"])
    _mark([task])
    return task


def has_open_repeat(lead_id: int) -> bool:
    """Is there an open task of a repeat application on this lead? One query."""
    return Task.objects.open().filter(lead_id=lead_id, repeat=True).exists()


def set_steps(rule: TaskRule, steps: Sequence[RuleStep]) -> None:
    """Put these steps in place of those that the rule has. Tasks that are set already stay as they are."""
    require_transaction()
    rule.steps.all().delete()
    RuleStep.objects.bulk_create(steps)


def hand_over(which: Q, *, assignee_id: int | None) -> None:
    """Give the open tasks of `which` to another person, as their lead or deal has been."""
    require_transaction()
    ids = list(Task.objects.open().filter(which).order_by("pk").values_list("pk", flat=True))
    Task.objects.filter(pk__in=ids).update(assignee_id=assignee_id)
    mark_all(("task", pk) for pk in ids)
