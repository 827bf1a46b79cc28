"""Deal stages (a catalogue) and deals (through the verbs) in the admin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from contacts.forms import whose
from crm.admin import PageAdmin, SeenForm, VerbAdmin, ask, one_by_one, too_many
from crm.catalogue_admin import Use, UsedAdmin
from crm.resources import FilesAdmin
from deals.actions import EDITABLE, assign_deal, edit_deal, move_stage
from deals.models import Deal, DocumentKind, Stage
from deals.resources import DocumentResource, StageResource
from team.models import User
from team.roles import RIGHTS, Right


@admin.register(Stage)
class StageAdmin(FilesAdmin, UsedAdmin):
    resource_classes = (StageResource,)
    import_kind = "stages"
    uses = (Use("deals", _("Deals"), "/deals/?stage={code}"),)
    list_display = ("name", "code", "position", "color", "final", "active", "in_use")
    list_editable = ("position", "color", "active")
    fields = ("code", "name", "name_en", "position", "color", "asks", "final", "active", "in_use")

    def get_readonly_fields(self, request: HttpRequest, obj: Stage | None = None) -> tuple[str, ...]:
        return ("code", "in_use") if obj else ("in_use",)  # history and the API know a stage by its code


@admin.register(DocumentKind)
class DocumentKindAdmin(FilesAdmin, PageAdmin):
    """What is no longer asked for is switched off: deals keep what was said about it."""

    resource_classes = (DocumentResource,)
    import_kind = "documents"
    list_display = ("name", "required", "position", "active")
    list_editable = ("required", "position", "active")
    list_filter = ("required", "active")
    fields = ("name", "name_en", "required", "position", "active")

    def has_delete_permission(self, request: HttpRequest, obj: DocumentKind | None = None) -> bool:
        return obj is None or not obj.documents.exists()


class StageForm(forms.Form):
    stage = forms.ModelChoiceField(label=_("Stage"), queryset=Stage.objects.filter(active=True), to_field_name="code")


class ResponsibleForm(forms.Form):
    responsible = forms.ModelChoiceField(
        label=_("Owner"),
        queryset=User.objects.filter(is_active=True, role__in=RIGHTS[Right.WORK_DEALS]),
    )


@admin.register(Deal)
class DealAdmin(VerbAdmin):
    form = SeenForm
    list_display = ("number", "created_at", "contact", "source", "stage", "responsible", "amount", "prepayment")
    list_select_related = ("contact", "source", "stage", "responsible")
    list_filter = ("stage", "source")
    search_fields = ("contract_number",)
    readonly_fields = ("lead", "contact", "source", "stage", "stage_changed_at", "responsible", "created_at")
    fields = (*readonly_fields, *EDITABLE, "seen")
    actions = ("move", "assign")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a deal is opened by its lead's contract

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Deal], search_term: str
    ) -> tuple[QuerySet[Deal], bool]:
        by_number, _more = super().get_search_results(request, queryset, search_term)
        try:
            return (by_number | queryset.filter(whose(search_term, "contact__")) if search_term else queryset), False
        except ValueError:  # beyond the limits of a search
            return queryset.none(), False

    def change_by_verb(self, request: HttpRequest, obj: Deal, form: SeenForm) -> Deal:
        return edit_deal(obj.pk, form.changes(), by=request.user, version=form.cleaned_data["seen"])

    @admin.action(description=_("Move to a stage"))
    def move(self, request: HttpRequest, deals: QuerySet[Deal]) -> HttpResponse | None:
        """Asks for the stage; each deal is moved for itself."""

        def to(chosen: dict[str, Any], deal: Deal) -> Deal:
            return move_stage(deal.pk, chosen["stage"].code, by=request.user)

        return self._ask_and_do(request, deals, StageForm, to, action="move", title=gettext("Move to a stage"))

    @admin.action(description=_("Hand over"))
    def assign(self, request: HttpRequest, deals: QuerySet[Deal]) -> HttpResponse | None:
        """Asks to whom; each deal is handed over for itself."""

        def to(chosen: dict[str, Any], deal: Deal) -> Deal:
            return assign_deal(deal.pk, chosen["responsible"].pk, by=request.user)

        return self._ask_and_do(request, deals, ResponsibleForm, to, action="assign", title=gettext("Hand over"))

    def _ask_and_do(
        self,
        request: HttpRequest,
        deals: QuerySet[Deal],
        form_class: type[forms.Form],
        do: Callable[[dict[str, Any], Deal], Deal],
        *,
        action: str,
        title: str,
    ) -> HttpResponse | None:
        """The page that asks what to do with the selected deals; once that is said, it is done to each by itself."""
        if too_many(request, deals):
            return None
        form = form_class(request.POST if "apply" in request.POST else None)
        if form.is_valid():
            one_by_one(request, deals, lambda deal: do(form.cleaned_data, deal))
            return None
        return ask(self, request, deals, form, action=action, title=title)
