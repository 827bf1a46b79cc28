"""What the fake portal keeps and how its methods behave: the tables, the silent drops, the odd empty answers.

Facts of the reference: unknown fields vanish without a word, lists of `fm` add where objects change, a repeated add
makes a second object, and nothing found is an empty list where a map was expected.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime
from typing import Any

ITEM_FIELDS = {
    "title", "name", "secondName", "lastName", "stageId", "statusDescription", "sourceId", "sourceDescription",
    "opportunity", "isManualOpportunity", "currencyId", "assignedById", "opened", "comments", "contactId", "contactIds",
    "originatorId", "originId", "utmSource", "utmMedium", "utmCampaign", "utmContent", "utmTerm", "leadId", "begindate",
    "closedate", "additionalInfo", "categoryId",
}  # fmt: skip
LEAD, DEAL, CONTACT = 1, 2, 3
STAGES_OF = {LEAD: "STATUS", DEAL: "DEAL_STAGE"}
FIRST_STAGES = {
    "STATUS": [("NEW", 10, None), ("IN_PROCESS", 20, None), ("CONVERTED", 40, "S"), ("JUNK", 50, "F")],
    "DEAL_STAGE": [("NEW", 10, None), ("EXECUTING", 20, None), ("WON", 30, "S"), ("LOSE", 40, "F")],
    "SOURCE": [("CALL", 10, None), ("WEB", 20, None)],
}  # fmt: skip


class Error(Exception):
    """An error of the portal: HTTP status, code (often empty), text."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status, self.code, self.text = status, code, text


