"""Leads in the admin: taken in by intake, edited, moved and handed over by the verbs; the status is only looked at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from contacts.phones import display
from crm.admin import ReadOnlyInline, VerbAdmin, ask, one_by_one, sentence, too_many
from crm.errors import Forbidden, Invalid, Refused
from crm.resources import FilesAdmin
from leads.actions import change_status
from leads.admin.forms import ADD_FIELDS, AddLeadForm, EditLeadForm, MoveForm, NameSourceForm, ResponsibleForm
from leads.applications import read_application
from leads.editing import EDITABLE, assign, edit_lead
from leads.filters import Search
from leads.intake import register_lead
from leads.models import Lead, Touch
from leads.outgoing import note_export
from leads.resources import LeadResource
from leads.unmapped import guess_sources, name_source, unmapped_values
from sources.models import Source

STATE = ("status", "status_changed_at", "junk_reason", "duplicate_of", "responsible", "meeting_at", "office")
ORIGIN = ("contact", "phone_raw", "phone_extension", "other_phones", "source_raw", "utm", "external_id", "created_at")
FACTS = ("reached_meeting_at", "reached_visit_at", "reached_contract_at", "reached_prepaid_at", "no_show_at")
COUNTS = ("callback_at", "touches_count", "first_touch_at", "last_touch_at", "retired_at")


class TouchInline(ReadOnlyInline):
    model = Touch
    fields = ("at", "channel", "direction", "outcome", "by", "comment")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Touch]:
        return super().get_queryset(request).select_related("by")


@admin.register(Lead)
class LeadAdmin(FilesAdmin, VerbAdmin):
    resource_classes = (LeadResource,)
    import_kind = "leads"
    change_list_template = "admin/leads/lead/change_list.html"
    list_display = ("number", "created_at", "status", "name", "phone_shown", "source", "responsible", "touches_count")
    list_display_links = ("number",)
    list_select_related = ("contact", "source", "responsible")
    list_filter = ("status", "junk_reason", "source", "office", "created_at")
    search_fields = ("search_text",)
    readonly_fields = (*STATE, *COUNTS, *FACTS, *ORIGIN)
    inlines = (TouchInline,)
    actions = ("move", "assign")

    @admin.display(description=_("No."), ordering="pk")
    def number(self, lead: Lead) -> int:
        return lead.pk

    @admin.display(description=_("Phone"))
    def phone_shown(self, lead: Lead) -> str:
        return display(lead.phone) or lead.phone_raw

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Lead], search_term: str
    ) -> tuple[QuerySet[Lead], bool]:
        """As everywhere: words of the texts, a (piece of a) number in any spelling, or the lead's number."""
        try:
            return (queryset.filter(Search.read(search_term).condition()) if search_term else queryset), False
        except ValueError:  # beyond the limits of a search
            return queryset.none(), False

    def get_fieldsets(self, request: HttpRequest, obj: Lead | None = None) -> Any:
        if obj is None:
            return ((None, {"fields": ADD_FIELDS}),)
        phone = () if obj.phone_valid else ("phone",)
        return (
            (None, {"fields": (*phone, "source", *(name for name in EDITABLE if name != "utm"), "seen")}),
            (_("Status"), {"fields": (*STATE, *COUNTS)}),
            (_("Facts of the report"), {"fields": FACTS}),
            (_("As it came"), {"fields": ORIGIN}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Lead | None = None) -> tuple[str, ...]:
        return self.readonly_fields if obj else ()

    def get_inlines(self, request: HttpRequest, obj: Lead | None) -> Any:
        return self.inlines if obj else ()

    def get_form(self, request: HttpRequest, obj: Lead | None = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002
        return super().get_form(request, obj, change, **{**kwargs, "form": EditLeadForm if obj else AddLeadForm})

    def get_export_data(self, file_format: Any, request: HttpRequest, queryset: QuerySet[Lead], **kwargs: Any) -> Any:
        kind, rows = file_format.get_extension(), queryset.count()
        note_export("leads", request.GET.urlencode(), kind, by=request.user, rows=rows)
        return super().get_export_data(file_format, request, queryset, **kwargs)

    def add_by_verb(self, request: HttpRequest, form: AddLeadForm) -> Lead:
        lead = register_lead(read_application(form.body()), by=request.user).lead
        if lead.duplicate_of_id is not None:
            said = gettext("Lead № %(id)s is written down as a duplicate. The original is № %(original)s.")
            messages.warning(request, said % {"id": lead.pk, "original": lead.duplicate_of_id})
        return lead

    def change_by_verb(self, request: HttpRequest, obj: Lead, form: EditLeadForm) -> Lead:
        return edit_lead(obj.pk, form.changes(), by=request.user, version=form.cleaned_data["seen"])

    @admin.action(description=_("Move to a status"))
    def move(self, request: HttpRequest, leads: QuerySet[Lead]) -> HttpResponse | None:
        """Asks where to; each lead is moved for itself, by the rules of the card."""
        if too_many(request, leads):
            return None
        form = MoveForm(request.POST if "apply" in request.POST else None)
        if form.is_valid():
            move = form.move()
            one_by_one(request, leads, lambda lead: change_status(lead.pk, move, by=request.user))
            return None
        return ask(self, request, leads, form, action="move", title=gettext("Move to a status"))

    @admin.action(description=_("Hand over"))
    def assign(self, request: HttpRequest, leads: QuerySet[Lead]) -> HttpResponse | None:
        """Asks to whom; each lead is handed over for itself."""
        if too_many(request, leads):
            return None
        form = ResponsibleForm(request.POST if "apply" in request.POST else None)
        if form.is_valid():
            person = form.cleaned_data["responsible"]
            one_by_one(request, leads, lambda lead: assign(lead.pk, person.pk, by=request.user))
            return None
        return ask(self, request, leads, form, action="assign", title=gettext("Hand over"))

    def get_urls(self) -> list[URLPattern]:
        unmapped = path("unmapped/", self.admin_site.admin_view(self.unmapped), name="leads_unmapped")
        return [unmapped, *super().get_urls()]

    def unmapped(self, request: HttpRequest) -> HttpResponse:
        """Source values that nobody recognised. POST `value` and `source` lets one name a source from now on."""
        if request.method == "POST":
            form = NameSourceForm(request.POST)
            if form.is_valid():
                self._name_source(request, form.cleaned_data["value"], form.cleaned_data["source"])
            else:
                messages.error(request, gettext("Choose a source"))
            return HttpResponseRedirect(reverse("admin:leads_unmapped"))
        values, sources = unmapped_values(), list(Source.objects.filter(merged_into__isnull=True))
        guess_sources(values, sources)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Unknown source values"),
            "opts": self.opts,
            "values": values,
            "sources": sources,
        }
        return TemplateResponse(request, "admin/leads/unmapped.html", context)

    def _name_source(self, request: HttpRequest, value: str, source: Source) -> None:
        try:
            moved = name_source(value, source.pk, by=request.user)
        except (Invalid, Refused, Forbidden) as error:
            messages.error(request, sentence(error))
            return
        said = ngettext(
            "“%(value)s” is “%(name)s”: %(count)s lead moved", "“%(value)s” is “%(name)s”: %(count)s leads moved", moved
        )
        messages.success(request, said % {"value": value, "name": source.name, "count": moved})
