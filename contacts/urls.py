"""Addresses of the directory's pages, but the card: that shows leads and deals, so `crm/urls.py` has it from above.

`crm/api.py` has registered the converter `id` before.
"""

from __future__ import annotations

from django.urls import path

from contacts import views

urlpatterns = [
    path("", views.contact_list, name="contact-list"),
    path("<id:pk>/edit/", views.edit, name="contact-edit"),
    path("<id:pk>/do-not-call/", views.do_not_call, name="contact-do-not-call"),
]
