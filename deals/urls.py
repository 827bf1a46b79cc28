"""Addresses of the deals' pages, but the card: that shows the lead's history too, so `crm/urls.py` puts it together.

`crm/api.py` has registered the converter `id` before.
"""

from __future__ import annotations

from django.urls import path

from deals.views import changes, documents, listing

urlpatterns = [
    path("", listing.deal_list, name="deal-list"),
    path("<id:pk>/stage/", changes.stage, name="deal-stage"),
    path("<id:pk>/edit/", changes.edit, name="deal-edit"),
    path("<id:pk>/hand-over/", changes.hand_over, name="deal-hand-over"),
    path("<id:pk>/documents/", documents.documents, name="deal-documents"),
    path("<id:pk>/documents/<id:kind_id>/", documents.document, name="deal-document"),
    path("<id:pk>/remind/", documents.remind, name="deal-remind"),
]
