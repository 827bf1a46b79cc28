"""The team's page. What is counted is `reports.team`'s business."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from leads.counting import Period, this_day
from reports.hour_chart import chart
from reports.team import read_team
from team.once import new_token
from team.pages import needs
from team.roles import Right

TODAY = "today"


@require_GET
@needs(Right.SEE_REPORTS)
def team(request: HttpRequest) -> HttpResponse:
    """The team over the period `period` of the address: today, yesterday, week or month; today for any other word."""
    periods = _periods()
    chosen = request.GET.get("period", TODAY)
    chosen = chosen if chosen in periods else TODAY
    read = read_team(periods[chosen][1])
    shown: dict[str, Any] = {
        "team": read,
        "chart": chart(read.hours, read.goal),
        "period": chosen,
        "is_today": chosen == TODAY,
        "token": new_token(request),
        "choices": [(code, label) for code, (label, _period) in periods.items()],
    }
    return render(request, "reports/team.html", shown)


def _periods() -> dict[str, tuple[str, Period]]:
    today = this_day()
    yesterday = today - timedelta(days=1)
    return {
        TODAY: (_("Today"), Period(today, today)),
        "yesterday": (_("Yesterday"), Period(yesterday, yesterday)),
        "week": (_("7 days"), Period(today - timedelta(days=6), today)),
        "month": (_("Month"), Period(today.replace(day=1), today)),
    }
