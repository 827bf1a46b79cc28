"""The periods to choose from above a report (`ux.md` 6.10), as addresses that keep the other filters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.utils.http import urlencode
from django.utils.translation import gettext as _

from leads.counting import Period, this_day


def presets(chosen: Period, kept: Mapping[str, str]) -> list[dict[str, Any]]:
    """Each with its label, its address and whether it is the one chosen. `kept`: the parameters beside the dates."""
    today = this_day()
    month = today.replace(day=1)
    last_month_end = month - timedelta(days=1)
    quarter = date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)
    yesterday = today - timedelta(days=1)
    choices = [
        (_("Today"), Period(today, today)),
        (_("Yesterday"), Period(yesterday, yesterday)),
        (_("7 days"), Period(today - timedelta(days=6), today)),
        (_("This month"), Period(month, today)),
        (_("Last month"), Period(last_month_end.replace(day=1), last_month_end)),
        (_("Quarter"), Period(quarter, today)),
    ]
    others = {name: value for name, value in kept.items() if name not in ("from", "to")}
    return [
        {
            "label": label,
            "url": f"?{urlencode({**others, 'from': period.start.isoformat(), 'to': period.end.isoformat()})}",
            "chosen": period == chosen,
        }
        for label, period in choices
    ]
