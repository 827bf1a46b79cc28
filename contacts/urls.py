"""Addresses of the directory's pages, but those that reach leads (the card, «do not call»): `crm/urls.py` has them.

`crm/api.py` has registered the converter `id` before.
"""

from __future__ import annotations

from django.urls import path

from contacts import views

urlpatterns = [
    path("", views.contact_list, name="contact-list"),
    path("<id:pk>/edit/", views.edit, name="contact-edit"),
]
