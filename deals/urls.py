"""Addresses of the deals' pages, but the card: that shows the lead's history too, so `crm/urls.py` puts it together."""

from __future__ import annotations

from django.urls import path

from deals import views

urlpatterns = [
    path("", views.deal_list, name="deal-list"),
    path("<int:pk>/stage/", views.stage, name="deal-stage"),
    path("<int:pk>/edit/", views.edit, name="deal-edit"),
    path("<int:pk>/hand-over/", views.hand_over, name="deal-hand-over"),
]
