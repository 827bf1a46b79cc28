"""Addresses of the tasks' pages.

`crm/api.py` has registered the converter `id` before.
"""

from __future__ import annotations

from django.urls import path

from tasks import views

urlpatterns = [path("<id:pk>/complete/", views.done, name="task-complete")]
