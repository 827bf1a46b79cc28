"""Addresses of the deals' pages, but the card: that shows the lead's history too, so `crm/urls.py` puts it together.

`crm/api.py` has registered the converter `id` before.
"""

from __future__ import annotations

from django.urls import path

from deals import views

urlpatterns = [
    path("", views.deal_list, name="deal-list"),
    path("<id:pk>/stage/", views.stage, name="deal-stage"),
    path("<id:pk>/edit/", views.edit, name="deal-edit"),
    path("<id:pk>/hand-over/", views.hand_over, name="deal-hand-over"),
]
