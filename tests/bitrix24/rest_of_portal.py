"""The portal's directories and people, and the todos and comments of its timeline."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.bitrix24 import lists
from tests.bitrix24.fields import DEAL, LEAD

IN_WORK = [("NEW", 10, None), ("EXECUTING", 20, None), ("WON", 30, "S"), ("LOSE", 40, "F")]
FIRST_ENTRIES = {
    "STATUS": [("NEW", 10, None), ("IN_PROCESS", 20, None), ("CONVERTED", 40, "S"), ("JUNK", 50, "F")],
    "DEAL_STAGE": IN_WORK,
    "DEAL_STAGE_5": [(f"C5:{code}", sort, kind) for code, sort, kind in IN_WORK],
    "SOURCE": [("CALL", 10, None), ("WEB", 20, None)],
}  # fmt: skip
PIPELINES = [(0, "Общая"), (5, "Банкротство")]


class Error(Exception):
    """An error of the portal: HTTP status, code (often empty), text."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status, self.code, self.text = status, code, text


class _Shared:
    """What the parts of the portal's data share."""

    now: Callable[[], float]
    hidden_for: float
    items: dict[int, dict[int, dict[str, Any]]]
    _ids: itertools.count[int]

    def seen(self, row: dict[str, Any]) -> bool:
        """Whether the object is in lists by now."""
        return self.now() - float(row["_made"]) >= self.hidden_for


