"""The tabs above the leads: the ready views and those that people have saved, with how many leads wait in each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Exists, IntegerField, OuterRef, QuerySet, Subquery
from django.http import QueryDict
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from leads.listing import LOOK, Leads
from leads.models import Lead, SavedView
from tasks.models import Task
from team.models import User
from team.roles import Right, may

MOST = 999  # a saved view's counter goes no further: beyond it nobody works the view off
COUNTED = 12  # saved views that have a counter


class CountOf(Subquery):
    """How many rows a query has, as a column of another one."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


def tabs(viewer: User, leads: Leads, saved: list[SavedView]) -> list[dict[str, Any]]:
    """The ready views, then the saved ones. One query.

    Of the ready ones only those who work leads see how many wait; for who sees all, that is the team's page.
    """
    counts = _counts(viewer, leads.at, [view for view in saved[:COUNTED] if _is_countable(view)])
    views: list[tuple[str, str, dict[str, str], str]] = [
        ("work", _("All in work"), {}, ""),
        ("mine", _("Mine"), {"responsible": "me"}, ""),
        ("free", _("Nobody's"), {"responsible": "none"}, ""),
        ("overdue", _("Overdue"), {"task": "overdue"}, "danger"),
        ("no_task", _("No task"), {"task": "none"}, ""),
        ("meetings", _("Meetings this week"), {"meeting": "week"}, ""),
        ("all", _("All"), {"show": "all"}, ""),
    ]
    if not may(viewer, Right.WORK_LEADS):
        views = [("all", _("All"), {}, "")]
    look = {"view": "board" if leads.query.get("view") == "board" else "list"}
    present = {name: value for name, value in leads.query.items() if value and name not in LOOK}
    ready = [
        {
            "label": label,
            "url": f"?{urlencode(look | params)}",
            "current": present == params,
            "count": counts.get(key),
            "tone": tone,
        }
        for key, label, params, tone in views
    ]
    return ready + _saved(leads, saved, look, counts)


def _saved(leads: Leads, saved: list[SavedView], look: dict[str, str], counts: dict[str, int]) -> list[dict[str, Any]]:
    here = leads.filters
    return [
        {
            "label": view.name,
            "url": f"?{urlencode(look)}&{view.query}" if view.query else f"?{urlencode(look)}",
            "current": view.query == here != "",
            "count": min(MOST, counts.get(_name(view), 0)),
            "more": counts.get(_name(view), 0) > MOST,
            "saved": view,
            "tone": "",
        }
        for view in saved
    ]


def _name(view: SavedView) -> str:
    return f"view_{view.pk}"


def _is_countable(view: SavedView) -> bool:
    """Numbers of the report and what needs attention are counted on pages of their own, with queries of their own."""
    return not {"counted", "attention"} & set(QueryDict(view.query))


def _counts(viewer: User, at: datetime, saved: list[SavedView]) -> dict[str, int]:
    """How many leads wait in each view: the saved ones up to MOST and one, the ready ones for who works leads.

    One query, or none.
    """
    found: dict[str, QuerySet[Lead]] = {
        _name(view): Leads.of(QueryDict(view.query), by=viewer).rows.order_by()[: MOST + 1] for view in saved
    }
    if may(viewer, Right.TAKE_LEAD):
        open_tasks = Task.objects.open().filter(lead_id=OuterRef("pk"))
        here = Lead.objects.visible_to(viewer).in_work().order_by()
        found |= {
            "mine": here.filter(responsible=viewer),
            "free": here.filter(responsible__isnull=True),
            "overdue": here.filter(Exists(open_tasks.filter(due_at__lt=at))),
            "no_task": here.filter(~Exists(open_tasks)),
        }
    if not found:
        return {}
    counted = {name: CountOf(leads.values("pk")) for name, leads in found.items()}
    row: Any = User.objects.filter(pk=viewer.pk).values(**counted).get()  # its keys are known at run time only
    return dict(row)
