"""The queue of an operator over the API: whom they call next and why, for a dialer beside the pages."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from crm import clock
from crm.errors import Refused
from leads.queue import Offer, Reason, end_of_day, later_today, next_client, queue
from leads.serializers import LeadRow
from tasks.serializers import TaskRow
from team.holds import held_by
from team.models import User
from team.permissions import needs
from team.roles import Right


class Waiting(serializers.Serializer[Offer]):
    """A client who waits to be called: the lead, the task that says so, and why it comes now."""

    lead = LeadRow()
    task = TaskRow()
    reason = serializers.ChoiceField(choices=[reason.name.lower() for reason in Reason], source="reason.code")
    reason_text = serializers.CharField(source="reason.label")
    since = serializers.DateTimeField(help_text="What the order within a reason goes by.")


class Handed(Waiting):
    """The client that the caller now holds."""

    until = serializers.DateTimeField(help_text="The hold ends then unless it is renewed.")


class QueueShown(serializers.Serializer[Any]):
    """Who waits now, in the order in which they are offered, and what falls due later today."""

    results = Waiting(many=True)
    later = TaskRow(many=True)
    held = serializers.IntegerField(allow_null=True, help_text="The lead that the caller holds.")


def _caller(request: Request) -> User:
    assert isinstance(request.user, User)
    return request.user


class QueueView(APIView):
    permission_classes = [needs(Right.TAKE_LEAD)]

    @extend_schema(operation_id="queue", summary="My queue", responses=QueueShown, tags=["queue"])
    def get(self, request: Request) -> Response:
        by, at = _caller(request), clock.now()
        hold = held_by(by, at=at)
        shown = {
            "results": queue(by, at=at),
            "later": later_today(by, at=at, until=end_of_day(at)),
            "held": hold.lead_id if hold else None,
        }
        return Response(QueueShown(shown, context={"viewer": by}).data)


class NextClient(APIView):
    permission_classes = [needs(Right.TAKE_LEAD)]

    @extend_schema(
        operation_id="next_client",
        summary="Hold the next client",
        description="Answers the same client again while they are held. 409 `not_on_line` on a break and off line.",
        request=None,
        responses={200: Handed, 204: OpenApiResponse(description="Nobody is to be called now.")},
        tags=["queue"],
    )
    def post(self, request: Request) -> Response:
        by = _caller(request)
        offer = next_client(by=by)
        if offer is None:
            return Response(status=204)
        hold = held_by(by, at=clock.now())
        if hold is None or hold.lead_id != offer.lead.pk:
            raise Refused("held", _("Another window of yours has gone on to the next client."))
        return Response({**Waiting(offer, context={"viewer": by}).data, "until": hold.expires_at})
