"""Every address of the web server, app by app."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path

from crm import health
from crm.errors_api import no_such_address

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("api/v1/", include("crm.api")),
    re_path(r"^api/", no_such_address),
    path("admin/", admin.site.urls),
]
