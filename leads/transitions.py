"""Reading the wish to move a lead, in the binding order of checks: the table first, then who, then the data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework.exceptions import ValidationError

from crm import clock
from crm.errors import Invalid
from crm.transactions import verb
from leads import pipeline
from leads.access import lock_lead
from leads.pipeline import Move, Status
from leads.serializers import Transition
from team.models import User
from team.roles import Right, may


def read_move(lead_id: int, body: Mapping[str, Any], *, by: User) -> tuple[Move, int | None]:
    """The move that `body` asks for and the version its sender saw.

    A body with wrong fields is judged by its `to` first, so that a move the table does not have is refused as such.
    Raises ValidationError, and what `change_status` raises before it looks at the data.
    """
    wish = Transition(data=body)
    if not wish.is_valid():
        if "to" in wish.errors:
            raise ValidationError(wish.errors)
        rest = Transition(data={name: value for name, value in body.items() if name not in wish.errors})
        rest.is_valid(raise_exception=True)
        raise ValidationError({**_refuse_or_missing(lead_id, *_as_move(rest), by=by), **wish.errors})
    return _as_move(wish)


def _as_move(wish: Transition) -> tuple[Move, int | None]:
    given = dict(wish.validated_data)
    version = given.pop("version", None)
    to = Status(given.pop("to"))
    return Move(to, **{name: value for name, value in given.items() if value is not None}), version


@verb
def _refuse_or_missing(lead_id: int, move: Move, version: int | None, *, by: User) -> dict[str, list[str]]:
    """Raise what forbids such a move whatever its data; else say what else the status asks for."""
    lead = lock_lead(lead_id, by=by, version=version, moving=True)
    try:
        pipeline.check(lead, move, clock.now(), may_work=may(by, Right.WORK_LEADS), may_reopen=may(by, Right.REOPEN))
    except Invalid as invalid:
        return invalid.fields
    return {}
