"""Leads in the API: intake, lists, fields, moves, touches, hand-over and the timeline."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, inline_serializer
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from crm.api_fields import read_moment
from crm.pagination import LONGEST_PAGE, PAGE, bad_cursor, next_address, page_size, read_cursor
from crm.parsers import IntakeJSONParser
from crm.throttles import IntakeThrottle
from leads.actions import change_status
from leads.applications import body_digest, identifier, read_application
from leads.editing import assign, edit_lead, take
from leads.filters import LeadFilter
from leads.intake import register_lead
from leads.models import Lead
from leads.serializers import (
    LeadChanges,
    LeadRow,
    NewLead,
    TimelineRow,
    TouchRow,
    TouchWish,
    Transition,
    lead_as_shown,
)
from leads.timeline import timeline
from leads.touches import NewTouch, log_touch
from leads.transitions import read_move
from team.models import User
from team.permissions import IntakeToo, is_intake, require
from team.roles import Right
from team.serializers import NewResponsible

IDEMPOTENCY_KEY = "Idempotency-Key"


def acting(request: Request) -> User | None:
    """Who acts: the caller, or nobody but the product for an intake key."""
    return None if is_intake(request) else request.user


class LeadList(generics.ListAPIView[Lead]):
    permission_classes = [IntakeToo]
    parser_classes = [IntakeJSONParser]
    throttle_classes = [IntakeThrottle]
    serializer_class = LeadRow
    filterset_class = LeadFilter
    orderings: ClassVar[dict[str, str]] = {"created_at": "created_at", "status_changed_at": "status_changed_at"}
    default_ordering = "-created_at"
    ordering_param = True

    def get_queryset(self) -> QuerySet[Lead]:
        return Lead.objects.visible_to(self.request.user).with_card()

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "viewer": self.request.user}

    @extend_schema(operation_id="leads", summary="Leads", tags=["leads"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="post_lead",
        summary="Intake: take an application in",
        description="Never loses a lead: what cannot be taken over as it came is left empty and kept raw.",
        parameters=[OpenApiParameter(IDEMPOTENCY_KEY, OpenApiTypes.STR, OpenApiParameter.HEADER)],
        request=NewLead,
        responses={
            201: LeadRow,
            200: OpenApiResponse(LeadRow, description="It came before: the first lead, as it now is."),
        },
        extensions={"x-throttled": True},
        tags=["leads"],
    )
    def post(self, request: Request) -> Response:
        by = acting(request)
        if by is not None:
            require(request, Right.WORK_LEADS, _("Leads are entered by the call centre."))
        registered = register_lead(
            read_application(request.data),
            by=by,
            key=request.auth,
            idempotency_key=identifier(request.headers.get(IDEMPOTENCY_KEY, "")),
            digest=body_digest(request.data),
        )
        return Response(lead_as_shown(registered.lead, by), status=201 if registered.created else 200)


class LeadDetail(generics.RetrieveAPIView[Lead]):
    serializer_class = LeadRow
    filter_backends: ClassVar[list[Any]] = []

    def get_queryset(self) -> QuerySet[Lead]:
        return Lead.objects.visible_to(self.request.user).with_card()

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "viewer": self.request.user}

    @extend_schema(operation_id="lead", summary="One lead", tags=["leads"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="edit_lead", summary="Change fields", request=LeadChanges, responses=LeadRow, tags=["leads"]
    )
    def patch(self, request: Request, pk: int) -> Response:
        require_visible(request, pk)
        require(request, Right.WORK_LEADS, _("Leads are worked by operators and the head of the call centre."))
        wish = LeadChanges(data=request.data)
        wish.is_valid(raise_exception=True)
        changes = dict(wish.validated_data)
        version = changes.pop("version", None)
        lead = edit_lead(pk, changes, by=request.user, version=version)
        return Response(lead_as_shown(lead, request.user))


class LeadTransition(APIView):
    @extend_schema(
        operation_id="move_lead",
        summary="Move to another status",
        request=Transition,
        responses=LeadRow,
        tags=["leads"],
    )
    def post(self, request: Request, pk: int) -> Response:
        require_visible(request, pk)
        move, version = read_move(pk, request.data, by=request.user)
        lead = change_status(pk, move, by=request.user, version=version)
        return Response(lead_as_shown(lead, request.user))


class LeadTouches(APIView):
    permission_classes = [IntakeToo]
    throttle_classes = [IntakeThrottle]

    @extend_schema(
        operation_id="post_touch",
        summary="Record a touch",
        request=TouchWish,
        responses={
            201: TouchRow,
            200: OpenApiResponse(TouchRow, description="This external id was recorded before: the first touch."),
        },
        extensions={"x-throttled": True},
        tags=["leads"],
    )
    def post(self, request: Request, pk: int) -> Response:
        by = acting(request)
        require_visible(request, pk)
        if by is not None:
            require(request, Right.WORK_LEADS, _("Leads are worked by operators and the head of the call centre."))
        wish = TouchWish(data=request.data)
        wish.is_valid(raise_exception=True)
        logged = log_touch(pk, NewTouch(**wish.validated_data), by=by, key=request.auth)
        return Response(TouchRow(logged.touch).data, status=201 if logged.created else 200)


class LeadTimeline(APIView):
    @extend_schema(
        operation_id="lead_timeline",
        summary="What happened to a lead, the newest first",
        description="Rows of one moment are never parted, so a page may be a little longer than `limit`.",
        parameters=[
            OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": LONGEST_PAGE, "default": PAGE}),
            OpenApiParameter("cursor", OpenApiTypes.STR, description="Comes from `next` and is not to be made up."),
        ],
        responses=inline_serializer(
            "Timeline", {"results": TimelineRow(many=True), "next": serializers.URLField(allow_null=True)}
        ),
        tags=["leads"],
    )
    def get(self, request: Request, pk: int) -> Response:
        lead = Lead.objects.visible_to(request.user).select_related("contact").get(pk=pk)
        limit = page_size(request)
        entries = timeline(lead, limit=limit, before=moment_of_cursor(request))
        more = len(entries) >= limit and bool(timeline(lead, limit=1, before=entries[-1].at))
        following = next_address(request, [entries[-1].at.isoformat()]) if more else None
        return Response({"results": TimelineRow(entries, many=True).data, "next": following})


class TakeLead(APIView):
    @extend_schema(
        operation_id="take_lead", summary="Take an unassigned lead", request=None, responses=LeadRow, tags=["leads"]
    )
    def post(self, request: Request, pk: int) -> Response:
        return Response(lead_as_shown(take(pk, by=request.user), request.user))


class AssignLead(APIView):
    @extend_schema(
        operation_id="assign_lead",
        summary="Hand over to somebody of the call centre",
        request=NewResponsible,
        responses=LeadRow,
        tags=["leads"],
    )
    def post(self, request: Request, pk: int) -> Response:
        require_visible(request, pk)
        require(request, Right.ASSIGN, _("Leads are handed over by the head of the call centre."))
        wish = NewResponsible(data=request.data)
        wish.is_valid(raise_exception=True)
        lead = assign(pk, wish.validated_data["responsible"], by=request.user)
        return Response(lead_as_shown(lead, request.user))


def moment_of_cursor(request: Request) -> datetime | None:
    """The moment before which a page of the timeline begins. Raises ValidationError for a cursor that was made up."""
    cursor = request.query_params.get("cursor")
    if not cursor:
        return None
    place = read_cursor(cursor)
    moment = read_moment(place[0]) if len(place) == 1 and isinstance(place[0], str) else None
    if moment is None:
        raise bad_cursor()
    return moment


def require_visible(request: Request, lead_id: int) -> None:
    """Raise Lead.DoesNotExist (404) unless the caller sees the lead: that goes before what is wrong with the body."""
    Lead.objects.visible_to(acting(request)).only("pk").get(pk=lead_id)
