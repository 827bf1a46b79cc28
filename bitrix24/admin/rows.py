"""Twins, alarms and directory entries in lists, with what may be decided about them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from bitrix24 import line, twins
from bitrix24.models import Alarm, Colleague, Entry, Hint
from crm.admin import PageAdmin, ReadOnlyAdmin, one_by_one
from outbox.models import Link


class Differs(admin.SimpleListFilter):
    """Whether the twin was otherwise when both sides were compared last."""

    title = _("differs")
    parameter_name = "differs"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", _("Yes"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.exclude(differs="") if self.value() == "1" else queryset


class Gone(admin.SimpleListFilter):
    """Whether the twin was deleted or merged at the portal."""

    title = _("gone there")
    parameter_name = "gone"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", _("Yes"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(gone_at__isnull=False) if self.value() == "1" else queryset


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
    list_display = ("kind", "object_id", "remote_id", "told_at", "differs", "compared_at", "gone_at")
    list_filter = ("kind", Differs, Gone)
    search_fields = ("=object_id", "=remote_id")
    fields = ("kind", "object_id", "remote_id", "told_at", "differs", "compared_at", "gone_at")
    actions = ("send_again", "create_anew")
    ordering = ("-pk",)

    @admin.action(description=_("Send again"))
    def send_again(self, request: HttpRequest, queryset: Any) -> None:
        def again(row: Link) -> None:
            twins.send_again([row])
            self.log_change(request, row, _t("To be sent again"))

        one_by_one(request, queryset, again)

    @admin.action(description=_("Create anew what is gone there"))
    def create_anew(self, request: HttpRequest, queryset: Any) -> None:
        def anew(row: Link) -> None:
            twins.forget(row.pk)
            self.log_change(request, row, _t("To be created anew at the portal"))

        one_by_one(request, queryset.filter(gone_at__isnull=False), anew)


@admin.register(Hint)
class HintAdmin(ReadOnlyAdmin):
    list_display = ("remote_id", "heard_at", "due_at", "attempts", "trouble")
    fields = list_display


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
