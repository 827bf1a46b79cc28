"""Deals in the API: list, detail and fields, stages, hand-over. A deal is opened by its lead's contract only."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters as filters
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from crm.api_filters import IdFilter, PersonFilter
from deals.actions import assign_deal, edit_deal, move_stage
from deals.models import Deal, Stage
from deals.serializers import DealChanges, DealRow, StageChoice, StageRow
from sources.filters import SourceFilter
from team.permissions import needs, require
from team.roles import Right
from team.serializers import NewResponsible


class DealFilter(filters.FilterSet):
    lead = IdFilter(label="The number of a lead")
    contact = IdFilter(label="The number of a contact")
    stage = filters.CharFilter(method="in_stage", label="The code of a stage")
    source = SourceFilter(label="The code or an alias of a source")
    responsible = PersonFilter(label="The number of a colleague, or `me`")

    class Meta:
        model = Deal
        fields: list[str] = []

    def in_stage(self, deals: QuerySet[Deal], name: str, code: str) -> QuerySet[Deal]:
        """Raises ValidationError for a code that the catalogue does not have."""
        stage = Stage.objects.filter(code=code).first()
        if stage is None:
            raise ValidationError({name: [_("There is no such stage: %(code)s") % {"code": code}]})
        return deals.filter(stage=stage)


class DealList(generics.ListAPIView[Deal]):
    permission_classes = [needs(Right.WORK_DEALS)]
    serializer_class = DealRow
    filterset_class = DealFilter
    orderings: ClassVar[dict[str, str]] = {"created_at": "created_at", "stage_changed_at": "stage_changed_at"}
    default_ordering = "-created_at"
    ordering_param = True

    def get_queryset(self) -> QuerySet[Deal]:
        return Deal.objects.visible_to(self.request.user).with_card()

    @extend_schema(operation_id="deals", summary="Deals", tags=["deals"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class DealDetail(generics.RetrieveAPIView[Deal]):
    serializer_class = DealRow
    filter_backends: ClassVar[list[Any]] = []

    def get_queryset(self) -> QuerySet[Deal]:
        return Deal.objects.visible_to(self.request.user).with_card()

    @extend_schema(operation_id="deal", summary="One deal", tags=["deals"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="edit_deal", summary="Change fields", request=DealChanges, responses=DealRow, tags=["deals"]
    )
    def patch(self, request: Request, pk: int) -> Response:
        self.get_object()  # 404 goes before what is wrong with the body
        wish = DealChanges(data=request.data)
        wish.is_valid(raise_exception=True)
        changes = dict(wish.validated_data)
        version = changes.pop("version", None)
        edit_deal(pk, changes, by=request.user, version=version)
        return Response(DealRow(self.get_object()).data)


class MoveDeal(APIView):
    @extend_schema(
        operation_id="move_deal", summary="Move to a stage", request=StageChoice, responses=DealRow, tags=["deals"]
    )
    def post(self, request: Request, pk: int) -> Response:
        deals = Deal.objects.visible_to(request.user).with_card()
        deals.get(pk=pk)
        wish = StageChoice(data=request.data)
        wish.is_valid(raise_exception=True)
        told = dict(wish.validated_data)
        stage, version = told.pop("stage"), told.pop("version", None)
        move_stage(pk, stage, by=request.user, version=version, told=told)
        return Response(DealRow(deals.get(pk=pk)).data)


class AssignDeal(APIView):
    @extend_schema(
        operation_id="assign_deal", summary="Hand over", request=NewResponsible, responses=DealRow, tags=["deals"]
    )
    def post(self, request: Request, pk: int) -> Response:
        deals = Deal.objects.visible_to(request.user).with_card()
        deals.get(pk=pk)
        require(request, Right.ASSIGN, _("Deals are handed over by the head of the call centre."))
        wish = NewResponsible(data=request.data)
        wish.is_valid(raise_exception=True)
        assign_deal(pk, wish.validated_data["responsible"], by=request.user)
        return Response(DealRow(deals.get(pk=pk)).data)


class StageList(generics.ListAPIView[Stage]):
    serializer_class = StageRow
    filter_backends: ClassVar[list[Any]] = []
    orderings: ClassVar[dict[str, str]] = {"position": "position"}
    default_ordering = "position"
    ordering_param = False

    def get_queryset(self) -> QuerySet[Stage]:
        return Stage.objects.all()

    @extend_schema(operation_id="deal_stages", summary="The stages, in their order", tags=["deals"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)
