"""Addresses of the pages of files that come in and go out."""

from __future__ import annotations

from django.urls import path

from leads.views import exports, imports

urlpatterns = [
    path("imports/", imports.import_list, name="import-list"),
    path("imports/<id:pk>/", imports.import_detail, name="import-detail"),
    path("imports/<id:pk>/columns/", imports.import_columns, name="import-columns"),
    path("imports/<id:pk>/meanings/", imports.import_meanings, name="import-meanings"),
    path("imports/<id:pk>/start/", imports.import_start, name="import-start"),
    path("imports/<id:pk>/stop/", imports.import_stop, name="import-stop"),
    path("imports/<id:pk>/refused.<str:kind>", imports.import_refused, name="import-refused"),
    path("exports/", exports.export_list, name="export-list"),
    path("exports/new/<str:what>/", exports.export_new, name="export-new"),
    path("exports/<id:pk>/", exports.export_detail, name="export-detail"),
    path("exports/<id:pk>/file/", exports.export_file, name="export-file"),
]
