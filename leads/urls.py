"""Addresses of the leads' pages (`ux.md`, section 3). `crm/api.py` has registered the converter `id` before."""

from __future__ import annotations

from django.urls import path

from leads.views import bulk, card, listing, looks, messages, moves, new, work

urlpatterns = [
    path("", listing.lead_list, name="lead-list"),
    path("new/", new.lead_new, name="lead-new"),
    path("check-phone/", new.lead_check_phone, name="lead-check-phone"),
    path("bulk/", bulk.lead_bulk, name="lead-bulk"),
    path("bulk/<id:pk>/", bulk.lead_bulk_detail, name="lead-bulk-detail"),
    path("columns/", looks.lead_columns, name="lead-columns"),
    path("views/", looks.lead_views, name="lead-views"),
    path("views/<id:pk>/", looks.lead_view, name="lead-view"),
    path("<id:pk>/", card.lead_detail, name="lead-detail"),
    path("<id:pk>/edit/", card.lead_edit, name="lead-edit"),
    path("<id:pk>/status/", moves.lead_status, name="lead-status"),
    path("<id:pk>/junk/", moves.lead_junk, name="lead-junk"),
    path("<id:pk>/contract/", moves.lead_contract, name="lead-contract"),
    path("<id:pk>/touches/", work.lead_touches, name="lead-touches"),
    path("<id:pk>/message/", messages.lead_message, name="lead-message"),
    path("<id:pk>/no-show/", work.lead_no_show, name="lead-no-show"),
    path("<id:pk>/comments/", work.lead_comments, name="lead-comments"),
    path("<id:pk>/tasks/", work.lead_tasks, name="lead-tasks"),
    path("<id:pk>/assign/", work.lead_assign, name="lead-assign"),
    path("<id:pk>/take/", work.lead_take, name="lead-take"),
]
