"""Both sides field by field: what the portal has of our objects against what it should have. Says which fields differ,
never what is in them, and sends again on request.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bitrix24 import line, payloads
from bitrix24.content import TYPES, Content, content_of
from bitrix24.load_items import ask, in_parts
from bitrix24.push import gone_there
from bitrix24.session import Session
from bitrix24.timeline import Note, fields_of, note_of
from bitrix24.twins import ORIGINATOR, send_again, several
from crm import clock
from outbox.delivery import Later
from outbox.models import Link, Mark

AT_ONCE = 200
IDS = 50
COMPARED = {"task": ("SUBJECT", "COMPLETED"), "touch": ("COMMENT",)}


@dataclass
class Report:
    """Of one kind: how many objects are equal, on the way, gone there; which fields differ in how many."""

    kind: str
    equal: int = 0
    on_the_way: int = 0
    gone: int = 0
    doubled: int = 0
    different: int = 0
    fields: Counter[str] = field(default_factory=Counter)

    @property
    def clean(self) -> bool:
        return not (self.different or self.gone or self.doubled)

    def __str__(self) -> str:
        text = f"{self.kind}: equal {self.equal}, different {self.different}, gone {self.gone}, "
        text += f"doubled {self.doubled}, on the way {self.on_the_way}"
        return text + "".join(f"\n  {name}: {count}" for name, count in self.fields.most_common())


def compare(session: Session, *, repair: bool = False) -> Iterator[Report]:
    """Compare kind by kind. `repair`: what differs is marked, so that the mirror sends it again; what is gone is a
    person's to decide. Raises Closed, Failed, Later.
    """
    for kind in (*TYPES, "task", "touch"):
        report, after = Report(kind), 0
        while links := list(
            Link.objects.filter(kind=kind, remote_id__isnull=False, pk__gt=after).order_by("pk")[:AT_ONCE]
        ):
            after = links[-1].pk
            _compare_page(session, report, links, repair=repair)
        if kind in TYPES:
            report.doubled = _doubled(session, kind)
        yield report


def _compare_page(session: Session, report: Report, links: list[Link], *, repair: bool) -> None:
    kind, now = report.kind, clock.now()
    ids = [link.object_id for link in links]
    waiting = set(Mark.objects.filter(kind=kind, pending=True, object_id__in=ids).values_list("object_id", flat=True))
    report.on_the_way += len(waiting)
    links = [link for link in links if link.object_id not in waiting]
    there = _there(session, kind, [int(link.remote_id or 0) for link in links])
    wrong: list[Link] = []
    for link in links:
        ours = _ours(session, link)
        item = there.get(int(link.remote_id or 0))
        if ours is None:
            continue
        link.compared_at, link.differs = now, ""
        if item is None:
            report.gone += 1
            gone_there(kind, link.object_id)
            continue
        names = item_differences(ours, item, link) if isinstance(ours, Content) else note_differences(ours, item, link)
        if names:
            link.differs = ", ".join(names)[:200]
            report.different += 1
            report.fields.update(names)
            wrong.append(link)
        else:
            report.equal += 1
    Link.objects.bulk_update(links, ["differs", "compared_at"], batch_size=100)
    if repair and wrong:
        send_again(wrong)


def _ours(session: Session, link: Link) -> Content | Note | None:
    """What should be there; None when there is nothing to compare with."""
    try:
        if link.kind in TYPES:
            return content_of(session, link.kind, link.object_id)
        return note_of(session, link.kind, link.object_id)
    except Later:
        return None


def _there(session: Session, kind: str, numbers: list[int]) -> dict[int, dict[str, Any]]:
    """What the portal has, by id."""
    if kind == "touch":
        reads = {f"c{number}": ("crm.timeline.comment.get", {"id": number}) for number in numbers}
        found: dict[int, dict[str, Any]] = {}
        for part in in_parts(list(reads), IDS):
            answers = session.batch({name: reads[name] for name in part})
            found |= {int(name[1:]): item for name, item in answers.results.items()}
        return found
    commands: dict[str, tuple[str, dict[str, Any]]] = {}
    for place, some in enumerate(in_parts(numbers, IDS)):
        if kind == "task":
            commands[f"i{place}"] = ("crm.activity.list", {"filter": {"@ID": some}, "select": ["ID", *COMPARED[kind]]})
        else:
            given = {"entityTypeId": TYPES[kind], "select": ["*"], "filter": {"@id": some}, "useOriginalUfNames": "Y"}
            commands[f"i{place}"] = ("crm.item.list", given)
    rows: list[dict[str, Any]] = []
    for answer in ask(session, commands).values():
        rows += answer["items"] if isinstance(answer, dict) else answer
    return {int(row.get("id") or row.get("ID") or 0): row for row in rows}


def item_differences(content: Content, item: dict[str, Any], link: Link) -> list[str]:
    """Names of the fields that are otherwise there. Pure."""
    names = [name for name, value in content.fields.items() if not same(value, item.get(name))]
    if payloads.is_same_name(str(content.fields.get("name", "")), item):
        names = [name for name in names if name not in payloads.NAME_PARTS]
    for kind, value in content.values.items():
        entries = [entry for entry in item.get("fm") or [] if entry.get("typeId") == kind]
        wanted = payloads.value_digest(value)
        if value and sum(payloads.value_digest(str(entry["value"])) == wanted for entry in entries) != 1:
            names.append(kind.lower())
    if (item.get("originatorId"), item.get("originId")) != (ORIGINATOR, link.origin):
        names.append("originId")
    return names


def note_differences(note: Note, item: dict[str, Any], link: Link) -> list[str]:
    """The same for a task or touch. Pure."""
    wanted = fields_of(note, link)
    return [name for name in COMPARED[note.kind] if not same(wanted[name], item.get(name))]


def same(ours: Any, theirs: Any) -> bool:
    """Whether a value of ours is what the portal shows: it writes numbers, dates and empty values in its own way."""
    if isinstance(ours, float | int) and not isinstance(ours, bool):
        try:
            return float(theirs or 0) == float(ours)
        except (TypeError, ValueError):
            return False
    text = "" if theirs is None else str(theirs).replace("\r\n", "\n").strip()
    wanted = str(ours).replace("\r\n", "\n").strip()
    if len(wanted) == 10 and wanted[4:5] == "-" and text[:10] == wanted:
        return True  # a date, which is shown as a moment
    return text == wanted


def _doubled(session: Session, kind: str) -> int:
    """How many of our objects there share an origin with another one; each is an alarm."""
    seen: dict[str, list[int]] = {}
    last = 0
    while True:
        wanted = {"=originatorId": ORIGINATOR, ">id": last}
        given = {"select": ["id", "originId"], "filter": wanted, "order": {"id": "ASC"}, "start": -1}
        items = session.call("crm.item.list", entityTypeId=TYPES[kind], **given)["items"]
        for item in items:
            seen.setdefault(str(item.get("originId") or ""), []).append(int(item["id"]))
        if len(items) < IDS:
            break
        last = int(items[-1]["id"])
    twice = {origin: numbers for origin, numbers in seen.items() if len(numbers) > 1}
    for origin, numbers in twice.items():
        line.alarm(f"several:{origin}"[:100], several(kind, numbers))
    return len(twice)
