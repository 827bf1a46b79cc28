"""What the outside still has to be told, in the admin: to look at only."""

from __future__ import annotations

from django.contrib import admin

from crm.admin import ReadOnlyAdmin
from outbox.models import Mark


@admin.register(Mark)
class MarkAdmin(ReadOnlyAdmin):
    list_display = ("kind", "object_id", "pending", "marked_at")
    list_filter = ("kind", "pending")
    ordering = ("-marked_at",)
