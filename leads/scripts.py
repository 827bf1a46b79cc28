"""What to say on the phone, by the status of the lead (`CallScript`, edited in the admin). Only reads."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, Subquery
from django.db.models.functions import JSONObject

from leads.models import CallScript


def script_of_status(status: str = "status") -> Subquery:
    """A column for `steps`: the script of the status that stands in the column `status`."""
    scripts = CallScript.objects.filter(status=OuterRef(status)).order_by()
    return Subquery(scripts.values(steps=JSONObject(a="step_1", b="step_2", c="step_3"))[:1])


def steps(told: dict[str, Any] | None) -> list[str]:
    """The steps of `script_of_status` that are there."""
    return [step for step in (told or {}).values() if step]
