"""How tasks look in the API."""

from __future__ import annotations

from rest_framework import serializers

from tasks.models import Kind, Task
from team.serializers import PersonBrief


class TaskRow(serializers.Serializer[Task]):
    """Something to do on a lead or on a deal."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Kind.choices)
    text = serializers.CharField(source="title", help_text="In words, in the caller's language.")
    due_at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=Task.State.choices)
    automatic = serializers.BooleanField()
    repeat = serializers.BooleanField(help_text="The client has applied again.")
    assignee = PersonBrief(allow_null=True)
    lead = serializers.IntegerField(source="lead_id", allow_null=True)
    deal = serializers.IntegerField(source="deal_id", allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
