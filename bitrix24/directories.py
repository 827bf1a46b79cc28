"""Codes of the portal's directories for our sources and stages. Entries are created once and kept; administrators may
point an entry of ours at another code. The portal keeps codes unique, so two workers that need one make one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from bitrix24.models import Entry
from bitrix24.outcomes import Refusal
from bitrix24.session import Session

PREFIX = "BFL_"
LONGEST = {"STATUS": 21, "DEAL_STAGE": 22}  # characters
OTHERS = 50
LONGEST_NAME = 100


@dataclass(frozen=True)
class Wanted:
    """An entry that something of ours needs. `failure` marks a stage in which a lead ends badly."""

    directory: str
    code: str
    name: str
    failure: bool = False

    @property
    def remote_code(self) -> str:
        longest = LONGEST.get(self.directory, OTHERS)
        if self.directory.startswith("DEAL_STAGE_"):
            longest = LONGEST["DEAL_STAGE"] - len("C999:")  # the portal puts the pipeline in front
        full = PREFIX + self.code.upper().replace("-", "_")
        if len(full) <= longest:
            return full
        return full[: longest - 7] + "_" + hashlib.sha256(self.code.encode()).hexdigest()[:6].upper()


def code_for(session: Session, wanted: Wanted) -> str:
    """The portal's code for what is wanted; created there if nobody has. At most two calls, mostly none."""
    return session.once(("entry", wanted.directory, wanted.code), lambda: _code(session, wanted))


def _code(session: Session, wanted: Wanted) -> str:
    known = Entry.objects.filter(directory=wanted.directory, code=wanted.code).first()
    if known is not None:
        return known.remote_code
    rows = _rows(session, wanted.directory)
    if _ours(rows, wanted) is None:
        _add(session, wanted, rows)
    # In a pipeline of its own a stage's code has the pipeline in front.
    pipeline = wanted.directory.removeprefix("DEAL_STAGE_")
    code = wanted.remote_code if pipeline == wanted.directory else f"C{pipeline}:{wanted.remote_code}"
    entry, _made = Entry.objects.get_or_create(
        directory=wanted.directory, code=wanted.code, defaults={"remote_code": code, "name": wanted.name[:LONGEST_NAME]}
    )
    return entry.remote_code


def rename(session: Session, wanted: Wanted) -> None:
    """Bring a changed name to an entry that we have made; one that stands for somebody else's code keeps its name."""
    known = Entry.objects.filter(directory=wanted.directory, code=wanted.code).first()
    name = wanted.name[:LONGEST_NAME]
    if known is None or known.name == name or not known.remote_code.endswith(wanted.remote_code):
        return
    row = _ours(_rows(session, wanted.directory), wanted)
    if row is not None:
        session.call("crm.status.update", id=int(row["ID"]), fields={"NAME": name})
    Entry.objects.filter(pk=known.pk).update(name=name)


def _rows(session: Session, directory: str) -> list[dict[str, Any]]:
    return list(session.call("crm.status.list", filter={"ENTITY_ID": directory}, order={"SORT": "ASC"}))


def _ours(rows: list[dict[str, Any]], wanted: Wanted) -> dict[str, Any] | None:
    return next((row for row in rows if str(row["STATUS_ID"]).rsplit(":", 1)[-1] == wanted.remote_code), None)


def _add(session: Session, wanted: Wanted, rows: list[dict[str, Any]]) -> None:
    fields: dict[str, Any] = {
        "ENTITY_ID": wanted.directory,
        "STATUS_ID": wanted.remote_code,
        "NAME": wanted.name[:LONGEST_NAME],
        "SORT": _place(rows, failure=wanted.failure),
    }
    if wanted.failure:
        fields["SEMANTICS"] = "F"
    try:
        session.call("crm.status.add", fields=fields)
    except Refusal:
        if _ours(_rows(session, wanted.directory), wanted) is None:  # otherwise another worker has made it just now
            raise


def _place(rows: list[dict[str, Any]], *, failure: bool) -> int:
    """Where the entry stands: stages in progress before the success stage, failures after everything."""
    final = next((int(row["SORT"]) for row in rows if row.get("SEMANTICS") == "S"), None)
    last = max((int(row["SORT"]) for row in rows), default=0)
    if final is None or failure:
        return last + 10
    before = max((int(row["SORT"]) for row in rows if int(row["SORT"]) < final), default=0)
    return min(before + 1, final - 1)
