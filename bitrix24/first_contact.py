"""What a portal must allow before anything is sent to it: asked, not assumed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bitrix24.content import TYPES
from bitrix24.outcomes import Outcome
from bitrix24.session import Session
from outbox.delivery import Later

SIMPLE_MODE = 2
NEEDED: dict[str, dict[str, Any]] = {
    "crm.item.list": {"entityTypeId": 1, "select": ["id"], "start": -1},
    "crm.status.list": {"filter": {"ENTITY_ID": "SOURCE"}},
    "crm.activity.list": {"filter": {"ID": 1}, "select": ["ID"]},
    "user.get": {"FILTER": {"ID": 1}},
}
GIVEN = {"id", "title", "name", "stageId", "sourceId", "opened", "assignedById", "fm", "categoryId", "currencyId"}
"""Fields that have a value whenever an object is made, by us or by the portal itself."""


@dataclass(frozen=True)
class Finding:
    """A line of the answer. Not `well`: somebody has to change something at the portal."""

    text: str
    well: bool = True


def findings(session: Session) -> Iterator[Finding]:
    """Mode, rights, required fields. Raises Outcome or Closed when the portal does not answer at all."""
    mode = int(session.call("crm.settings.mode.get"))
    yield Finding(
        f"mode: {'simple (leads become deals at once)' if mode == SIMPLE_MODE else 'classic'}", well=mode != SIMPLE_MODE
    )
    for method, params in NEEDED.items():
        try:
            session.call(method, **params)
            yield Finding(f"{method}: ok")
        except (Outcome, Later) as outcome:
            yield Finding(f"{method}: {outcome}", well=False)
    for kind, number in TYPES.items():
        fields = session.call("crm.item.fields", entityTypeId=number, useOriginalUfNames="Y")["fields"]
        required = sorted(name for name, of in fields.items() if _flag(of.get("isRequired")) and name not in GIVEN)
        if required:
            said = f"{kind}: the portal requires {', '.join(required)}, which this product does not fill"
            yield Finding(said, well=False)
        else:
            yield Finding(f"{kind}: no other field is required")
    try:
        administrator = _flag(session.call("profile").get("ADMIN"))
    except (Outcome, Later):
        administrator = False
    yield Finding(f"first load keeps the dates: {'yes' if administrator else 'no, the webhook is no administrator’s'}")


def _flag(value: Any) -> bool:
    return value in {True, "1", "Y"}
