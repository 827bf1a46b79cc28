"""How sources look in the API."""

from __future__ import annotations

from rest_framework import serializers

from sources.models import Source


class SourceBrief(serializers.Serializer[Source]):
    """A source as leads and deals name it."""

    code = serializers.CharField()
    name = serializers.CharField()


class SourceRow(SourceBrief):
    """A row of the catalogue."""

    active = serializers.BooleanField()
    channel = serializers.CharField()
    aliases = serializers.SerializerMethodField()

    def get_aliases(self, source: Source) -> list[str]:
        return [alias.value for alias in source.aliases.all()]
