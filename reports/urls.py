"""Addresses of the reports."""

from __future__ import annotations

from django.urls import path

from reports import breakdown_views, team_page, views

urlpatterns = [
    path("team/", team_page.team, name="report-team"),
    path("sources/", views.sources, name="report-sources"),
    path("sources.xlsx", views.sources_file, {"kind": "xlsx"}, name="report-sources-xlsx"),
    path("sources.csv", views.sources_file, {"kind": "csv"}, name="report-sources-csv"),
    path("<slug:name>/", breakdown_views.breakdown, name="report-breakdown"),
    path("<slug:name>.xlsx", breakdown_views.breakdown_file, {"kind": "xlsx"}, name="report-breakdown-xlsx"),
    path("<slug:name>.csv", breakdown_views.breakdown_file, {"kind": "csv"}, name="report-breakdown-csv"),
]
