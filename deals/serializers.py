"""How deals look in the API, and what may be written to them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from contacts.serializers import ContactBrief
from crm.api_fields import Moment, Money, Text, Version
from deals.models import MOST_CREDITORS, Deal, Stage
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
    paid_later = serializers.DecimalField(max_digits=14, decimal_places=2)
    next_payment = serializers.DecimalField(max_digits=14, decimal_places=2, allow_null=True)
    next_payment_on = serializers.DateField(allow_null=True)
    debt_total = serializers.DecimalField(max_digits=14, decimal_places=2, allow_null=True)
    banks_count = serializers.IntegerField(allow_null=True)
    banks_debt = serializers.DecimalField(max_digits=14, decimal_places=2, allow_null=True)
    lenders_count = serializers.IntegerField(allow_null=True)
    lenders_debt = serializers.DecimalField(max_digits=14, decimal_places=2, allow_null=True)
    belongings = serializers.CharField()
    filing_due = serializers.DateField(allow_null=True)
    filed_on = serializers.DateField(allow_null=True)
    court = serializers.CharField()
    case_number = serializers.CharField()
    hearing_1_at = serializers.DateTimeField(allow_null=True)
    hearing_2_at = serializers.DateTimeField(allow_null=True)
    court_manager = serializers.CharField()
    decision = serializers.CharField()
    decided_on = serializers.DateField(allow_null=True)


class CourtChanges(serializers.Serializer[Any]):
    """What is written down about the court; also what goes with a move to a stage."""

    filing_due = serializers.DateField(required=False, allow_null=True)
    filed_on = serializers.DateField(required=False, allow_null=True)
    court = Text(max_length=200, required=False)
    case_number = Text(max_length=50, required=False)
    hearing_1_at = Moment(required=False, allow_null=True)
    hearing_2_at = Moment(required=False, allow_null=True)
    court_manager = Text(max_length=200, required=False)
    decision = Text(max_length=300, required=False)
    decided_on = serializers.DateField(required=False, allow_null=True)


class DealChanges(CourtChanges):
    """What PATCH takes; other names are ignored."""

    amount = Money(required=False)
    prepayment = Money(required=False)
    contract_number = Text(max_length=50, required=False)
    contract_date = serializers.DateField(required=False, allow_null=True)
    comment = Text(max_length=10_000, multiline=True, required=False)
    paid_later = Money(required=False, min_value=0)
    next_payment = Money(required=False, allow_null=True)
    next_payment_on = serializers.DateField(required=False, allow_null=True)
    debt_total = Money(required=False, allow_null=True, min_value=0)
    banks_count = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=MOST_CREDITORS)
    banks_debt = Money(required=False, allow_null=True, min_value=0)
    lenders_count = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=MOST_CREDITORS)
    lenders_debt = Money(required=False, allow_null=True, min_value=0)
    belongings = Text(max_length=300, required=False)
    version = Version()


class StageChoice(CourtChanges):
    """The stage to move to, and what goes with it (by the catalogue); the rest is ignored."""

    stage = Text(max_length=50, allow_blank=False)
    version = Version()
