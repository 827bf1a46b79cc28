"""How contact cards look in the API."""

from __future__ import annotations

from rest_framework import serializers

from contacts.models import Contact


class ContactBrief(serializers.Serializer[Contact]):
    """A card as leads and deals name it."""

    id = serializers.IntegerField()
    phone = serializers.CharField()
    name = serializers.CharField()


class ContactRow(ContactBrief):
    """A client's card."""

    email = serializers.CharField()
    city = serializers.CharField()
    comment = serializers.CharField()
    do_not_call = serializers.BooleanField()
    do_not_call_reason = serializers.CharField()
    created_at = serializers.DateTimeField()
    version = serializers.IntegerField()
