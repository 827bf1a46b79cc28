"""The mirror's only address of its own: where the portal tells of changes."""

from __future__ import annotations

from django.urls import path

from bitrix24 import views

urlpatterns = [path("event/", views.event, name="bitrix24-event")]
