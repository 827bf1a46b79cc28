"""How leads and touches look in the API, and what may be written to them outside intake."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from contacts.serializers import ContactBrief
from crm.api_fields import Email, Id, Identifier, JsonObject, Link, Moment, Money, Text, Version
from deals.models import Deal
from leads.actions import open_moves
from leads.applications import CITY, COMMENT, EMAIL, EXTERNAL_ID, NAME, PHONE, SOURCE, UTM_LENGTH
from leads.models import Lead, Touch
from leads.pipeline import JunkReason, Status
from leads.touch_policy import Channel, Direction, Outcome
from sources.serializers import SourceBrief
from team.models import User
from team.roles import Right, may
from team.serializers import PersonBrief


class Milestones(serializers.Serializer[Lead]):
    """The first time each was reached, or null."""

    meeting = serializers.DateTimeField(source="reached_meeting_at", allow_null=True)
    visit = serializers.DateTimeField(source="reached_visit_at", allow_null=True)
    contract = serializers.DateTimeField(source="reached_contract_at", allow_null=True)
    contract_prepaid = serializers.DateTimeField(source="reached_prepaid_at", allow_null=True)


class DealBrief(serializers.Serializer[Deal]):
    """What a lead shows of its deal: the number and the stage."""

    id = serializers.IntegerField()
    stage = serializers.CharField(source="stage.code")


class LeadRow(serializers.Serializer[Lead]):
    """One application. Needs a lead of `Lead.objects.with_card()`; `viewer` in the context is who reads it, None for an
    intake key, which sees what it brought itself and nothing more of the client.
    """

    id = serializers.IntegerField()
    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    status = serializers.ChoiceField(choices=Status.choices)
    status_changed_at = serializers.DateTimeField()
    junk_reason = serializers.ChoiceField(choices=JunkReason.choices, allow_blank=True)
    duplicate_of = serializers.IntegerField(source="duplicate_of_id", allow_null=True)
    contact = serializers.SerializerMethodField()
    phone = serializers.CharField(allow_null=True, help_text="E.164, or null while `phone_raw` is no phone.")
    phone_raw = serializers.CharField()
    phone_valid = serializers.BooleanField()
    phone_extension = serializers.CharField()
    other_phones = serializers.ListField(child=serializers.CharField())
    name = serializers.CharField()
    email = serializers.CharField()
    comment = serializers.CharField()
    debt_amount = serializers.DecimalField(max_digits=14, decimal_places=2, allow_null=True)
    city = serializers.CharField()
    utm = serializers.DictField(allow_null=True)
    source = SourceBrief()
    source_raw = serializers.CharField()
    external_id = serializers.CharField()
    responsible = PersonBrief(allow_null=True)
    meeting_at = serializers.DateTimeField(allow_null=True)
    office = serializers.CharField(source="office.code", default=None, allow_null=True)
    callback_at = serializers.DateTimeField(allow_null=True)
    milestones = Milestones(source="*")
    touches_count = serializers.IntegerField()
    allowed = serializers.SerializerMethodField(help_text="The statuses that the caller may move it to.")
    deal = DealBrief(allow_null=True, default=None)

    @property
    def viewer(self) -> User | None:
        """Who reads it."""
        viewer: User | None = self.context["viewer"]
        return viewer

    @extend_schema_field(ContactBrief(allow_null=True))
    def get_contact(self, lead: Lead) -> dict[str, Any] | None:
        if lead.contact is None:
            return None
        shown = dict(ContactBrief(lead.contact).data)
        viewer = self.viewer
        if viewer is None or (may(viewer, Right.TAKE_LEAD) and lead.responsible_id not in (None, viewer.pk)):
            shown["name"] = lead.name  # of a client whom somebody else works, only what this application said
        return shown

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(choices=Status.choices)))
    def get_allowed(self, lead: Lead) -> list[str]:
        return [status.value for status in open_moves(lead, self.viewer)] if self.viewer else []


class NewLead(serializers.Serializer[Any]):
    """An application. A phone or an e-mail is needed; whatever else is wrong with it, the lead is taken.

    Never validated with: `leads/applications.py` reads applications. It describes them.
    """

    phone = serializers.CharField(required=False, help_text="Any spelling.")
    source = serializers.CharField(required=False, help_text="The code or an alias of a source.")
    name = serializers.CharField(required=False)
    email = serializers.CharField(required=False)
    comment = serializers.CharField(required=False)
    debt_amount = serializers.CharField(required=False)
    city = serializers.CharField(required=False)
    utm = serializers.DictField(required=False)
    external_id = serializers.CharField(required=False, help_text="Yours; unique within the key.")
    arrived_at = serializers.DateTimeField(required=False, help_text="Counts with an administrator's key only.")


class LeadChanges(serializers.Serializer[Any]):
    """What PATCH takes; other names are ignored."""

    name = Text(max_length=NAME, required=False)
    email = Email(max_length=EMAIL, required=False)
    comment = Text(max_length=COMMENT, multiline=True, required=False)
    debt_amount = Money(min_value=0, required=False, allow_null=True)
    city = Text(max_length=CITY, required=False)
    utm = JsonObject(max_length=UTM_LENGTH, required=False, allow_null=True)
    source = Text(max_length=SOURCE, required=False, help_text="The code or an alias of a source.")
    phone = Identifier(max_length=PHONE, required=False, help_text="Only while `phone_valid` is false.")
    version = Version()


class Transition(serializers.Serializer[Any]):
    """A wish to move, with what the status asks for."""

    to = serializers.ChoiceField(choices=Status.choices)
    junk_reason = serializers.ChoiceField(choices=JunkReason.choices, required=False, allow_blank=True)
    duplicate_of = Id(required=False, allow_null=True, help_text="The number of the original, for `duplicate`.")
    meeting_at = Moment(required=False, allow_null=True)
    office = Text(max_length=50, required=False, help_text="A code; without it the first office.")
    callback_at = Moment(required=False, allow_null=True)
    amount = Money(required=False, allow_null=True)
    contract_number = Text(max_length=50, required=False)
    contract_date = serializers.DateField(required=False, allow_null=True)
    prepayment = Money(required=False, allow_null=True)
    lawyer = Id(required=False, allow_null=True, help_text="Who gets the deal; without it the least busy lawyer.")
    comment = Text(max_length=COMMENT, multiline=True, required=False)
    version = Version()


class TouchWish(serializers.Serializer[Any]):
    """A touch as it is told."""

    channel = serializers.ChoiceField(choices=Channel.choices)
    direction = serializers.ChoiceField(choices=Direction.choices, default=Direction.OUTGOING)
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    at = Moment(required=False, allow_null=True, help_text="Now, if left out.")
    comment = Text(max_length=COMMENT, multiline=True, required=False)
    recording_url = Link(max_length=500, required=False)
    external_id = Identifier(max_length=EXTERNAL_ID, required=False, help_text="Recorded once per key.")


class TouchRow(serializers.Serializer[Touch]):
    """An attempt to reach the client, or theirs."""

    id = serializers.IntegerField()
    lead = serializers.IntegerField(source="lead_id")
    channel = serializers.ChoiceField(choices=Channel.choices)
    direction = serializers.ChoiceField(choices=Direction.choices)
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    at = serializers.DateTimeField()
    comment = serializers.CharField()
    recording_url = serializers.CharField()
    external_id = serializers.CharField()
    by = PersonBrief(allow_null=True)


class TimelineRow(serializers.Serializer[Any]):
    """Something that happened to a lead; `text` says it in the caller's language."""

    kind = serializers.CharField()
    at = serializers.DateTimeField()
    by = PersonBrief(allow_null=True)
    text = serializers.CharField()
    data = serializers.DictField()


def lead_as_shown(lead: Lead, viewer: User | None) -> dict[str, Any]:
    """The lead as it now is, after a change that `viewer` (None: an intake key) was allowed to make.

    Read without asking who sees it: an application that becomes a colleague's duplicate, or a lead handed over, is
    answered once more although it is no longer theirs. One query.
    """
    fresh = Lead.objects.with_card().get(pk=lead.pk)
    return dict(LeadRow(fresh, context={"viewer": viewer}).data)
