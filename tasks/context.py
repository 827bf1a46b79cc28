"""What the frame of a page shows of an operator's tasks, asked together with what `team.context` asks."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, OuterRef, Subquery
from django.http import HttpRequest

from crm import clock
from tasks.models import Task
from team import context


class Frame(context.Frame):
    """The frame of somebody who calls clients."""

    def _asked(self) -> dict[str, Subquery]:
        late = Task.objects.overdue(clock.now()).filter(assignee=OuterRef("pk")).order_by().values("assignee")
        return {**super()._asked(), "overdue": Subquery(late.annotate(n=Count("pk")).values("n"))}

    @property
    def overdue(self) -> int:
        """How many of one's own tasks are late; the menu shows it beside «Мой день»."""
        return self._row["overdue"] or 0


def presence(request: HttpRequest) -> dict[str, Any]:
    """What `team.context.presence` gives, with the operator's late tasks in `bell.overdue`."""
    return context.presence(request, Frame)
