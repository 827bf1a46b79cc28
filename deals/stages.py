"""The stages of a deal as the steps of a page, and what a move to each offers to write down. Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse

from deals.models import Deal, Stage


def is_before(stage: Stage, other: Stage) -> bool:
    """Does `stage` come before the other in the catalogue?"""
    return (stage.position, stage.pk) < (other.position, other.pk)


def steps(deal: Deal, stages: Sequence[Stage]) -> list[dict[str, Any]]:
    """The stages as `_chevrons.html` takes them: the active ones, and the deal's own even when it was switched off.

    One that goes with something leads to its form.
    """
    states = {True: "past", False: ""}
    address = reverse("deal-stage", args=[deal.pk])
    return [
        {
            "code": stage.code,
            "label": str(stage),
            "state": "cur" if stage.pk == deal.stage_id else states[is_before(stage, deal.stage)],
            "href": f"{address}?stage={stage.code}" if stage.asks else "",
        }
        for stage in stages
        if stage.active or stage.pk == deal.stage_id
    ]


def position(deal: Deal, stages: Sequence[Stage]) -> int:
    """The place of the deal's stage among the steps, from 1."""
    return 1 + sum(stage.active and is_before(stage, deal.stage) for stage in stages)
