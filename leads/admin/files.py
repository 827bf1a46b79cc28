"""Files that came in and went out, as a journal to look at, and how much may be taken out."""

from __future__ import annotations

from django.contrib import admin

from crm.admin import OneRowAdmin, ReadOnlyAdmin
from leads.models import ExportFile, ExportPolicy, ImportFile


@admin.register(ExportPolicy)
class ExportPolicyAdmin(OneRowAdmin):
    fields = ("rows_a_day", "files_an_hour", "hours_kept")
    at_least_one = ("files_an_hour", "hours_kept")


@admin.register(ExportFile)
class ExportFileAdmin(ReadOnlyAdmin):
    """Who took which list out, with which filter, when and what for."""

    list_display = ("asked_at", "by", "what", "total", "format", "reason", "state", "taken_at")
    list_filter = ("what", "state", "asked_at")
    list_select_related = ("by",)
    search_fields = ("reason", "by__name", "by__username")
    fields = (
        *("asked_at", "by", "what", "query", "total", "format", "reason", "state", "trouble"),
        *("expires_at", "taken_at"),
    )


@admin.register(ImportFile)
class ImportFileAdmin(ReadOnlyAdmin):
    """Who brought which file in, and what became of its rows."""

    list_display = ("asked_at", "by", "kind", "name", "total", "new", "repeats", "known", "refused", "state")
    list_filter = ("kind", "state", "asked_at")
    list_select_related = ("by",)
    search_fields = ("name", "by__name", "by__username")
    fields = (
        *("asked_at", "by", "kind", "name", "total", "new", "repeats", "known", "refused", "state", "trouble"),
        *("started_at", "finished_at"),
    )
