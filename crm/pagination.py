"""Pages of a list: {"results", "next"}, where `next` is the opaque address of the following page or null.

A page begins after the last row of the one before, by value and id, so that rows which come or go meanwhile neither
double nor hide others, and the thousandth page costs what the first one does.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError as Unreadable
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

PAGE = 50
LONGEST_PAGE = 200
LONGEST_CURSOR = 500


class NextLink(BasePagination):
    """Keyset paging for a view that has `orderings`: public name -> field, the first of them the default.

    A name with `-` in front turns the order round. The id breaks ties. With `ordering_param = False` the view's order
    is fixed.
    """

    def paginate_queryset(self, queryset: QuerySet[Any], request: Request, view: Any = None) -> list[Any]:
        """The rows of the page asked for. Raises ValidationError for a bad `limit`, `ordering` or `cursor`."""
        limit = page_size(request)
        ordering = self._ordering(request, view)
        field = view.orderings[ordering.removeprefix("-")]
        sign = "-" if ordering.startswith("-") else ""
        if cursor := request.query_params.get("cursor"):
            queryset = queryset.filter(self._after(cursor, ordering, field, queryset.model))
        rows = list(queryset.order_by(f"{sign}{field}", f"{sign}pk")[: limit + 1])
        self.next = None
        if len(rows) > limit:
            rows.pop()
            self.next = next_address(request, [ordering, _plain(getattr(rows[-1], field)), rows[-1].pk])
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        """The rows with the address of the following page."""
        return Response({"results": data, "next": self.next})

    def _ordering(self, request: Request, view: Any) -> str:
        names = view.orderings
        default = view.default_ordering
        given = request.query_params.get("ordering")
        if not given or not view.ordering_param:
            return str(default)
        if given.removeprefix("-") not in names:
            choices = [sign + name for name in names for sign in ("", "-")]
            raise ValidationError({"ordering": [_("One of: %(words)s") % {"words": ", ".join(choices)}]})
        return str(given)

    def _after(self, cursor: str, ordering: str, field: str, model: type[Model]) -> Q:
        """What comes after the row that the cursor names."""
        try:
            same, written, pk = read_cursor(cursor)
            value = model._meta.get_field(field).to_python(written)
            storable = not isinstance(value, str) or "\x00" not in value.encode().decode()
        except (ValueError, TypeError, OverflowError, Unreadable) as error:
            raise bad_cursor() from error
        if same != ordering or value is None or not is_id(pk) or isinstance(value, int) and not is_id(value):
            raise bad_cursor()
        if not storable or isinstance(value, datetime) and value.tzinfo is None:
            raise bad_cursor()
        past, upto = ("lt", "lte") if ordering.startswith("-") else ("gt", "gte")
        # The first condition says nothing new, but lets an index find the place.
        return Q(**{f"{field}__{upto}": value}) & (Q(**{f"{field}__{past}": value}) | Q(**{f"pk__{past}": pk}))

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """The parameters of every list, for the API's description."""
        parameters = [
            {
                "name": "limit",
                "in": "query",
                "description": "Rows on a page.",
                "schema": {"type": "integer", "minimum": 1, "maximum": LONGEST_PAGE, "default": PAGE},
            },
            {
                "name": "cursor",
                "in": "query",
                "description": "Where the page begins; comes from `next` and is not to be made up.",
                "schema": {"type": "string"},
            },
        ]
        if getattr(view, "ordering_param", False):
            choices = [sign + name for name in view.orderings for sign in ("", "-")]
            parameters.append(
                {
                    "name": "ordering",
                    "in": "query",
                    "description": "The order of the rows, with `-` from the latest to the earliest.",
                    "schema": {"type": "string", "enum": choices, "default": view.default_ordering},
                }
            )
        return parameters

    def get_paginated_response_schema(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """The shape of a page, for the API's description."""
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {
                "results": schema,
                "next": {"type": "string", "format": "uri", "nullable": True},
            },
        }


def page_size(request: Request) -> int:
    """The parameter `limit`, PAGE without one. Raises ValidationError unless it is a number from 1 to LONGEST_PAGE."""
    given = request.query_params.get("limit", "")
    if not given:
        return PAGE
    if not (given.isascii() and given.isdecimal() and len(given) <= 6 and 1 <= int(given) <= LONGEST_PAGE):
        raise ValidationError({"limit": [_("A number from 1 to %(most)d") % {"most": LONGEST_PAGE}]})
    return int(given)


def is_id(value: object) -> bool:
    """Whether a number fits an id column."""
    return isinstance(value, int) and not isinstance(value, bool) and -(2**31) <= value < 2**63


def next_address(request: Request, place: Sequence[Any]) -> str:
    """The address of the page that begins after `place`, with the other parameters as they are."""
    written = json.dumps(list(place), separators=(",", ":"), ensure_ascii=False).encode()
    cursor = base64.urlsafe_b64encode(written).decode().rstrip("=")
    return str(replace_query_param(request.build_absolute_uri(), "cursor", cursor))


def read_cursor(cursor: str) -> list[Any]:
    """The place that a cursor names. Raises ValidationError for one that was made up."""
    try:
        if len(cursor) > LONGEST_CURSOR:
            raise ValueError(cursor[:10])
        place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise bad_cursor() from error
    if not isinstance(place, list):
        raise bad_cursor()
    return place


def bad_cursor() -> ValidationError:
    """For a `cursor` that this list did not give out."""
    return ValidationError({"cursor": [_("Take the address from `next` as it is.")]})


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
