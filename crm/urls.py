"""Every address of the web server, app by app."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path

from contacts.card_views import number as contact_number
from contacts.views import do_not_call
from crm import health, metrics
from crm.errors_api import no_such_address
from crm.keys_page import keys
from crm.styleguide import styleguide
from deals.views.card import card as deal_card
from leads.editing import stop_calling
from leads.finishing import finish_task
from leads.renumbering import change_number
from leads.sales import sales_history
from leads.views import day
from leads.views.contact import contact_detail
from leads.views.search import search
from leads.views.undo import say_finished, undo_action
from tasks.views import done as task_done
from tasks.views import task_list

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("api/v1/", include("crm.api")),
    re_path(r"^api/", no_such_address),
    path("leads/", include("leads.urls")),
    path("admin/", admin.site.urls),
    path("", include("team.urls")),
    path("", include("leads.file_urls")),
    path("search/", search, name="search"),
    path("keys/", keys, name="keys"),
    path("undo/<str:token>/", undo_action, name="undo"),
    path("day/", day.day, name="day"),
    path("day/<id:pk>/result/", day.day_result, name="day-result"),
    path("day/<id:pk>/skip/", day.day_skip, name="day-skip"),
    path("day/<id:pk>/hold/", day.day_hold, name="day-hold"),
    path("day/tasks/<id:pk>/done/", day.day_done, name="day-done"),
    path("contacts/", include("contacts.urls")),
    path("contacts/<id:pk>/do-not-call/", do_not_call, {"stop_calling": stop_calling}, name="contact-do-not-call"),
    path("contacts/<id:pk>/number/", contact_number, {"change_number": change_number}, name="contact-number"),
    path("contacts/<id:pk>/", contact_detail, name="contact-detail"),
    path("deals/", include("deals.urls")),
    path("deals/<id:pk>/", deal_card, {"sales_history": sales_history}, name="deal-detail"),
    path("tasks/", task_list, name="task-list"),
    path("tasks/<id:pk>/complete/", task_done, {"finish": finish_task, "tell": say_finished}, name="task-complete"),
    path("reports/", include("reports.urls")),
    path("bitrix24/", include("bitrix24.urls")),
]
if settings.DEBUG:
    urlpatterns.append(path("styleguide/", styleguide, name="styleguide"))

handler400 = "crm.error_pages.bad_request"
handler500 = "crm.error_pages.server_error"
