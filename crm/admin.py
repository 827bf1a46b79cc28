"""What the admin pages of all apps share: verbs behind their forms and actions, and nothing written past them.

What a page shows is said in the `admin.py` of each app. A verb's refusal becomes an error beside its field or a
message; the page and its verb are one transaction, so nothing is ever half stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.errors import Forbidden, Invalid, Refused
from crm.text import clean
from crm.transactions import verb

MOST_AT_ONCE = 200
"""Rows that one press of an action may change: each is a verb of its own, and a person waits for the answer."""
_MOST_TOLD = 20
_ID = re.compile(r"[0-9]{1,18}")


class CleanForm(forms.ModelForm):
    """Text without what is invisible or cannot be stored. `refused` is what a verb said when this was sent."""

    refused: Exception | None = None
    as_typed: frozenset[str] = frozenset()  # fields whose text is the verb's to read

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        for name, value in given.items():
            if name in self.as_typed:
                continue
            if isinstance(value, str) and not isinstance(self.fields[name].widget, forms.PasswordInput):
                given[name] = clean(value, multiline=isinstance(self.fields[name].widget, forms.Textarea))
                if self.fields[name].required and not given[name]:
                    self.add_error(name, self.fields[name].error_messages["required"])
        if isinstance(self.refused, Invalid):
            for name, sentences in self.refused.fields.items():
                self.add_error(name if name in self.fields else None, [*sentences])
        elif self.refused is not None:
            self.add_error(None, sentence(self.refused))
        return given


class VerbForm(CleanForm):
    """Fields that a verb will judge and write: the form reads them and leaves its object alone."""

    def _post_clean(self) -> None:
        """The object is the verb's to change."""

    def save_m2m(self) -> None:
        """There is nothing to save beside the verb."""

    def changes(self) -> dict[str, Any]:
        """What was changed on the page, so that a colleague's change of another field is not taken back."""
        return {
            name: self.cleaned_data[name] for name in self.changed_data if name in self.cleaned_data and name != "seen"
        }


class SeenForm(VerbForm):
    """A form that knows which version of its object was seen, so that a colleague's change is not written over."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = self.instance.version


class PageAdmin(admin.ModelAdmin):
    """A plain catalogue. Whatever a verb refuses is said on the form; the list is quick however long the table is."""

    form = CleanForm
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 200

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        page = super().changeform_view
        if request.method != "POST":
            return page(request, object_id, form_url, extra_context)
        try:
            return verb(page)(request, object_id, form_url, extra_context)
        except (Refused, Invalid, Forbidden) as error:
            # Everything was taken back. The same page once more, which now knows what is wrong.
            request.refused = error
            return page(request, object_id, form_url, extra_context)

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:  # noqa: FBT001, FBT002
        request.journal_change = {"changed": _changed(form)}
        return super().construct_change_message(request, form, formsets, add)

    def response_action(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        """An action for rows that cannot be is not begun."""
        if any(not _ID.fullmatch(pk) for pk in request.POST.getlist(ACTION_CHECKBOX_NAME)):
            return HttpResponseRedirect(request.get_full_path())
        return super().response_action(request, queryset)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002
        form = super().get_form(request, obj, change, **kwargs)
        refused = getattr(request, "refused", None)
        return type("RefusedForm", (form,), {"refused": refused}) if refused is not None else form


def _changed(form: Any) -> dict[str, Any]:
    """Old and new of what a form has changed, for the journal; of text that somebody typed only that it was changed."""
    coded = (forms.ChoiceField, forms.BooleanField, forms.IntegerField, forms.DateField, forms.TimeField)
    return {
        name: [str(form.initial.get(name, "")), str(form.cleaned_data.get(name, ""))]
        if isinstance(form.fields[name], coded)
        else "…"
        for name in form.changed_data
        if name in form.fields
    }


class VerbAdmin(PageAdmin):
    """Objects that only verbs write: `add_by_verb` and `change_by_verb` answer the row as it then is. No delete."""

    form = VerbForm

    def add_by_verb(self, request: HttpRequest, form: Any) -> models.Model:
        """Make the object that the form describes."""
        raise Forbidden(_("This is not added here."))

    def change_by_verb(self, request: HttpRequest, obj: Any, form: Any) -> models.Model:
        """Bring what was changed on the form into the object."""
        raise Forbidden(_("This is not changed here."))

    def save_form(self, request: HttpRequest, form: Any, change: Any) -> Any:
        return form.instance

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        row = self.change_by_verb(request, obj, form) if change else self.add_by_verb(request, form)
        obj.pk = row.pk
        obj.refresh_from_db()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(PageAdmin):
    """Rows to look at. Nobody adds, changes or deletes them here."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyInline(admin.TabularInline):
    """Rows of the object, to look at."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class OneRowAdmin(PageAdmin):
    """Settings of exactly one row: the list is that row's page, which shows the shipped values until it is saved."""

    at_least_one: ClassVar[tuple[str, ...]] = ()  # numbers under which, as 0, nobody could work

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.at_least_one:
            kwargs["min_value"] = 1
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_change"
        return HttpResponseRedirect(reverse(name, args=(1,)))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        return self.model.current() if object_id == "1" else None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def sentence(error: Exception) -> str:
    """What a verb's refusal says to a person."""
    if isinstance(error, Invalid):
        return " ".join(said for sentences in error.fields.values() for said in sentences)
    if isinstance(error, Refused | Forbidden):
        return error.detail
    return _("There is no such row any more.")


def one_by_one(request: HttpRequest, rows: Iterable[models.Model], do: Callable[[Any], object]) -> int:
    """Do `do` with each row, each for itself; tells how many went well, and of each refused one why. Returns how many.

    `do` calls a verb. What another row of them refuses does not hold up the others.
    """
    done, refused = 0, []
    for row in rows:
        try:
            do(row)
            done += 1
        except (Refused, Invalid, Forbidden, ObjectDoesNotExist) as error:
            refused.append(f"{row}: {sentence(error)}")
    if done:
        said = ngettext("%(count)s row changed", "%(count)s rows changed", done) % {"count": done}
        messages.success(request, said)
    for line in refused[:_MOST_TOLD]:
        messages.error(request, line)
    if len(refused) > _MOST_TOLD:
        rest = len(refused) - _MOST_TOLD
        messages.error(
            request, ngettext("and %(count)s more refused", "and %(count)s more refused", rest) % {"count": rest}
        )
    return done


def too_many(request: HttpRequest, rows: models.QuerySet[Any]) -> bool:
    """Whether more rows are selected than one press may change; says so, if they are."""
    if rows.count() <= MOST_AT_ONCE:
        return False
    messages.error(request, _("Choose at most %(count)s rows at once.") % {"count": MOST_AT_ONCE})
    return True


def ask(page: PageAdmin, request: HttpRequest, rows: Any, form: forms.Form, *, action: str, title: str) -> HttpResponse:
    """The page between an action and its work: what the action needs to know, with the selected rows listed."""
    context = {
        **page.admin_site.each_context(request),
        "title": title,
        "opts": page.opts,
        "rows": rows,
        "form": form,
        "action": action,
        "media": page.media,
    }
    return TemplateResponse(request, "admin/ask.html", context)


def together(do: Callable[[], Any]) -> Any:
    """Run several verbs as one: all of them or none."""
    return verb(do)()
