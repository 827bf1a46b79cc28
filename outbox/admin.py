"""What the outside still has to be told, in the admin: to look at, and to decide about what it has refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from crm.admin import ReadOnlyAdmin, one_by_one, too_many
from crm.errors import Refused
from outbox import delivery
from outbox.models import Mark


class Waiting(admin.SimpleListFilter):
    """Whether a mark waits for a person."""

    title = _("waits for a decision")
    parameter_name = "parked"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", _("Yes"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(pk__in=delivery.parked().values("pk")) if self.value() == "1" else queryset


@admin.register(Mark)
class MarkAdmin(ReadOnlyAdmin):
    list_display = ("kind", "object_id", "pending", "marked_at", "attempts", "parked_at", "trouble")
    list_filter = (Waiting, "kind", "pending")
    fields = ("kind", "object_id", "pending", "marked_at", "due_at", "attempts", "parked_at", "trouble")
    ordering = ("-marked_at",)
    actions = ("retry", "skip")

    @admin.action(description=_("Try again"))
    def retry(self, request: HttpRequest, queryset: Any) -> None:
        self._decide(request, queryset, delivery.retry, _t("Tried again"))

    @admin.action(description=_("Do not tell until it changes"))
    def skip(self, request: HttpRequest, queryset: Any) -> None:
        self._decide(request, queryset, delivery.skip, _t("Not told until it changes"))

    def _decide(self, request: HttpRequest, queryset: Any, do: Callable[[int], bool], record: str) -> None:
        def decide(row: Mark) -> None:
            if not do(row.pk):
                raise Refused("not_parked", _t("This does not wait for a decision."))
            self.log_change(request, row, record)

        if not too_many(request, queryset):
            one_by_one(request, queryset, decide)
