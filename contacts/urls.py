"""Addresses of the directory's pages. Those that reach leads are in `crm/urls.py`: the card, «do not call», another
number.

`crm/api.py` has registered the converter `id` before.
"""

from __future__ import annotations

from django.urls import path

from contacts import card_views, views

urlpatterns = [
    path("", views.contact_list, name="contact-list"),
    path("<id:pk>/edit/", views.edit, name="contact-edit"),
    path("<id:pk>/consent/", card_views.consent, name="contact-consent"),
    path("<id:pk>/links/", card_views.link, name="contact-link"),
]
