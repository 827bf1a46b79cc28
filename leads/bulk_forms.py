"""Which leads a bulk action is for, and what it asks for, as they come from a page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm import clock
from crm.errors import Invalid
from crm.form_fields import Moment, Text
from crm.text import MAX_INTEGER, clean
from leads.applications import COMMENT
from leads.forms import ReasonField, office_choices
from leads.listing import EXACT, Leads
from leads.models import Office
from leads.pipeline import Status, wrong_moment
from team.models import User

LONGEST_QUERY = 4000
# Where a time of day comes last in the country: what has passed there has passed on every client's clock.
LAST_ZONE = ZoneInfo("Europe/Kaliningrad")


@dataclass(frozen=True)
class Selection:
    """Leads chosen one by one, or `everything` that the filter `query` of the list finds."""

    query: str
    everything: bool
    ids: tuple[int, ...]

    @classmethod
    def read(cls, given: QueryDict) -> Selection:
        """Numbers that are none are left out."""
        numbers = [text for text in given.getlist("lead") if text.isascii() and text.isdecimal() and len(text) <= 19]
        ids = tuple(dict.fromkeys(pk for pk in map(int, numbers) if 0 < pk <= MAX_INTEGER))
        return cls(clean(given.get("query", ""))[:LONGEST_QUERY], given.get("select") == "all", ids)

    def found(self, by: User) -> Leads:
        """The list as the filter has it. Raises Invalid if a part of it means nothing: it would find more."""
        leads = Leads.of(QueryDict(self.query), by=by)
        if leads.errors:
            raise Invalid({"query": list(leads.errors.values())})
        return leads

    def leads(self, by: User) -> list[int]:
        """The numbers of the leads, as it stands now."""
        if not self.everything:
            return list(self.ids)
        return list(self.found(by).rows.order_by("pk").values_list("pk", flat=True))

    def count(self, by: User) -> int:
        """How many there are, exactly up to EXACT. One query for everything."""
        return self.found(by).rows.order_by()[: EXACT + 1].count() if self.everything else len(self.ids)


class NoForm(forms.Form):
    """For what asks for nothing."""

    def terms(self) -> dict[str, Any]:
        return {}


class BulkStatusForm(forms.Form):
    """A status for all of them. A contract is not among them: each has its own price."""

    STATUSES = (Status.DIALING, Status.MEETING, Status.POSTPONED, Status.VISIT, Status.JUNK)

    to = forms.ChoiceField(
        label=_("Status"),
        choices=[(status.value, status.label) for status in STATUSES],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a status")},
    )
    meeting_at = Moment(label=_("Date and time of the meeting"), zone=LAST_ZONE, required=False)
    office = forms.ChoiceField(label=_("Office"), required=False)
    callback_at = Moment(label=_("When to call back"), zone=LAST_ZONE, required=False)
    junk_reason = ReasonField()
    comment = Text(label=_("Comment"), max_length=COMMENT, rows=2, required=False)

    def __init__(self, data: Any = None, *, offices: Iterable[Office]) -> None:
        super().__init__(data)
        self.fields["office"].choices = office_choices(offices)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        asked = {
            Status.MEETING: ("meeting_at", gettext("Enter the date and time of the meeting")),
            Status.POSTPONED: ("callback_at", gettext("Enter when to call back")),
            Status.JUNK: ("junk_reason", gettext("Choose a reason")),
        }
        name, missing = asked.get(given.get("to", ""), ("", ""))
        if name and name not in self.errors:
            said = missing if not given.get(name) else ""
            if isinstance(given.get(name), datetime):
                said = wrong_moment(given[name], clock.now())
            if said:
                self.add_error(name, said)
        return given

    def terms(self) -> dict[str, Any]:
        given, to = self.cleaned_data, Status(self.cleaned_data["to"])
        at = {Status.MEETING: given["meeting_at"], Status.POSTPONED: given["callback_at"]}.get(to)
        return {
            "to": to.value,
            "junk_reason": given["junk_reason"] if to == Status.JUNK else "",
            "office": given["office"] if to == Status.MEETING else "",
            "comment": given["comment"],
            "at": without_zone(at) if at else "",
        }


class BulkTaskForm(forms.Form):
    text = Text(label=_("What is to be done"), max_length=500, error_messages={"required": _("Say what is to be done")})
    due_at = Moment(label=_("When"), zone=LAST_ZONE, error_messages={"required": _("Enter a date and a time")})

    def clean_due_at(self) -> datetime:
        moment: datetime = self.cleaned_data["due_at"]
        if said := wrong_moment(moment, clock.now()):
            raise forms.ValidationError(said)
        return moment

    def terms(self) -> dict[str, Any]:
        return {"text": self.cleaned_data["text"], "at": without_zone(self.cleaned_data["due_at"])}


class BulkAssignForm(forms.Form):
    responsible = forms.TypedChoiceField(
        label=_("Owner"), coerce=int, error_messages={"required": _("Choose a colleague")}
    )

    def __init__(self, data: Any = None, *, people: Iterable[User]) -> None:
        super().__init__(data)
        choices = [("", gettext("Choose a colleague")), *((person.pk, str(person)) for person in people)]
        self.fields["responsible"].choices = choices  # type: ignore[attr-defined]

    def terms(self) -> dict[str, Any]:
        return {"responsible": self.cleaned_data["responsible"]}


def without_zone(moment: datetime) -> str:
    """What was typed into the field, to be read on another clock."""
    return moment.astimezone(LAST_ZONE).strftime("%Y-%m-%dT%H:%M")
