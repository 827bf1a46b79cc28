"""What administrators type about leads: a new one, its fields, where selected ones go."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from contacts.phones import NOT_RECOGNISED
from crm.admin import SeenForm, VerbForm
from crm.form_fields import Moment, Text
from leads.applications import CITY, COMMENT, EMAIL, NAME
from leads.forms import Phone
from leads.models import Lead, Office
from leads.pipeline import REASONS_BY_THEMSELVES, SIGNED, Move, Status
from sources.models import Source
from team.models import User
from team.roles import RIGHTS, Right

ADD_FIELDS = ("phone", "source", "name", "city", "debt_amount", "email", "comment")


def _source_field() -> forms.ModelChoiceField:
    return forms.ModelChoiceField(
        label=_("Source"),
        queryset=Source.objects.filter(active=True),
        error_messages={"required": _("A lead needs a source")},
    )


class _LeadForm(forms.Form):
    name = Text(label=_("Name"), max_length=NAME, required=False)
    city = Text(label=_("City"), max_length=CITY, required=False)
    email = forms.EmailField(label=_("E-mail"), max_length=EMAIL, required=False)
    comment = Text(label=_("Comment"), max_length=COMMENT, rows=3, required=False)


class AddLeadForm(_LeadForm, VerbForm):
    """An application, as intake reads it. A number that is none is an error here: the caller can be asked again."""

    as_typed = frozenset({"phone"})
    phone = Phone(label=_("Phone"), error_messages={"required": NOT_RECOGNISED})
    source = _source_field()

    class Meta:
        model = Lead
        fields = ("debt_amount",)

    def body(self) -> dict[str, Any]:
        """The body of an application."""
        given = {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}
        return {**given, "source": given["source"].code}


class EditLeadForm(_LeadForm, SeenForm):
    """The fields that `edit_lead` takes; a phone while there is none."""

    as_typed = frozenset({"phone"})
    phone = Phone(label=_("Phone"), required=False)

    class Meta:
        model = Lead
        fields = ("debt_amount", "source")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.phone_valid:
            del self.fields["phone"]  # the number is what the client is known by

    def changes(self) -> dict[str, Any]:
        changes = super().changes()
        if "source" in changes:
            changes["source"] = changes["source"].code
        if not changes.get("phone"):
            changes.pop("phone", None)
        return changes


class MoveForm(forms.Form):
    """A move of several leads. Contracts are signed one by one, on the card."""

    to = forms.ChoiceField(label=_("Status"))
    junk_reason = forms.ChoiceField(label=_("Reason"), required=False)
    meeting_at = Moment(label=_("Date and time of the meeting"), required=False)
    office = forms.ModelChoiceField(
        label=_("Office"), queryset=Office.objects.filter(active=True), to_field_name="code", required=False
    )
    callback_at = Moment(label=_("When to call back"), required=False)
    comment = Text(label=_("Comment"), max_length=COMMENT, rows=2, required=False)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        self.fields["to"].choices = [
            (status.value, status.label) for status in Status if status not in (Status.NEW, *SIGNED)
        ]
        reasons = [(reason.value, reason.label) for reason in REASONS_BY_THEMSELVES]
        self.fields["junk_reason"].choices = [("", "—"), *reasons]

    def move(self) -> Move:
        given = {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}
        if "office" in given:
            given["office"] = given["office"].code
        return Move(Status(given.pop("to")), **given)


class ResponsibleForm(forms.Form):
    responsible = forms.ModelChoiceField(
        label=_("Owner"), queryset=User.objects.filter(is_active=True, role__in=RIGHTS[Right.WORK_LEADS])
    )


class NameSourceForm(forms.Form):
    """A value that nobody recognised, and the source it means."""

    value = forms.CharField(max_length=200, strip=False, widget=forms.HiddenInput)
    source = forms.ModelChoiceField(label=_("Source"), queryset=Source.objects.filter(merged_into__isnull=True))
