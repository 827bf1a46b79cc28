"""Addresses of the tasks' pages."""

from __future__ import annotations

from django.urls import path

from tasks import views

urlpatterns = [path("<int:pk>/complete/", views.done, name="task-complete")]
