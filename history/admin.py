"""History in the admin: to look at only."""

from __future__ import annotations

from django.contrib import admin

from crm.admin import ReadOnlyAdmin
from history.models import Event


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("at", "kind", "lead_id", "deal_id", "contact_id", "old", "new", "by")
    list_select_related = ("by",)
    list_filter = ("kind",)
    search_fields = ("=lead__id", "=deal__id", "=contact__id")
