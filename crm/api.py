"""Every address of the API, version 1, on one page."""

from __future__ import annotations

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.urls import URLPattern, path, re_path, register_converter
from django.urls.converters import IntConverter
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from contacts.api import ContactDetail, ContactList
from crm.errors_api import no_such_address
from deals.api import AssignDeal, DealDetail, DealList, MoveDeal, StageList
from leads.api import AssignLead, LeadDetail, LeadList, LeadTimeline, LeadTouches, LeadTransition, TakeLead
from leads.finishing import finish_task
from leads.queue_api import NextClient, QueueView
from reports.api import SourceReportView
from sources.api import SourceList
from tasks.api import CompleteTask, TaskList
from team.api import MeView, NoticeList, ReadNotices, ShiftView, UserList


class IdConverter(IntConverter):
    """A number that an id can be; longer ones name nothing and are 404."""

    regex = "[0-9]{1,18}"


register_converter(IdConverter, "id")


# The description holds no data of the firm, so it is open to everybody who writes a client, like the health pages.
schema = SpectacularAPIView.as_view(authentication_classes=[], permission_classes=[])
docs = SpectacularSwaggerSplitView.as_view(url_name="api-schema", authentication_classes=[], permission_classes=[])

urlpatterns: list[URLPattern] = [
    path("leads/", LeadList.as_view(), name="api-leads"),
    path("leads/<id:pk>/", LeadDetail.as_view(), name="api-lead"),
    path("leads/<id:pk>/transition/", LeadTransition.as_view(), name="api-lead-transition"),
    path("leads/<id:pk>/touches/", LeadTouches.as_view(), name="api-lead-touches"),
    path("leads/<id:pk>/timeline/", LeadTimeline.as_view(), name="api-lead-timeline"),
    path("leads/<id:pk>/take/", TakeLead.as_view(), name="api-lead-take"),
    path("leads/<id:pk>/assign/", AssignLead.as_view(), name="api-lead-assign"),
    path("contacts/", ContactList.as_view(), name="api-contacts"),
    path("contacts/<id:pk>/", ContactDetail.as_view(), name="api-contact"),
    path("deals/", DealList.as_view(), name="api-deals"),
    path("deals/stages/", StageList.as_view(), name="api-deal-stages"),
    path("deals/<id:pk>/", DealDetail.as_view(), name="api-deal"),
    path("deals/<id:pk>/stage/", MoveDeal.as_view(), name="api-deal-stage"),
    path("deals/<id:pk>/assign/", AssignDeal.as_view(), name="api-deal-assign"),
    path("sources/", SourceList.as_view(), name="api-sources"),
    path("tasks/", TaskList.as_view(), name="api-tasks"),
    path("tasks/<id:pk>/complete/", CompleteTask.as_view(finish=finish_task), name="api-task-complete"),
    path("queue/", QueueView.as_view(), name="api-queue"),
    path("queue/next/", NextClient.as_view(), name="api-queue-next"),
    path("reports/sources/", SourceReportView.as_view(), name="api-report-sources"),
    path("me/", MeView.as_view(), name="api-me"),
    path("users/", UserList.as_view(), name="api-users"),
    path("notices/", NoticeList.as_view(), name="api-notices"),
    path("notices/read/", ReadNotices.as_view(), name="api-notices-read"),
    path("shift/", ShiftView.as_view(), name="api-shift"),
    path("schema/", schema, name="api-schema"),
    path("docs/", csp_update({"style-src": [SELF, UNSAFE_INLINE]})(docs), name="api-docs"),
    re_path(r"^", no_such_address),
]
