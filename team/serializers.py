"""How colleagues look in the API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from crm import clock
from crm.api_fields import Id, Moment
from team.actions import OFF, SHIFT_STATES
from team.models import Notice, NoticeKind, User
from team.notice_texts import sentence
from team.roles import Role


class PersonBrief(serializers.Serializer[User]):
    """A colleague as other records name them."""

    id = serializers.IntegerField()
    name = serializers.CharField(source="__str__")


class Me(serializers.Serializer[User]):
    """The caller."""

    id = serializers.IntegerField()
    username = serializers.CharField()
    name = serializers.CharField(source="__str__")
    role = serializers.ChoiceField(choices=Role.choices)
    language = serializers.CharField(help_text="`ru`, `en`, or empty for the default.")
    shift = serializers.SerializerMethodField()

    def get_shift(self, user: User) -> str:
        return shift_of(user)


class Colleague(serializers.Serializer[User]):
    """A colleague in the list; `shift` is `on`, `break` or `off`."""

    id = serializers.IntegerField()
    name = serializers.CharField(source="__str__")
    role = serializers.ChoiceField(choices=Role.choices)
    on_shift = serializers.SerializerMethodField()
    shift = serializers.SerializerMethodField()

    def get_on_shift(self, user: User) -> bool:
        return shift_of(user) != OFF

    def get_shift(self, user: User) -> str:
        return shift_of(user)


class Shift(serializers.Serializer[Any]):
    """On line, on a break, or off."""

    state = serializers.ChoiceField(choices=[(state, state) for state in SHIFT_STATES])


class NewResponsible(serializers.Serializer[Any]):
    """Who is to have a lead or a deal."""

    responsible = Id()


class NoticeBrief(serializers.Serializer[Notice]):
    """Something the caller has to hear. `text` is the sentence in their language, as things stand now."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=NoticeKind.choices)
    text = serializers.SerializerMethodField()
    lead = serializers.IntegerField(source="lead_id", allow_null=True)
    deal = serializers.IntegerField(source="deal_id", allow_null=True)
    count = serializers.IntegerField(help_text="How many things it stands for; it grows until it is read.")
    created_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)

    def get_text(self, notice: Notice) -> str:
        return sentence(notice, clock.now())


class NoticesSeen(serializers.Serializer[Any]):
    """Up to which notice the caller has read."""

    until = Id(help_text="The newest `id` that was shown: it and the older ones become read.")
    seen_at = Moment(required=False, help_text="When they were shown: what has grown since stays unread.")


class NoticesRead(serializers.Serializer[Any]):
    """How many notices became read."""

    read = serializers.IntegerField()


def shift_of(user: User) -> str:
    """`on`, `break` or `off`, from the periods that `User.objects.with_shift()` fetched along."""
    return next((period.state for period in user.open_periods), OFF)  # type: ignore[attr-defined]
