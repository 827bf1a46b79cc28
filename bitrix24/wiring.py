"""Which code of the portal stands for what of ours, chosen by an administrator from what the portal has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from bitrix24.content import deal_directory, lead_stage_entry
from bitrix24.models import Colleague, Entry, Wiring
from bitrix24.session import Session
from crm import clock
from crm.errors import Invalid
from crm.transactions import verb
from deals.models import Stage
from leads.pipeline import JunkReason, Status
from sources.actions import write_source
from sources.models import Source
from team.models import User
from team.roles import Role

Choice = tuple[str, str]  # code there, name there


@dataclass(frozen=True)
class Wire:
    """A line of a mapping page: something of ours, and the code that stands for it (empty: none chosen)."""

    key: str
    name: str
    chosen: str


def choices(wiring: Wiring, directory: str) -> list[Choice]:
    """What the portal has to choose from, as last read."""
    return [(str(code), str(name)) for code, name in wiring.choices.get(directory, [])]


def read_choices(session: Session) -> None:
    """Ask the portal for its directories, pipelines and people. Raises as `Session.call`."""
    found: dict[str, list[list[str]]] = {}
    for row in session.call("crm.status.list", order={"SORT": "ASC"}):
        directory = str(row["ENTITY_ID"])
        if directory in {"STATUS", "SOURCE"} or directory.startswith("DEAL_STAGE"):
            found.setdefault(directory, []).append([str(row["STATUS_ID"]), str(row["NAME"])])
    pipelines = session.call("crm.category.list", entityTypeId=2)["categories"]
    found["pipelines"] = [[str(row["id"]), str(row["name"])] for row in pipelines]
    people: list[list[str]] = []
    start: int | None = 0
    while start is not None:
        rows, start = session.page("user.get", FILTER={"ACTIVE": True}, start=start)
        people += [[str(row["ID"]), _name(row)] for row in rows]
    found["people"] = sorted(people, key=lambda person: person[1])
    _keep(found)


@verb
def _keep(found: dict[str, list[list[str]]]) -> None:
    Wiring.objects.bulk_create([Wiring(pk=1)], ignore_conflicts=True)
    Wiring.objects.filter(pk=1).update(choices=found, read_at=clock.now())


def _name(row: dict[str, Any]) -> str:
    parts = [str(row.get(part) or "") for part in ("LAST_NAME", "NAME")]
    return " ".join(part for part in parts if part) or str(row.get("EMAIL") or row["ID"])


def stage_wires() -> list[Wire]:
    """Our statuses that need a stage there, and the reasons of junk."""
    wanted = [lead_stage_entry(status, "") for status in Status.values if status != Status.JUNK]
    wanted += [lead_stage_entry(Status.JUNK, reason) for reason in JunkReason.values]
    known = dict(Entry.objects.filter(directory="STATUS").values_list("code", "remote_code"))
    return [Wire(one.code, one.name, known.get(one.code, "")) for one in wanted if one is not None]


def deal_wires(pipeline: int) -> list[Wire]:
    """Our stages of a deal; the final one is the portal's own."""
    known = dict(Entry.objects.filter(directory=deal_directory(pipeline)).values_list("code", "remote_code"))
    return [Wire(stage.code, stage.name, known.get(stage.code, "")) for stage in Stage.objects.filter(final=False)]


def source_wires() -> list[Wire]:
    known = dict(Entry.objects.filter(directory="SOURCE").values_list("code", "remote_code"))
    rows = Source.objects.filter(merged_into__isnull=True)
    return [Wire(row.code, row.name, row.bitrix24_id or known.get(row.code, "")) for row in rows]


def people_wires() -> list[Wire]:
    known = dict(Colleague.objects.filter(remote_id__isnull=False).values_list("user_id", "remote_id"))
    people = User.objects.filter(is_active=True, role__in=Role.values).order_by("name", "username")
    return [Wire(str(row.pk), str(row), str(known.get(row.pk, ""))) for row in people]


@verb
def choose(part: str, chosen: dict[str, str], *, by: User) -> int:
    """Write down what was chosen on a mapping page (key -> code, empty: by itself). Returns how many lines changed.

    `part`: stages, deals, sources or people. What was told before keeps its code until it is told again.
    Raises Invalid for a code that the portal did not have when it was read.
    """
    wiring = Wiring.current()
    wires, directory = {
        "stages": (stage_wires, "STATUS"),
        "deals": (lambda: deal_wires(wiring.pipeline), deal_directory(wiring.pipeline)),
        "sources": (source_wires, "SOURCE"),
        "people": (people_wires, "people"),
    }[part]
    known = {code for code, _name_there in choices(wiring, directory)}
    changed = 0
    for wire in wires():
        code = chosen.get(wire.key, wire.chosen)
        if code == wire.chosen:
            continue
        if code and code not in known:
            raise Invalid({wire.key: _("The portal has no such entry: read it anew.")})
        _write(part, directory, wire.key, code, by=by)
        changed += 1
    return changed


def _write(part: str, directory: str, key: str, code: str, *, by: User) -> None:
    if part == "people":
        Colleague.objects.filter(user_id=int(key)).delete()
        if code:
            Colleague.objects.create(user_id=int(key), remote_id=int(code))
        return
    if part == "sources":
        write_source(key, {"bitrix24_id": code}, by=by)
    Entry.objects.filter(directory=directory, code=key).delete()
    if code and part != "sources":
        Entry.objects.create(directory=directory, code=key, remote_code=code)


@verb
def choose_pipeline(number: int) -> None:
    """Deals go into this pipeline from now on; those told before move when they are told again."""
    Wiring.objects.bulk_create([Wiring(pk=1)], ignore_conflicts=True)
    Wiring.objects.filter(pk=1).update(pipeline=number)
