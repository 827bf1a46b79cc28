"""Addresses of the reports."""

from __future__ import annotations

from django.urls import path

from reports import team_page, views

urlpatterns = [
    path("team/", team_page.team, name="report-team"),
    path("sources/", views.sources, name="report-sources"),
    path("sources.xlsx", views.sources_file, {"kind": "xlsx"}, name="report-sources-xlsx"),
    path("sources.csv", views.sources_file, {"kind": "csv"}, name="report-sources-csv"),
]
