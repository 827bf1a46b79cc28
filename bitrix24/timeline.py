"""Tasks as todos and touches as comments in the portal's timeline. Neither can carry an origin there, so a mark at the
end of the text names ours, and an uncertain creation is looked for by it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from bitrix24 import payloads
from bitrix24.order import twin_before
from bitrix24.people import remote_user
from bitrix24.session import Session
from bitrix24.twins import ORIGINATOR, digest, make_twin, told
from leads.models import Touch
from outbox.links import link_of
from outbox.models import Link
from tasks.models import Task

OWNERS = {"lead": 1, "deal": 2}  # entityTypeId
PAGE = 50
MOST_PAGES = 40  # looked through for one mark

Call = tuple[str, dict[str, Any]]  # method, parameters


@dataclass(frozen=True)
class Note:
    """A task or touch as calls of the portal. `create` wants the sign added, and `look` is a list of its owner's rows
    whose `column` may carry the sign. `fields` are what an update would say.
    """

    kind: str
    pk: int
    made_at: datetime
    create: Callable[[Link], Call]
    look: Call
    column: str
    update: str  # the method
    fields: dict[str, Any] = field(default_factory=dict)
    made_complete: bool = True  # whether a creation says all that there is to say

    def told_as(self, link: Link) -> str:
        """The digest of what it looks like when everything has been told."""
        return digest([self.fields, sign(link)])


def sign(link: Link) -> str:
    """What stands at the end of a text of ours at the portal."""
    return f"[{ORIGINATOR} {link.origin}]"


def number_of(made: Any) -> int:
    """The id in the answer to a creation: some methods answer it alone, some in a map."""
    return int(made["id"] if isinstance(made, dict) else made)


def note_of(session: Session, kind: str, pk: int) -> Note | None:
    """A task or touch, or None when there is nothing to tell. Raises Later while its owner has its turn."""
    return _task(session, pk) if kind == "task" else _touch(session, pk)


def push_note(session: Session, kind: str, pk: int) -> None:
    """A task on its lead or deal, a touch in the timeline of its lead."""
    note = note_of(session, kind, pk)
    if note is None:
        return
    link = link_of(kind, pk, note.made_at)
    if link.remote_id is None:

        def create() -> int:
            method, params = note.create(link)
            return number_of(session.call_once(method, **params))

        made = make_twin(link, session, made_at=note.made_at, look=lambda: _look(session, note, link), create=create)
        if made:
            told(link, note.told_as(link) if note.made_complete else "")
    if link.digest != note.told_as(link):
        session.call(note.update, id=link.remote_id, fields=fields_of(note, link))
        told(link, note.told_as(link))


def fields_of(note: Note, link: Link) -> dict[str, Any]:
    """What an update says."""
    if note.kind == "touch":
        return {**note.fields, "COMMENT": f"{note.fields['COMMENT']}\n{sign(link)}"}
    return note.fields


def _task(session: Session, pk: int) -> Note | None:
    """One that was closed before it was ever told is not told."""
    task = Task.objects.select_related("assignee").filter(pk=pk).first()
    if task is None:
        return None
    fields = payloads.task_fields(task, settings.BITRIX24_PERSONAL_DATA, title=task.title)
    if fields["completed"] and not _may_be_there("task", pk):
        return None
    kind, owner_pk = ("lead", task.lead_id) if task.lead_id is not None else ("deal", task.deal_id)
    assert owner_pk is not None
    owner = twin_before(kind, owner_pk)
    if owner is None:
        return None
    person = remote_user(session, task.assignee)
    theirs = {} if person is None else {"responsibleId": person}

    def create(link: Link) -> Call:
        said = {"title": fields["title"], "deadline": fields["deadline"], "description": sign(link), **theirs}
        return "crm.activity.todo.add", {"ownerTypeId": OWNERS[kind], "ownerId": owner, **said}

    changed = {
        "SUBJECT": fields["title"],
        "DEADLINE": fields["deadline"],
        "COMPLETED": "Y" if fields["completed"] else "N",
        **({} if person is None else {"RESPONSIBLE_ID": person}),
    }
    owned = {"PROVIDER_ID": "CRM_TODO", "OWNER_TYPE_ID": OWNERS[kind], "OWNER_ID": owner}
    look = ("crm.activity.list", {"filter": owned})
    complete = not fields["completed"]
    return Note("task", pk, task.created_at, create, look, "DESCRIPTION", "crm.activity.update", changed, complete)


def _may_be_there(kind: str, pk: int) -> bool:
    """Whether the portal has been told of it, or may have been."""
    told_of = Link.objects.filter(kind=kind, object_id=pk)
    return told_of.filter(Q(remote_id__isnull=False) | Q(creating_since__isnull=False)).exists()


def _touch(session: Session, pk: int) -> Note | None:
    """One that was taken back says so there, if it was told at all."""
    touch = Touch.with_undone.filter(pk=pk).first()
    if touch is None or (touch.undone_at and not _may_be_there("touch", pk)):
        return None
    owner = twin_before("lead", touch.lead_id)
    if owner is None:
        return None
    when = date_format(timezone.localtime(touch.at), "d.m.Y H:i")
    text = payloads.touch_text(touch, settings.BITRIX24_PERSONAL_DATA, when=when)
    if touch.undone_at:
        text = _("Undone: %(what)s") % {"what": text}
    owned = {"ENTITY_ID": owner, "ENTITY_TYPE": "lead"}

    def create(link: Link) -> Call:
        return "crm.timeline.comment.add", {"fields": {**owned, "COMMENT": f"{text}\n{sign(link)}"}}

    look = ("crm.timeline.comment.list", {"filter": owned})
    update = "crm.timeline.comment.update"
    return Note("touch", pk, touch.created_at, create, look, "COMMENT", update, {"COMMENT": text})


def looked_through(note: Note, after: int) -> Call:
    """The call for a page of the owner's rows after an id."""
    method, params = note.look
    wanted = {"filter": {**params["filter"], ">ID": after}, "select": ["ID", note.column], "order": {"ID": "ASC"}}
    return method, {**wanted, "start": -1}


def signed(rows: list[dict[str, Any]], note: Note, link: Link) -> list[int]:
    """Of a page's rows those that carry the sign."""
    return [int(row["ID"]) for row in rows if sign(link) in (row.get(note.column) or "")]


def _look(session: Session, note: Note, link: Link) -> list[int]:
    found: list[int] = []
    last = 0
    for _page in range(MOST_PAGES):
        method, params = looked_through(note, last)
        rows = session.call(method, **params)
        found += signed(rows, note, link)
        if len(rows) < PAGE:
            break
        last = int(rows[-1]["ID"])
    return found
