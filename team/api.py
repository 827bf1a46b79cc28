"""The API about people: who calls, who works here, who is on shift, and what they are told."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters as filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from team.actions import set_shift
from team.models import Notice, User
from team.notices import mark_read
from team.permissions import needs
from team.roles import Right
from team.serializers import Colleague, Me, NoticeBrief, NoticesRead, NoticesSeen, Shift


class MeView(APIView):
    @extend_schema(operation_id="me", summary="Who the key belongs to", responses=Me, tags=["team"])
    def get(self, request: Request) -> Response:
        return Response(Me(User.objects.with_shift().get(pk=request.user.pk)).data)


class UserList(generics.ListAPIView[User]):
    permission_classes = [needs(Right.SEE_TEAM)]
    serializer_class = Colleague
    filter_backends: ClassVar[list[Any]] = []
    orderings: ClassVar[dict[str, str]] = {"name": "name"}
    default_ordering = "name"
    ordering_param = False

    def get_queryset(self) -> QuerySet[User]:
        return User.objects.with_shift().filter(is_active=True)

    @extend_schema(operation_id="users", summary="Who works here, and who is on shift", tags=["team"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class ShiftView(APIView):
    @extend_schema(
        operation_id="shift", summary="Go on line, on a break, or off", request=Shift, responses=Shift, tags=["team"]
    )
    def post(self, request: Request) -> Response:
        wish = Shift(data=request.data)
        wish.is_valid(raise_exception=True)
        return Response({"state": set_shift(request.user.pk, wish.validated_data["state"])})


class NoticeFilter(filters.FilterSet):
    state = filters.ChoiceFilter(
        choices=[(word, word) for word in ("unread", "all")], method="in_state", label="`unread` without it; or `all`"
    )

    class Meta:
        model = Notice
        fields: list[str] = []

    def in_state(self, notices: QuerySet[Notice], _name: str, _state: str) -> QuerySet[Notice]:
        """The condition is added below, where a missing state is known as well."""
        return notices

    def filter_queryset(self, queryset: QuerySet[Notice]) -> QuerySet[Notice]:
        """The unread ones, unless all are asked for."""
        notices: QuerySet[Notice] = super().filter_queryset(queryset)
        return notices if self.form.cleaned_data.get("state") == "all" else notices.filter(read_at__isnull=True)


class NoticeList(generics.ListAPIView[Notice]):
    serializer_class = NoticeBrief
    filterset_class = NoticeFilter
    orderings: ClassVar[dict[str, str]] = {"created_at": "created_at"}
    default_ordering = "-created_at"
    ordering_param = False

    def get_queryset(self) -> QuerySet[Notice]:
        return Notice.objects.filter(recipient=self.request.user.pk).with_card()

    @extend_schema(operation_id="notices", summary="What the caller is told, the newest first", tags=["team"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class ReadNotices(APIView):
    @extend_schema(
        operation_id="read_notices",
        summary="The caller has read their notices",
        request=NoticesSeen,
        responses=NoticesRead,
        tags=["team"],
    )
    def post(self, request: Request) -> Response:
        seen = NoticesSeen(data=request.data)
        seen.is_valid(raise_exception=True)
        given = seen.validated_data
        return Response({"read": mark_read(request.user.pk, until=given["until"], seen_at=given.get("seen_at"))})
