"""Touches in the admin: recorded on the lead's card, here only to look at."""

from __future__ import annotations

from django.contrib import admin

from crm.admin import ReadOnlyAdmin
from leads.models import Touch


@admin.register(Touch)
class TouchAdmin(ReadOnlyAdmin):
    list_display = ("at", "lead_id", "channel", "direction", "outcome", "by")
    list_select_related = ("by",)
    list_filter = ("channel", "outcome")
    search_fields = ("=lead__id",)
    fields = ("lead", "at", "channel", "direction", "outcome", "comment", "recording_url", "external_id", "by")