class Directories(_Shared):
    """Stages, sources, pipelines and people."""

    def __init__(self) -> None:
        self.users: list[dict[str, Any]] = []
        self.statuses = [
            self._status(ENTITY_ID=entity, STATUS_ID=code, NAME=code, SORT=str(sort), SEMANTICS=kind)
            for entity, rows in FIRST_ENTRIES.items()
            for code, sort, kind in rows
        ]

    def methods_of_directories(self) -> dict[str, Callable[[dict[str, Any]], Any]]:
        return {
            "crm.status.list": self.status_list,
            "crm.status.add": self.status_add,
            "crm.status.update": self.status_update,
            "crm.category.list": self.category_list,
            "user.get": self.user_get,
        }

    def _status(self, **fields: Any) -> dict[str, Any]:
        return {"ID": str(next(self._ids)), **fields}

    def stages_of(self, kind: int, pipeline: int) -> str:
        if kind == LEAD:
            return "STATUS"
        if kind == DEAL and pipeline not in dict(PIPELINES):
            raise Error(400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", "Wrong categoryId")
        return f"DEAL_STAGE_{pipeline}" if pipeline else "DEAL_STAGE"

    def codes(self, directory: str) -> list[str]:
        rows = [row for row in self.statuses if row["ENTITY_ID"] == directory]
        return [row["STATUS_ID"] for row in sorted(rows, key=lambda row: int(row["SORT"]))]

    def entry(self, directory: str, code: str) -> dict[str, Any] | None:
        return next((r for r in self.statuses if (r["ENTITY_ID"], r["STATUS_ID"]) == (directory, code)), None)

    def status_list(self, given: dict[str, Any]) -> list[dict[str, Any]]:
        entity = (given.get("filter") or {}).get("ENTITY_ID")
        rows = [row for row in self.statuses if entity in (None, row["ENTITY_ID"])]
        return sorted(rows, key=lambda row: (row["ENTITY_ID"], int(row["SORT"])))

    def status_add(self, given: dict[str, Any]) -> int:
        fields = dict(given.get("fields") or {})
        for name in ("ENTITY_ID", "STATUS_ID", "NAME"):
            if not fields.get(name):
                raise Error(400, "", f"The field {name} is required.")
        entity = fields["ENTITY_ID"]
        longest = 22 if entity.startswith("DEAL_STAGE") else {"STATUS": 21}.get(entity, 50)
        if entity.startswith("DEAL_STAGE_") and not fields["STATUS_ID"].startswith("C"):
            fields["STATUS_ID"] = f"C{entity.removeprefix('DEAL_STAGE_')}:{fields['STATUS_ID']}"
        if len(fields["STATUS_ID"]) > longest:
            raise Error(400, "", "The field STATUS_ID is too long.")
        rows = self.status_list({"filter": {"ENTITY_ID": entity}})
        if not rows:
            raise Error(400, "", "Specified entity type is not supported.")
        if any(row["STATUS_ID"] == fields["STATUS_ID"] for row in rows):
            raise Error(400, "ERROR_CORE", "The specified status ID already exists.")
        final = next((int(row["SORT"]) for row in rows if row["SEMANTICS"] == "S"), None)
        if final is not None and (int(fields.get("SORT", 10)) >= final) != (fields.get("SEMANTICS") == "F"):
            raise Error(400, "", "Cannot create more stages after the final stage.")
        row = self._status(**{"SORT": "10", **fields, "SEMANTICS": fields.get("SEMANTICS") or None})
        self.statuses.append(row)
        return int(row["ID"])

    def status_update(self, given: dict[str, Any]) -> bool:
        row = next((row for row in self.statuses if row["ID"] == str(given.get("id"))), None)
        if row is None:
            raise Error(400, "", "Not found")
        row.update({name: value for name, value in given["fields"].items() if name in {"NAME", "SORT", "COLOR"}})
        return True

    def category_list(self, given: dict[str, Any]) -> dict[str, Any]:
        rows = [
            {"id": number, "name": name, "sort": 10, "isDefault": "N" if number else "Y"} for number, name in PIPELINES
        ]
        return {"categories": rows}

    def user_get(self, given: dict[str, Any]) -> Any:
        wanted = given.get("FILTER") or {}
        email = str(wanted.get("EMAIL", "")).lower()
        return lists.page([user for user in self.users if not email or user["EMAIL"].lower() == email], given)


class Timeline(_Shared):
    """Todos and comments."""

    def __init__(self) -> None:
        self.todos: dict[int, dict[str, Any]] = {}
        self.comments: dict[int, dict[str, Any]] = {}

    def methods_of_timeline(self) -> dict[str, Callable[[dict[str, Any]], Any]]:
        return {
            "crm.activity.todo.add": self.todo_add,
            "crm.activity.update": self.activity_update,
            "crm.activity.list": self.activity_list,
            "crm.timeline.comment.add": self.comment_add,
            "crm.timeline.comment.update": self.comment_update,
            "crm.timeline.comment.get": self.comment_get,
            "crm.timeline.comment.list": self.comment_list,
        }

    def todo_add(self, given: dict[str, Any]) -> dict[str, Any]:
        if not given.get("deadline"):
            raise Error(400, "100", "Could not find value for parameter {deadline}")
        kind, owner = int(given.get("ownerTypeId") or 0), int(given.get("ownerId") or 0)
        if owner not in self.items.get(kind, {}):
            raise Error(400, "OWNER_NOT_FOUND", "Owner not found")
        try:
            datetime.fromisoformat(given["deadline"])
        except ValueError:
            raise Error(400, "WRONG_DATETIME_FORMAT", "Wrong datetime format") from None
        number = next(self._ids)
        row = {"ID": str(number), "COMPLETED": "N", "_made": self.now(), **given, "ownerTypeId": kind, "ownerId": owner}
        self.todos[number] = row
        return {"id": number}

    def activity_update(self, given: dict[str, Any]) -> bool:
        row = self.todos.get(int(given.get("id") or 0))
        if row is None:
            raise Error(400, "", "Activity is not found.")
        names = {"SUBJECT": "title", "DEADLINE": "deadline", "RESPONSIBLE_ID": "responsibleId"}
        row.update({names.get(name, name): value for name, value in given["fields"].items()})
        return True

    def activity_list(self, given: dict[str, Any]) -> Any:
        asked = (given.get("filter") or {}).get("OWNER_ID")
        owner = None if asked is None else int(asked)
        rows = [
            {
                "ID": row["ID"],
                "OWNER_TYPE_ID": str(row["ownerTypeId"]),
                "OWNER_ID": str(row["ownerId"]),
                "PROVIDER_ID": "CRM_TODO",
                "SUBJECT": row.get("title", ""),
                "DESCRIPTION": row.get("description", ""),
                "DEADLINE": row["deadline"],
                "COMPLETED": row["COMPLETED"],
            }
            for row in self.todos.values()
            if self.seen(row) and (owner is None or row["ownerId"] == owner)
        ]
        return lists.page(rows, {"order": {"ID": "ASC"}, **given})

    def comment_add(self, given: dict[str, Any]) -> int:
        fields = given.get("fields") or {}
        if not fields.get("COMMENT"):
            raise Error(400, "", "The field COMMENT is required.")
        owner = int(fields.get("ENTITY_ID") or 0)
        if fields.get("ENTITY_TYPE") not in {"lead", "deal", "contact"} or owner not in self.items[LEAD]:
            raise Error(400, "", "Not found")
        number = next(self._ids)
        self.comments[number] = {"ID": str(number), "_made": self.now(), **fields, "ENTITY_ID": owner}
        return number

    def _comment(self, given: dict[str, Any]) -> dict[str, Any]:
        row = self.comments.get(int(given.get("id") or 0))
        if row is None:
            raise Error(400, "", "Not found")
        return row

    def comment_get(self, given: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in self._comment(given).items() if not name.startswith("_")}

    def comment_update(self, given: dict[str, Any]) -> bool:
        self._comment(given).update(given["fields"])
        return True

    def comment_list(self, given: dict[str, Any]) -> Any:
        asked = (given.get("filter") or {}).get("ENTITY_ID")
        owner = None if asked is None else int(asked)
        rows = [
            {name: value for name, value in row.items() if not name.startswith("_")}
            for row in self.comments.values()
            if self.seen(row) and (owner is None or row["ENTITY_ID"] == owner)
        ]
        return lists.page(rows, {"order": {"ID": "ASC"}, **given})
