"""The source catalogue in the API, for reading; it is edited in the admin."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response

from sources.models import Source
from sources.serializers import SourceRow


class SourceList(generics.ListAPIView[Source]):
    serializer_class = SourceRow
    filter_backends: ClassVar[list[Any]] = []
    orderings: ClassVar[dict[str, str]] = {"position": "position"}
    default_ordering = "position"
    ordering_param = False

    def get_queryset(self) -> QuerySet[Source]:
        return Source.objects.prefetch_related("aliases")

    @extend_schema(operation_id="sources", summary="The source catalogue", tags=["sources"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)
