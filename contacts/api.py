"""The company's directory in the API, for reading: cards come with leads, and are edited on the pages."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.filters import ContactFilter
from contacts.models import Contact
from contacts.serializers import ContactRow


class ContactList(generics.ListAPIView[Contact]):
    serializer_class = ContactRow
    filterset_class = ContactFilter
    orderings: ClassVar[dict[str, str]] = {"created_at": "created_at"}
    default_ordering = "-created_at"
    ordering_param = True

    def get_queryset(self) -> QuerySet[Contact]:
        return Contact.objects.visible_to(self.request.user)

    @extend_schema(operation_id="contacts", summary="Cards, found by number or name", tags=["contacts"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class ContactDetail(generics.RetrieveAPIView[Contact]):
    serializer_class = ContactRow
    filter_backends: ClassVar[list[Any]] = []

    def get_queryset(self) -> QuerySet[Contact]:
        return Contact.objects.visible_to(self.request.user)

    @extend_schema(operation_id="contact", summary="One card", tags=["contacts"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)
