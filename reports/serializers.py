"""How reports look in the API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from leads.counting import Basis
from reports.sources import Counts, Report, Row
from sources.serializers import SourceBrief


class CountsRow(serializers.Serializer[Counts]):
    """The numbers of a row."""

    leads = serializers.IntegerField()
    appointments = serializers.IntegerField()
    visits = serializers.IntegerField()
    contracts = serializers.IntegerField()
    contracts_prepaid = serializers.IntegerField()
    no_shows = serializers.IntegerField()
    duplicates = serializers.IntegerField()


class SourceCounts(CountsRow):
    """A row of the source report."""

    source = SourceBrief()

    def to_representation(self, instance: Row) -> dict[str, Any]:  # type: ignore[override]
        return {"source": SourceBrief(instance.source).data, **CountsRow(instance.counts).data}


class SourceReport(serializers.Serializer[Report]):
    """The source report with the period and basis that it was counted for."""

    rows = SourceCounts(many=True)
    totals = CountsRow()
    period = serializers.SerializerMethodField()
    basis = serializers.ChoiceField(
        choices=[(basis.value, basis.value) for basis in Basis], source="filters.scope.basis"
    )

    def get_period(self, report: Report) -> dict[str, str]:
        period = report.filters.scope.period
        return {"from": period.start.isoformat(), "to": period.end.isoformat()}
