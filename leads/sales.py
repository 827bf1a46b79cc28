"""What a lawyer reads of the sale: the history of the lead behind a deal, read-only (`ux.md` 6.7)."""

from __future__ import annotations

from deals.models import Deal
from leads.lines import Line, lines
from leads.models import Lead
from leads.timeline import timeline

LINES = 100


def sales_history(deal: Deal) -> list[Line]:
    """The newest lines of the lead's own timeline, without the way back to the deal. At most four queries."""
    lead = Lead.objects.select_related("contact").get(pk=deal.lead_id)
    return lines(timeline(lead, limit=LINES), lead)
