"""The API about people: who calls, who works here, who is on shift."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from team.actions import set_shift
from team.models import User
from team.permissions import needs
from team.roles import Right
from team.serializers import Colleague, Me, Shift


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
