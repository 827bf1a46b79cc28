"""How deals look in the API, and what may be written to them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from contacts.serializers import ContactBrief
from crm.api_fields import Money, Text, Version
from deals.models import Deal, Stage
from sources.serializers import SourceBrief
from team.serializers import PersonBrief


class StageRow(serializers.Serializer[Stage]):
    """A stage of the catalogue, in its order."""

    code = serializers.CharField()
    name = serializers.CharField(source="__str__")
    active = serializers.BooleanField()
    final = serializers.BooleanField()


class DealRow(serializers.Serializer[Deal]):
    """A signed contract. `lead` is the lead's number, `stage` the code of a stage."""

    id = serializers.IntegerField()
    number = serializers.CharField()
    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    lead = serializers.IntegerField(source="lead_id")
    contact = ContactBrief(allow_null=True)
    source = SourceBrief()
    responsible = PersonBrief(allow_null=True)
    stage = serializers.CharField(source="stage.code")
    stage_changed_at = serializers.DateTimeField()
    amount = serializers.DecimalField(max_digits=14, decimal_places=2)
    prepayment = serializers.DecimalField(max_digits=14, decimal_places=2)
    contract_number = serializers.CharField()
    contract_date = serializers.DateField(allow_null=True)
    comment = serializers.CharField()


class DealChanges(serializers.Serializer[Any]):
    """What PATCH takes; other names are ignored."""

    amount = Money(required=False)
    prepayment = Money(required=False)
    contract_number = Text(max_length=50, required=False)
    contract_date = serializers.DateField(required=False, allow_null=True)
    comment = Text(max_length=10_000, multiline=True, required=False)
    version = Version()


class StageChoice(serializers.Serializer[Any]):
    """The stage to move to."""

    stage = Text(max_length=50, allow_blank=False)
    version = Version()
