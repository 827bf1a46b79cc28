"""What the fake portal keeps of contacts, leads and deals, and how their methods behave.

Directories, people, todos and comments are in `rest_of_portal.py`.

Facts of the reference: unknown fields vanish without a word, lists of `fm` add where objects change, a repeated add
makes a second object, and nothing found is an empty list where a map was expected.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.bitrix24 import fields, lists
from tests.bitrix24.fields import CONTACT, DEAL, LEAD
from tests.bitrix24.rest_of_portal import Directories, Error, Timeline

MOST_IMPORTED = 20


class Crm(Directories, Timeline):
    """The portal's data. `items[entityTypeId][id]`; `now` is a clock in seconds that a test moves."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.hidden_for = 0.0  # seconds in which a new object is in no list yet
        self.rejects: Callable[[dict[str, Any]], str] = lambda given: ""  # a test's own reason to refuse fields
        self.unknown: set[tuple[int, str]] = set()  # fields that vanished without a word
        self.happened: Callable[[str, int], None] = lambda event, number: None  # an outgoing webhook hears it
        self.admin = True  # whether the webhook's owner is an administrator
        self.mode = 1
        self._imported_until: dict[int, str] = {}  # the last date of creation that an import has said
        self.items: dict[int, dict[int, dict[str, Any]]] = {LEAD: {}, DEAL: {}, CONTACT: {}}
        self._ids = itertools.count(101)
        self._of_origin: dict[tuple[int, str], set[int]] = {}  # ids by kind and origin, and contacts by number: quick
        self._of_number: dict[str, set[int]] = {}  # among many, and looked at again before they are believed
        Directories.__init__(self)
        Timeline.__init__(self)
        self.methods: dict[str, Callable[[dict[str, Any]], Any]] = {
            "crm.item.add": self.item_add,
            "crm.item.update": self.item_update,
            "crm.item.get": lambda given: {"item": self._shown(self._item(given), ["*"])},
            "crm.item.list": self.item_list,
            "crm.item.delete": self.item_delete,
            "crm.item.fields": self.item_fields,
            "crm.item.import": lambda given: {"item": {"id": self.item_import(given)}},
            "crm.item.batchimport": self.batch_import,
            "crm.duplicate.findbycomm": self.find,
            "crm.settings.mode.get": lambda given: self.mode,
            "profile": lambda given: {"ID": "1", "ADMIN": self.admin},
            **self.methods_of_directories(),
            **self.methods_of_timeline(),
            **{f"crm.{name}.list": self._classic_list(kind) for kind, name in fields.NAMES.items()},
            **{f"crm.{name}.get": self._classic_get(kind) for kind, name in fields.NAMES.items()},
            **{f"crm.{name}.add": self._classic_add(kind) for kind, name in fields.NAMES.items()},
        }

    # --- what tests ask
    def by_origin(self, kind: int) -> dict[str, list[dict[str, Any]]]:
        """The objects of a kind by their origin."""
        found: dict[str, list[dict[str, Any]]] = {}
        for item in self.items[kind].values():
            found.setdefault(item.get("originId", ""), []).append(item)
        return found

    def phones(self, contact_id: int) -> list[str]:
        return [entry["value"] for entry in self.items[CONTACT][contact_id]["fm"] if entry["typeId"] == "PHONE"]

    def somebody_adds(self, kind: int, **given: Any) -> int:
        """A person of the portal makes an object; answers its id."""
        return int(self.item_add({"entityTypeId": kind, "fields": given})["item"]["id"])

    # --- items
    def _kind(self, given: dict[str, Any]) -> int:
        kind = int(given.get("entityTypeId") or 0)
        if kind not in self.items:
            raise Error(400, "NOT_FOUND", "Smart process not found")
        return kind

    def _item(self, given: dict[str, Any]) -> dict[str, Any]:
        item = self.items[self._kind(given)].get(int(given.get("id") or 0))
        if item is None:
            raise Error(400, "NOT_FOUND", "Element not found")
        return item

    def _moment(self) -> str:
        return datetime.fromtimestamp(self.now(), UTC).isoformat(timespec="seconds")

    def _fields(self, kind: int, given: Any, item: dict[str, Any]) -> dict[str, Any]:
        """What of the given fields is written, typed. `item`: the object as it is."""
        if not isinstance(given, dict):
            raise Error(400, "", "Parameter 'fields' must be array.")
        if said := self.rejects(given):
            raise Error(400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", said)
        written: dict[str, Any] = {}
        for name, value in given.items():
            type_of = fields.WRITTEN[kind].get(name)
            if type_of is None:
                if name not in fields.READ_ONLY:
                    self.unknown.add((kind, name))
                continue
            if name != "fm":
                try:
                    written[name] = fields.read(type_of, value)
                except fields.Bad as error:
                    raise Error(400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", f"{name}: {error}") from None
        pipeline = int({**item, **written}.get("categoryId") or 0)
        directories = {"stageId": self.stages_of(kind, pipeline), "sourceId": "SOURCE"}
        for name, directory in directories.items():
            if written.get(name) and self.entry(directory, written[name]) is None:
                raise Error(400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", f"Wrong {name}")
        for name, of in (("contactId", CONTACT), ("leadId", LEAD)):
            if written.get(name) and written[name] not in self.items[of]:
                raise Error(400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", f"Wrong {name}")
        return written

    def item_add(self, given: dict[str, Any]) -> dict[str, Any]:
        kind = self._kind(given)
        written = self._fields(kind, given.get("fields"), {})
        number, at = next(self._ids), self._moment()
        pipeline = int(written.get("categoryId") or 0)
        times = dict.fromkeys(("createdTime", "updatedTime", "movedTime"), at)
        item = {"id": number, "fm": [], "assignedById": 1, "opened": "Y", "comments": "", "_made": self.now(), **times}
        item["sourceId"] = self.codes("SOURCE")[0]
        if kind != CONTACT:
            stage = self.codes(self.stages_of(kind, pipeline))[0]
            item |= {"stageId": stage, "currencyId": "RUB", "opportunity": 0.0, "isManualOpportunity": "N"}
            item["title"] = f"{fields.NAMES[kind].capitalize()} #{number}"
            item["isReturnCustomer"] = "Y" if written.get("contactId") else "N"
        item |= written
        self._multifields(item, given["fields"].get("fm") or [])
        self._settle(item)
        self.items[kind][number] = item
        self._note(kind, item)
        self.happened(f"ONCRM{fields.NAMES[kind].upper()}ADD", number)
        return {"item": self._shown(item, ["*"])}

    @staticmethod
    def _settle(item: dict[str, Any]) -> None:
        """A sum that was not said to be typed by hand is that of the products, of which there are none."""
        if item.get("isManualOpportunity") == "N":
            item["opportunity"] = 0.0

    def _note(self, kind: int, item: dict[str, Any]) -> None:
        self._of_origin.setdefault((kind, str(item.get("originId", ""))), set()).add(item["id"])
        for entry in item["fm"] if kind == CONTACT else ():
            self._of_number.setdefault(_last_digits(entry["value"]), set()).add(item["id"])

    def item_update(self, given: dict[str, Any]) -> dict[str, Any]:
        item, kind = self._item(given), self._kind(given)
        before = {**item, "fm": [dict(entry) for entry in item["fm"]]}
        item.update(self._fields(kind, given.get("fields"), item))
        self._multifields(item, given["fields"].get("fm") or [])
        self._settle(item)
        self._note(kind, item)
        if item != before:
            item["updatedTime"] = self._moment()
            self.happened(f"ONCRM{fields.NAMES[kind].upper()}UPDATE", item["id"])
        return {"item": self._shown(item, ["*"])}

    def item_delete(self, given: dict[str, Any]) -> list[Any]:
        item, kind = self._item(given), self._kind(given)
        del self.items[kind][item["id"]]
        self.happened(f"ONCRM{fields.NAMES[kind].upper()}DELETE", item["id"])
        return []

    def item_import(self, given: dict[str, Any]) -> int:
        """As `item_add`, but an administrator may say when it was made, not in the future and in ascending order."""
        kind, said = self._kind(given), given.get("fields") or {}
        times = {name: fields.read("datetime", said[name]) for name in ("createdTime", "movedTime") if name in said}
        if times and not self.admin:
            times = {}
        last, made = self._imported_until.get(kind, ""), times.get("createdTime", "")
        if made and (datetime.fromisoformat(made).timestamp() > self.now() or made < last):
            raise Error(400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", "createdTime must ascend and not be in the future")
        number = int(self.item_add(given)["item"]["id"])
        self.items[kind][number] |= {**times, "_imported": True}
        self._imported_until[kind] = made or last
        return number

    def batch_import(self, given: dict[str, Any]) -> dict[str, Any]:
        rows = given.get("data") or []
        if len(rows) > MOST_IMPORTED:
            raise Error(400, "MAX_IMPORT_BATCH_SIZE_EXCEEDED", "Too many items")
        made: list[dict[str, Any]] = []
        for place, row in enumerate(rows):
            self.step(place + 1)
            try:
                number = self.item_import({"entityTypeId": given.get("entityTypeId"), "fields": row})
                made.append({"item": {"id": number}})
            except Error as error:
                made.append({"error": error.code, "error_description": error.text})
        return {"items": made}

    def step(self, number: int) -> None:
        """Called before each part of a call that does several; a fault in between is raised here."""

    def _multifields(self, item: dict[str, Any], given: Any) -> None:
        entries = dict(enumerate(given)) if isinstance(given, list) else given
        if not isinstance(entries, dict):
            return  # a plain string is taken and stores nothing
        for key, entry in entries.items():
            if not isinstance(entry, dict) or not entry.get("typeId"):
                continue
            known = next((old for old in item["fm"] if str(old["id"]) == str(key)), None)
            if known is None or isinstance(given, list):
                if entry.get("value"):
                    item["fm"].append({"id": next(self._ids), "valueType": "WORK", **entry})
            elif entry.get("value"):
                known.update(entry)
            else:
                item["fm"].remove(known)

    def _shown(self, item: dict[str, Any], select: list[str]) -> dict[str, Any]:
        everything = not select or "*" in select
        return {
            name: value
            for name, value in item.items()
            if not name.startswith("_") and (everything or name == "id" or (name in select and name != "fm"))
        }

    def item_list(self, given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, int]]:
        kind = self._kind(given)
        origin = (given.get("filter") or {}).get("=originId")
        ids = self.items[kind] if origin is None else sorted(self._of_origin.get((kind, str(origin)), ()))
        rows = [self.items[kind][number] for number in ids if number in self.items[kind]]
        rows = [item for item in rows if self.seen(item)]
        found, envelope = lists.page(rows, given)
        return {"items": [self._shown(item, given.get("select") or ["*"]) for item in found]}, envelope

    def item_fields(self, given: dict[str, Any]) -> dict[str, Any]:
        known = fields.WRITTEN[self._kind(given)]
        return {
            "fields": {name: {"type": kind, "isRequired": False, "isReadOnly": False} for name, kind in known.items()}
        }

    def find(self, given: dict[str, Any]) -> Any:
        if given.get("type") not in {"PHONE", "EMAIL"} or not given.get("values") or len(given["values"]) > 20:
            raise Error(400, "", "Parameter 'values' is required.")
        wanted = {_last_digits(value) for value in given["values"]}
        known = sorted({number for value in wanted for number in self._of_number.get(value, ())})
        found = [
            number
            for number in known
            if (item := self.items[CONTACT].get(number)) is not None
            and self.seen(item)
            and any(_last_digits(entry["value"]) in wanted for entry in item["fm"])
        ]
        return {"CONTACT": found} if found else []

    # --- the older methods, for others who read here
    def _classic_list(self, kind: int) -> Callable[[dict[str, Any]], Any]:
        def listed(given: dict[str, Any]) -> Any:
            rows = [fields.classic(kind, self._shown(item, ["*"])) for item in self.items[kind].values()]
            return lists.page(rows, {**given, "order": given.get("order") or {"ID": "ASC"}})

        return listed

    def _classic_get(self, kind: int) -> Callable[[dict[str, Any]], Any]:
        return lambda given: fields.classic(
            kind, self._shown(self._item({"entityTypeId": kind, "id": given.get("id") or given.get("ID")}), ["*"])
        )

    def _classic_add(self, kind: int) -> Callable[[dict[str, Any]], Any]:
        def added(given: dict[str, Any]) -> int:
            names = {fields.classic_name(kind, name): name for name in fields.WRITTEN[kind] if name != "fm"}
            said = {names[name]: value for name, value in (given.get("fields") or {}).items() if name in names}
            entries = [
                {"typeId": typed, "valueType": entry.get("VALUE_TYPE", "WORK"), "value": entry.get("VALUE")}
                for typed in ("PHONE", "EMAIL")
                for entry in (given.get("fields") or {}).get(typed) or []
            ]
            return int(self.item_add({"entityTypeId": kind, "fields": {**said, "fm": entries}})["item"]["id"])

        return added


def _last_digits(value: str) -> str:
    return "".join(filter(str.isdigit, value))[-10:]
