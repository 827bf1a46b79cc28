"""Tasks as todos and touches as comments in the portal's timeline. Neither can carry an origin there, so a mark at the
end of the text names ours, and an uncertain creation is looked for by it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
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
MOST_PAGES = 40  # of 50 rows each, looked through for one mark


def sign(link: Link) -> str:
    """What stands at the end of a text of ours at the portal."""
    return f"[{ORIGINATOR} {link.origin}]"


def push_task(session: Session, pk: int) -> None:
    """A task on its lead or deal. One that was closed before it was ever told is not told."""
    task = Task.objects.select_related("assignee").filter(pk=pk).first()
    if task is None:
        return
    link = link_of("task", pk, task.created_at)
    fields = payloads.task_fields(task, settings.BITRIX24_PERSONAL_DATA, title=task.title)
    if link.remote_id is None and link.creating_since is None and fields["completed"]:
        return
    kind, owner_pk = ("lead", task.lead_id) if task.lead_id is not None else ("deal", task.deal_id)
    assert owner_pk is not None
    owner = twin_before(kind, owner_pk)
    if owner is None:
        return
    person = remote_user(session, task.assignee)
    if person is not None:
        fields["responsible"] = person
    sent = digest(fields)
    owned = {"OWNER_TYPE_ID": OWNERS[kind], "OWNER_ID": owner}

    def create() -> int:
        given = {"title": fields["title"], "deadline": fields["deadline"], "description": sign(link)}
        if person is not None:
            given["responsibleId"] = person
        made = session.call_once("crm.activity.todo.add", ownerTypeId=OWNERS[kind], ownerId=owner, **given)
        return int(made["id"])

    look = _look(session, "crm.activity.list", {"PROVIDER_ID": "CRM_TODO", **owned}, "DESCRIPTION", link)
    if link.remote_id is None and make_twin(link, session, made_at=task.created_at, look=look, create=create):
        told(link, sent if not fields["completed"] else "")
    if link.digest == sent:
        return
    changed = {
        "SUBJECT": fields["title"],
        "DEADLINE": fields["deadline"],
        "COMPLETED": "Y" if fields["completed"] else "N",
    }
    if person is not None:
        changed["RESPONSIBLE_ID"] = person
    session.call("crm.activity.update", id=link.remote_id, fields=changed)
    told(link, sent)


def push_touch(session: Session, pk: int) -> None:
    """A touch in the timeline of its lead. One that was taken back says so there, if it was told at all."""
    touch = Touch.with_undone.filter(pk=pk).first()
    if touch is None:
        return
    owner = twin_before("lead", touch.lead_id)
    if owner is None:
        return
    link = link_of("touch", pk, touch.created_at)
    if touch.undone_at and link.remote_id is None and link.creating_since is None:
        return
    when = date_format(timezone.localtime(touch.at), "d.m.Y H:i")
    text = payloads.touch_text(touch, settings.BITRIX24_PERSONAL_DATA, when=when)
    text = f"{_('Undone: %(what)s') % {'what': text} if touch.undone_at else text}\n{sign(link)}"
    sent = digest(text)

    def create() -> int:
        fields = {"ENTITY_ID": owner, "ENTITY_TYPE": "lead", "COMMENT": text}
        return int(session.call_once("crm.timeline.comment.add", fields=fields))

    look = _look(session, "crm.timeline.comment.list", {"ENTITY_ID": owner, "ENTITY_TYPE": "lead"}, "COMMENT", link)
    if link.remote_id is None and make_twin(link, session, made_at=touch.created_at, look=look, create=create):
        told(link, sent)
    if link.digest != sent:
        session.call("crm.timeline.comment.update", id=link.remote_id, fields={"COMMENT": text})
        told(link, sent)


def _look(session: Session, method: str, owned: dict[str, Any], column: str, link: Link) -> Callable[[], list[int]]:
    """The rows of the owner that carry our sign, read page by page."""

    def look() -> list[int]:
        found: list[int] = []
        last = 0
        for _page in range(MOST_PAGES):
            rows = session.call(
                method, filter={**owned, ">ID": last}, select=["ID", column], order={"ID": "ASC"}, start=-1
            )
            found += [int(row["ID"]) for row in rows if sign(link) in (row.get(column) or "")]
            if len(rows) < 50:
                break
            last = int(rows[-1]["ID"])
        return found

    return look
