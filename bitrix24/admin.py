"""The mirror for administrators: how the connection is, what waits for a decision, and which code stands for what."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from bitrix24 import line, twins
from bitrix24.models import Alarm, Colleague, Entry, Line
from crm.admin import OneRowAdmin, PageAdmin, ReadOnlyAdmin, one_by_one
from outbox.models import Link


@admin.register(Line)
class LineAdmin(OneRowAdmin):
    """To look at; saving the form means that the portal has been put right, so that sending begins anew."""

    fields = ("told_at", "paused_until", "stopped_at", "stopped_because")
    readonly_fields = fields

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        line.resume()
        messages.success(request, _t("Sending begins anew"))


@admin.register(Alarm)
class AlarmAdmin(ReadOnlyAdmin):
    list_display = ("text", "raised_at", "seen_at", "closed_at")
    list_filter = ("closed_at",)
    fields = ("text", "raised_at", "seen_at", "closed_at")
    actions = ("close",)

    @admin.action(description=_("Close the selected alarms"))
    def close(self, request: HttpRequest, queryset: Any) -> None:
        one_by_one(request, queryset, lambda row: line.close_alarm(row.pk))


@admin.register(Link)
class LinkAdmin(ReadOnlyAdmin):
    list_display = ("kind", "object_id", "remote_id", "told_at", "gone_at")
    list_filter = ("kind", "gone_at")
    search_fields = ("=object_id", "=remote_id")
    fields = ("kind", "object_id", "remote_id", "told_at", "gone_at")
    actions = ("create_anew",)
    ordering = ("-pk",)

    @admin.action(description=_("Create anew what is gone there"))
    def create_anew(self, request: HttpRequest, queryset: Any) -> None:
        def anew(row: Link) -> None:
            twins.forget(row.pk)
            self.log_change(request, row, _t("To be created anew at the portal"))

        one_by_one(request, queryset.filter(gone_at__isnull=False), anew)


@admin.register(Entry)
class EntryAdmin(PageAdmin):
    list_display = ("directory", "code", "remote_code")
    list_filter = ("directory",)
    search_fields = ("code", "remote_code")


@admin.register(Colleague)
class ColleagueAdmin(PageAdmin):
    list_display = ("user", "remote_id", "looked_at")
    list_select_related = ("user",)
    fields = ("user", "remote_id")