class Crm:
    """The portal's data. `items[entityTypeId][id]`; `now` is a clock in seconds that a test moves."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.hidden_for = 0.0  # seconds in which a new object is in no list yet
        self.rejects: Callable[[dict[str, Any]], str] = lambda fields: ""  # a test's own reason to refuse fields
        self.items: dict[int, dict[int, dict[str, Any]]] = {LEAD: {}, DEAL: {}, CONTACT: {}}
        self.todos: dict[int, dict[str, Any]] = {}
        self.comments: dict[int, dict[str, Any]] = {}
        self.users: list[dict[str, Any]] = []
        self.mode = 1
        self._ids = itertools.count(101)
        self.statuses = [
            self._status(ENTITY_ID=entity, STATUS_ID=code, NAME=code, SORT=str(sort), SEMANTICS=kind)
            for entity, rows in FIRST_STAGES.items()
            for code, sort, kind in rows
        ]
        self.methods: dict[str, Callable[[dict[str, Any]], Any]] = {
            "crm.item.add": self.item_add,
            "crm.item.update": self.item_update,
            "crm.item.get": lambda given: {"item": self._item(given)},
            "crm.item.list": self.item_list,
            "crm.duplicate.findbycomm": self.find,
            "crm.status.list": self.status_list,
            "crm.status.add": self.status_add,
            "crm.status.update": self.status_update,
            "crm.settings.mode.get": lambda given: self.mode,
            "user.get": self.user_get,
            "crm.activity.todo.add": self.todo_add,
            "crm.activity.update": self.activity_update,
            "crm.activity.list": self.activity_list,
            "crm.timeline.comment.add": self.comment_add,
            "crm.timeline.comment.update": self.comment_update,
            "crm.timeline.comment.list": self.comment_list,
        }

    def _status(self, **fields: Any) -> dict[str, Any]:
        return {"ID": str(next(self._ids)), **fields}

    # --- what tests ask

    def by_origin(self, kind: int) -> dict[str, list[dict[str, Any]]]:
        """The objects of a kind by their origin."""
        found: dict[str, list[dict[str, Any]]] = {}
        for item in self.items[kind].values():
            found.setdefault(item.get("originId", ""), []).append(item)
        return found

    def phones(self, contact_id: int) -> list[str]:
        return [entry["value"] for entry in self.items[CONTACT][contact_id]["fm"] if entry["typeId"] == "PHONE"]

    # --- items

    def _kind(self, given: dict[str, Any]) -> int:
        kind = given.get("entityTypeId")
        if kind not in self.items:
            raise Error(400, "NOT_FOUND", "Smart process not found")
        return int(kind)

    def _item(self, given: dict[str, Any]) -> dict[str, Any]:
        item = self.items[self._kind(given)].get(given.get("id", 0))
        if item is None:
            raise Error(400, "NOT_FOUND", "Element not found")
        return item

    def _seen(self, row: dict[str, Any]) -> bool:
        return self.now() - row["_made"] >= self.hidden_for

    def _fields(self, kind: int, given: Any) -> dict[str, Any]:
        if not isinstance(given, dict):
            raise Error(400, "", "Parameter 'fields' must be array.")
        if said := self.rejects(given):
            raise Error(400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", said)
        stages = {row["STATUS_ID"] for row in self.statuses if row["ENTITY_ID"] == STAGES_OF.get(kind)}
        if "stageId" in given and given["stageId"] not in stages:
            raise Error(400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", "Wrong stage")
        for name, of in (("contactId", CONTACT), ("leadId", LEAD)):
            if given.get(name) and given[name] not in self.items[of]:
                raise Error(400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", f"Wrong {name}")
        return {name: value for name, value in given.items() if name in ITEM_FIELDS}

    def item_add(self, given: dict[str, Any]) -> dict[str, Any]:
        kind = self._kind(given)
        fields = self._fields(kind, given.get("fields"))
        number = next(self._ids)
        item = {"id": number, "fm": [], "stageId": "NEW", "_made": self.now(), **fields}
        self._multifields(item, given["fields"].get("fm", []))
        self.items[kind][number] = item
        return {"item": item}

    def item_update(self, given: dict[str, Any]) -> dict[str, Any]:
        item = self._item(given)
        item.update(self._fields(self._kind(given), given.get("fields")))
        self._multifields(item, given["fields"].get("fm", []))
        return {"item": item}

    def _multifields(self, item: dict[str, Any], given: Any) -> None:
        entries = dict(enumerate(given)) if isinstance(given, list) else given
        if not isinstance(entries, dict):
            return  # a plain string is taken and stores nothing
        for key, entry in entries.items():
            if not entry.get("typeId"):
                continue
            known = next((old for old in item["fm"] if str(old["id"]) == str(key)), None)
            if known is None or isinstance(given, list):
                item["fm"].append({"id": next(self._ids), "valueType": "WORK", **entry})
            elif entry.get("value"):
                known.update(entry)
            else:
                item["fm"].remove(known)

    def item_list(self, given: dict[str, Any]) -> dict[str, Any]:
        wanted = {name.lstrip("="): value for name, value in given.get("filter", {}).items()}
        rows = [
            item
            for _number, item in sorted(self.items[self._kind(given)].items())
            if self._seen(item) and all(item.get(name) == value for name, value in wanted.items())
        ]
        return {"items": rows[:50]}

    def find(self, given: dict[str, Any]) -> Any:
        if given.get("type") not in {"PHONE", "EMAIL"} or not given.get("values"):
            raise Error(400, "", "Parameter 'values' is required.")
        wanted = {"".join(filter(str.isdigit, value))[-10:] for value in given["values"]}
        found = [
            number
            for number, item in self.items[CONTACT].items()
            if self._seen(item)
            and any("".join(filter(str.isdigit, entry["value"]))[-10:] in wanted for entry in item["fm"])
        ]
        return {"CONTACT": found} if found else []

    # --- directories

    def status_list(self, given: dict[str, Any]) -> list[dict[str, Any]]:
        entity = given.get("filter", {}).get("ENTITY_ID")
        return [row for row in self.statuses if row["ENTITY_ID"] == entity]

    def status_add(self, given: dict[str, Any]) -> int:
        fields = given.get("fields", {})
        for name in ("ENTITY_ID", "STATUS_ID", "NAME"):
            if not fields.get(name):
                raise Error(400, "", f"The field {name} is required.")
        entity, longest = fields["ENTITY_ID"], {"STATUS": 21, "DEAL_STAGE": 22}.get(fields["ENTITY_ID"], 50)
        if len(fields["STATUS_ID"]) > longest:
            raise Error(400, "", "The field STATUS_ID is too long.")
        rows = self.status_list({"filter": {"ENTITY_ID": entity}})
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

    def user_get(self, given: dict[str, Any]) -> list[dict[str, Any]]:
        wanted = given.get("FILTER", {})
        return [user for user in self.users if user["EMAIL"].lower() == wanted.get("EMAIL", "").lower()]

    # --- todos and comments

    def todo_add(self, given: dict[str, Any]) -> dict[str, Any]:
        if not given.get("deadline"):
            raise Error(400, "100", "Could not find value for parameter {deadline}")
        if given.get("ownerId") not in self.items.get(given.get("ownerTypeId", 0), {}):
            raise Error(400, "OWNER_NOT_FOUND", "Owner not found")
        datetime.fromisoformat(given["deadline"])
        number = next(self._ids)
        self.todos[number] = {"ID": str(number), "COMPLETED": "N", "_made": self.now(), **given}
        return {"id": number}

    def activity_update(self, given: dict[str, Any]) -> bool:
        if given.get("id") not in self.todos:
            raise Error(400, "", "Activity is not found.")
        row = self.todos[given["id"]]
        names = {"SUBJECT": "title", "DEADLINE": "deadline", "RESPONSIBLE_ID": "responsibleId"}
        row.update({names.get(name, name): value for name, value in given["fields"].items()})
        return True

    def activity_list(self, given: dict[str, Any]) -> list[dict[str, Any]]:
        owner = (given["filter"]["OWNER_TYPE_ID"], given["filter"]["OWNER_ID"])
        rows = [row for row in self.todos.values() if (row["ownerTypeId"], row["ownerId"]) == owner and self._seen(row)]
        rows = [row for row in rows if int(row["ID"]) > int(given["filter"].get(">ID", 0))]
        return [{"ID": row["ID"], "DESCRIPTION": row.get("description", "")} for row in rows[:50]]

    def comment_add(self, given: dict[str, Any]) -> int:
        fields = given["fields"]
        if not fields.get("COMMENT"):
            raise Error(400, "", "The field COMMENT is required.")
        if fields.get("ENTITY_ID") not in self.items[LEAD]:
            raise Error(400, "", "Not found")
        number = next(self._ids)
        self.comments[number] = {"ID": str(number), "_made": self.now(), **fields}
        return number

    def comment_update(self, given: dict[str, Any]) -> bool:
        if given.get("id") not in self.comments:
            raise Error(400, "", "Not found")
        self.comments[given["id"]].update(given["fields"])
        return True

    def comment_list(self, given: dict[str, Any]) -> list[dict[str, Any]]:
        owner, after = given["filter"]["ENTITY_ID"], int(given["filter"].get(">ID", 0))
        rows = [row for row in self.comments.values() if row["ENTITY_ID"] == owner and self._seen(row)]
        return [row for row in rows if int(row["ID"]) > after][:50]
