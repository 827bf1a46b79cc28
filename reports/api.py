"""The source report in the API, as JSON and as a file."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from crm.sheets import Format, read_format, to_file
from leads.counting import EXCLUDE, INCLUDE, Basis
from reports.serializers import SourceReport
from reports.sources import Filters, file_stem, source_report, table
from team.permissions import needs
from team.roles import Right

PARAMETERS = [
    OpenApiParameter("from", OpenApiTypes.DATE, description="The first day, in the firm's time zone."),
    OpenApiParameter("to", OpenApiTypes.DATE, description="The last day. Without both: this month so far."),
    OpenApiParameter(
        "basis",
        enum=list(Basis),
        default=Basis.CREATED,
        description="`created`: leads that arrived then, and what became of them; `event`: what happened then.",
    ),
    OpenApiParameter("source", description="The code or an alias of a source."),
    OpenApiParameter("channel", description="The channel of the sources, as in the catalogue."),
    OpenApiParameter("city", description="The client's city."),
    OpenApiParameter("responsible", description="The number of a colleague, `me` or `none`."),
    OpenApiParameter("duplicates", enum=[INCLUDE, EXCLUDE], default=INCLUDE),
    OpenApiParameter("empty", enum=["0", "1"], default="0", description="`1`: also sources with only zeros."),
    OpenApiParameter("export", enum=list(Format), description="A file instead of JSON."),
]


class SourceReportView(APIView):
    permission_classes = [needs(Right.SEE_REPORTS)]

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:  # noqa: FBT001, FBT002
        """Whatever is accepted: a file is asked for by its parameter, and who asks for XLSX may accept nothing else."""
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(
        operation_id="source_report",
        summary="What each source brought",
        parameters=PARAMETERS,
        responses={
            (200, "application/json"): SourceReport,
            **{(200, kind.content_type.split(";")[0]): OpenApiTypes.BINARY for kind in Format},
        },
        tags=["reports"],
    )
    def get(self, request: Request) -> HttpResponseBase:
        kind = read_format(request.query_params)
        filters = Filters.read(request.query_params, me=request.user)
        report = source_report(filters)
        if kind is None:
            return Response(SourceReport(report).data)
        file = HttpResponse(to_file(table(report), kind), content_type=kind.content_type)
        file["Content-Disposition"] = f'attachment; filename="{file_stem(filters)}.{kind}"'
        return file
