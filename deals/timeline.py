"""What happened to a deal, newest first, in the reader's language: its history rows and the tasks done on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from crm.templatetags.crm_format import money
from deals import words
from deals.documents import NOTED, REMINDED
from deals.models import Deal, DealDocument, Stage
from history.models import Event
from tasks.models import Kind, Task
from team.models import User

Entry = dict[str, Any]
"""A line as `_timeline_entry.html` takes it."""

LINES = 30
"""Lines at first, and of each further portion."""
LONGEST_VALUE = 80
KINDS = {
    Event.Kind.STAGE: "status",
    Event.Kind.DEAL_OPENED: "deal",
    Event.Kind.RESPONSIBLE: "owner",
    Event.Kind.DOCUMENT: "document",
}
MONEY = {"amount", "prepayment", "paid_later", "next_payment", "debt_total", "banks_debt", "lenders_debt"}
DAYS = {"contract_date", "next_payment_on", "filing_due", "filed_on", "decided_on"}
MOMENTS = {"hearing_1_at", "hearing_2_at"}


def deal_timeline(
    deal: Deal, *, only_documents: bool = False, before: datetime | None = None, limit: int = LINES
) -> list[Entry]:
    """The newest `limit` lines, of those before a moment. Four queries: history, tasks, and the stages and people that
    history names.
    """
    told = Event.objects.filter(deal_id=deal.pk)
    done = Task.objects.filter(deal_id=deal.pk, state=Task.State.DONE)
    if only_documents:
        told, done = told.filter(kind=Event.Kind.DOCUMENT), done.filter(kind=Kind.COLLECT_DOCUMENTS)
    if before is not None:
        told, done = told.filter(at__lt=before), done.filter(closed_at__lt=before)
    events = list(told.select_related("by").order_by("-at", "-pk")[:limit])
    stages = {stage.code: str(stage) for stage in Stage.objects.all()}
    people = dict(User.objects.filter(pk__in=_people(events)).values_list("pk", "name"))
    lines = [_line(event, deal, stages, people) for event in events]
    lines += [_task_line(task) for task in done.select_related("closed_by").order_by("-closed_at")[:limit]]
    lines.sort(key=_moment, reverse=True)
    return lines[:limit]


def _moment(line: Entry) -> datetime:
    at: datetime = line["at"]
    return at


def _people(events: list[Event]) -> set[int]:
    handed = (event for event in events if event.kind == Event.Kind.RESPONSIBLE)
    return {int(pk) for event in handed for pk in (event.old, event.new) if pk.isdecimal()}


def _task_line(task: Task) -> Entry:
    title = _("Task done: %(title)s") % {"title": task.title}
    return {"kind": "task", "title": title, "at": task.closed_at, "author": task.closed_by and str(task.closed_by)}


def _line(event: Event, deal: Deal, stages: Mapping[str, str], people: Mapping[int, str]) -> Entry:
    title, text = _said(event, deal, lambda code: stages.get(code, code), people)
    return {
        "kind": KINDS.get(Event.Kind(event.kind), "change"),
        "title": title,
        "text": text,
        "at": event.at,
        "author": event.by and str(event.by),
    }


def _said(event: Event, deal: Deal, stage: Callable[[str], str], people: Mapping[int, str]) -> tuple[str, str]:
    """The title and the text below it."""
    match event.kind:
        case Event.Kind.DEAL_OPENED:
            told = [_("price %(sum)s") % {"sum": money(event.data.get("amount"))}]
            if _is_sum(event.data.get("prepayment")):
                told.append(_("prepayment %(sum)s") % {"sum": money(event.data.get("prepayment"))})
            return _("Deal created from lead № %(lead)s") % {"lead": deal.lead_id}, ", ".join(told)
        case Event.Kind.STAGE:
            return f"{stage(event.old)} → {stage(event.new)}", event.comment
        case Event.Kind.DOCUMENT if event.new == REMINDED:
            return _("The client was reminded of the documents"), event.comment
        case Event.Kind.DOCUMENT if event.new == NOTED:
            return str(event.data.get("document", "")), event.comment or _("The note was taken away")
        case Event.Kind.DOCUMENT:
            state = dict(DealDocument.State.choices).get(event.new, event.new)
            return f"{event.data.get('document', '')}: {state}", event.comment
        case Event.Kind.RESPONSIBLE:
            old, new = (people.get(int(pk), "—") if pk.isdecimal() else "—" for pk in (event.old, event.new))
            return _("Lawyer: %(old)s → %(new)s") % {"old": old, "new": new}, event.comment
        case Event.Kind.EDITED:
            changes = event.data.get("changes", {})
            said = [_change(name, pair) for name, pair in changes.items()]
            return _("Fields changed"), "\n".join(said)
    return str(event.get_kind_display()), event.comment


def _is_sum(value: object) -> bool:
    try:
        return Decimal(str(value or 0)) > 0
    except InvalidOperation:
        return False


def _change(name: str, pair: object) -> str:
    label = words.label(name)
    if not isinstance(pair, list) or len(pair) != 2:
        return label
    old, new = (_short(words.written(_typed(name, str(value or "")))) for value in pair)
    return f"{label}: {old} → {new}"


def _typed(name: str, text: str) -> object:
    """A value of a field; history keeps sums, days and moments as plain texts."""
    try:
        if name in MONEY:
            return Decimal(text)
        if name in DAYS:
            return date.fromisoformat(text)
        if name in MOMENTS:
            return datetime.fromisoformat(text)
    except (ValueError, InvalidOperation):
        pass
    return text


def _short(value: object) -> str:
    text = " ".join(str(value or "—").split(" "))
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
