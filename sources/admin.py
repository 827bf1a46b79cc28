"""The source catalogue in the admin: edited, switched, merged, brought in and out as a file; never deleted in use."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from crm.admin import PageAdmin, VerbForm, ask, one_by_one, sentence, together
from crm.catalogue_admin import Use, UsedAdmin
from crm.errors import Invalid
from crm.resources import FilesAdmin
from sources.actions import add_alias, merge, set_active, set_operators, write_source
from sources.models import UNKNOWN, Source, SourceAlias, SourceSpend
from sources.resources import SourceResource, SpendResource

LEADS = Use("leads", _("Leads"), "/leads/?show=all&source={code}")
DEALS = Use("deals", _("Deals"), "/deals/?source={code}")


class MergeForm(forms.Form):
    into = forms.ModelChoiceField(label=_("Merge into"), queryset=Source.objects.none())

    def __init__(self, data: Any = None, *, merged: QuerySet[Source]) -> None:
        super().__init__(data)
        others = Source.objects.filter(merged_into__isnull=True).exclude(pk__in=merged.values("pk"))
        self.fields["into"].queryset = others
        rows = list(merged)
        self.fields["into"].help_text = gettext("Will move there: %(leads)s leads, %(deals)s deals.") % {
            "leads": sum(LEADS.count(row) for row in rows),
            "deals": sum(DEALS.count(row) for row in rows),
        }


class AliasInline(admin.TabularInline):
    """Aliases come and go; one with a slip is taken away and written anew."""

    model = SourceAlias
    fields = ("value",)
    extra = 1

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Source)
class SourceAdmin(FilesAdmin, UsedAdmin):
    form = VerbForm
    resource_classes = (SourceResource,)
    import_kind = "sources"
    change_list_template = "admin/sources/source/change_list.html"
    uses = (LEADS, DEALS)
    list_display = ("name", "code", "active", "in_leads", "in_deals", "channel", "position", "aliases_listed", "merged")
    list_editable = ("position",)
    list_filter = ("active", "channel")
    search_fields = ("name", "code", "aliases__value")
    fields = ("code", "name", "channel", "operators", "position", "bitrix24_id")
    filter_horizontal = ("operators",)
    inlines = (AliasInline,)
    actions = ("switch_on", "switch_off", "merge")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Source]:
        return super().get_queryset(request).select_related("merged_into").prefetch_related("aliases")

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        return super().get_changelist_form(request, **{**kwargs, "form": VerbForm})

    def get_readonly_fields(self, request: HttpRequest, obj: Source | None = None) -> tuple[str, ...]:
        return ("code", "active", "merged", "in_use") if obj else ()

    def get_fields(self, request: HttpRequest, obj: Source | None = None) -> tuple[str, ...]:
        return (*self.fields, "active", "merged", "in_use") if obj else self.fields

    @admin.display(description=_("aliases"))
    def aliases_listed(self, source: Source) -> str:
        return ", ".join(alias.value for alias in source.aliases.all())

    @admin.display(description=_("Leads"), ordering="leads_count")
    def in_leads(self, source: Source) -> str:
        return LEADS.link(source)

    @admin.display(description=_("Deals"), ordering="deals_count")
    def in_deals(self, source: Source) -> str:
        return DEALS.link(source)

    @admin.display(description=_("merged into"), ordering="merged_into")
    def merged(self, source: Source) -> str:
        return str(source.merged_into or "")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        unused = super().has_delete_permission(request, obj)
        return unused and (obj is None or (obj.code != UNKNOWN and not obj.merged_from.exists()))

    def save_form(self, request: HttpRequest, form: Any, change: Any) -> Any:
        return form.instance

    def save_model(self, request: HttpRequest, obj: Source, form: VerbForm, change: Any) -> None:
        code = obj.code if change else form.cleaned_data["code"]
        if not change and Source.objects.filter(code=code).exists():
            raise Invalid({"code": gettext("A source with this code is there already")})
        written, _is_new = write_source(code, form.changes() if change else form.cleaned_data, by=request.user)
        if "operators" in form.changed_data:
            set_operators(written.pk, [person.pk for person in form.cleaned_data["operators"]], by=request.user)
        obj.pk = written.pk
        obj.refresh_from_db()

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: Any) -> None:
        formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
        for row in formset.forms:
            if row in formset.deleted_forms:
                if row.instance.pk:
                    formset.deleted_objects.append(row.instance)
                    row.instance.delete()
            elif row.has_changed() and not row.instance.pk:
                formset.new_objects.append(add_alias(form.instance.pk, row.cleaned_data["value"], by=request.user))

    @admin.action(description=_("Switch on"))
    def switch_on(self, request: HttpRequest, sources: QuerySet[Source]) -> None:
        one_by_one(request, sources, lambda source: set_active(source.pk, True, by=request.user))  # noqa: FBT003

    @admin.action(description=_("Switch off"))
    def switch_off(self, request: HttpRequest, sources: QuerySet[Source]) -> None:
        one_by_one(request, sources, lambda source: set_active(source.pk, False, by=request.user))  # noqa: FBT003

    @admin.action(description=_("Merge into another source"))
    def merge(self, request: HttpRequest, sources: QuerySet[Source]) -> HttpResponse | None:
        """Asks where to; then all of the selected sources are merged, or none."""
        form = MergeForm(request.POST if "apply" in request.POST else None, merged=sources)
        if form.is_valid():
            into = form.cleaned_data["into"]
            try:
                moved = together(lambda: sum(merge(source.pk, into.pk, by=request.user) for source in sources))
            except Invalid as error:
                form.add_error(None, sentence(error))
            else:
                said = ngettext(
                    "Merged into “%(name)s”: %(count)s row moved",
                    "Merged into “%(name)s”: %(count)s rows moved",
                    moved,
                )
                messages.success(request, said % {"name": into.name, "count": moved})
                return None
        return ask(self, request, sources, form, action="merge", title=gettext("Merge into another source"))


@admin.register(SourceSpend)
class SourceSpendAdmin(FilesAdmin, PageAdmin):
    """What was paid for a source in a month; a correction is a change of the row."""

    resource_classes = (SpendResource,)
    import_kind = "spends"
    list_display = ("source", "year", "month", "amount")
    list_filter = ("source", "year")
    list_select_related = ("source",)
    fields = ("source", "year", "month", "amount")
