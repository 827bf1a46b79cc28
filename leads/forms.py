"""What is typed about leads on pages, read into what the verbs take. The rules are those of the verbs.

A form for a status asks for what that status asks for. Times are of the client's clock (`lead.zone`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from contacts.models import Messenger
from contacts.phones import NOT_RECOGNISED, parse
from crm import clock
from crm.form_fields import Day, Link, Moment, Roubles, Text
from crm.text import MAX_INTEGER
from leads.applications import CITY, COMMENT, EMAIL, NAME, PHONE
from leads.messages import channels_to_write
from leads.models import Lead, Office
from leads.pipeline import CLOSED, REASONS_BY_THEMSELVES, SIGNED, JunkReason, Move, Status
from leads.touch_policy import Channel, Direction, Outcome
from leads.touches import NewTouch
from sources.models import Source
from team.models import User

Choices = list[tuple[Any, Any]]


class Phone(forms.CharField):
    """A number in any spelling; what cannot be a number is an error here (on a form somebody can ask again)."""

    widget = forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"})

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=PHONE, **options)

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value) or "").replace("\x00", "")  # as intake: it cannot be stored

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and not parse(value).main:
            raise ValidationError(NOT_RECOGNISED, code="invalid")


class ClosableRadios(forms.RadioSelect):
    """Radios of which some are shown but cannot be chosen now."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.closed: Collection[str] = ()
        super().__init__(*args, **options)

    def create_option(self, name: str, value: Any, *args: Any, **options: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **options)
        if str(value) in self.closed:
            option["attrs"]["disabled"] = True
        return option


class ReasonField(forms.ChoiceField):
    """Why a lead goes to «Брак», where no original is named; the form says when one has to be chosen."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Reason"),
            choices=[(reason.value, reason.label) for reason in REASONS_BY_THEMSELVES],
            required=False,
            widget=ClosableRadios,
            error_messages={"invalid_choice": _("Choose a reason")},
        )


def source_choices(*, keep: Source | None = None) -> Choices:
    """The sources that can be chosen, and the one that is there already (it may be switched off). One query."""
    sources = [source for source in Source.objects.all() if source.active or (keep and source.pk == keep.pk)]
    return [(source.code, source.name) for source in sources]


class NewLeadForm(forms.Form):
    """Phone first; the source is mandatory and has no default."""

    phone = Phone(label=_("Phone"), error_messages={"required": NOT_RECOGNISED})
    source = forms.ChoiceField(label=_("Source"), error_messages={"required": _("A lead needs a source")})
    name = Text(label=_("Name"), max_length=NAME, required=False)
    city = Text(label=_("City"), max_length=CITY, required=False)
    debt_amount = Roubles(label=_("Debt, ₽"), required=False)
    email = forms.EmailField(label=_("E-mail"), max_length=EMAIL, required=False)
    comment = Text(label=_("Comment"), max_length=COMMENT, rows=3, required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["source"].choices = [("", gettext("Choose a source")), *source_choices()]  # type: ignore[attr-defined]
        self.fields["phone"].widget.attrs |= {
            "hx-get": reverse("lead-check-phone"),
            "hx-trigger": "input changed delay:300ms",
            "hx-target": "#phone-check",
            "hx-sync": "this:replace",
        }

    def body(self) -> dict[str, Any]:
        """The application as intake reads it."""
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}


class EditLeadForm(forms.Form):
    """The fields of an application; `phone` only while there is none."""

    name = Text(label=_("Name"), max_length=NAME, required=False)
    city = Text(label=_("City"), max_length=CITY, required=False)
    debt_amount = Roubles(label=_("Debt, ₽"), required=False)
    email = forms.EmailField(label=_("E-mail"), max_length=EMAIL, required=False)
    source = forms.ChoiceField(label=_("Source"), error_messages={"required": _("A lead needs a source")})
    comment = Text(label=_("Comment of the application"), max_length=COMMENT, rows=4, required=False)
    phone = Phone(label=_("Phone"), required=False)

    FIELDS = ("name", "city", "debt_amount", "email", "comment")
    IN_PLACE = (*FIELDS, "source")

    def __init__(self, data: Any = None, *, lead: Lead, only: str = "") -> None:
        kept = {name: getattr(lead, name) for name in self.FIELDS}
        super().__init__(data, initial={**kept, "source": lead.source.code})
        self.fields["source"].choices = source_choices(keep=lead.source)  # type: ignore[attr-defined]
        if lead.phone_valid:
            del self.fields["phone"]
        if only:
            self.fields = {only: self.fields[only]}

    def changes(self) -> dict[str, Any]:
        """What differs from what was shown, so that a colleague's change of another field is not taken back."""
        return {
            name: self.cleaned_data[name] for name in self.changed_data if name != "phone" or self.cleaned_data[name]
        }


class CommentForm(forms.Form):
    text = Text(label=_("Comment"), max_length=COMMENT, rows=2, error_messages={"required": _("Write the comment")})


class TaskForm(forms.Form):
    text = Text(label=_("What is to be done"), max_length=500, error_messages={"required": _("Say what is to be done")})
    due_at = Moment(label=_("When"), error_messages={"required": _("Enter a date and a time")})

    def __init__(self, data: Any = None, *, zone: ZoneInfo) -> None:
        super().__init__(data)
        self.fields["due_at"].zone = zone  # type: ignore[attr-defined]


class AssignForm(forms.Form):
    responsible = forms.TypedChoiceField(
        label=_("Owner"), coerce=int, error_messages={"required": _("Choose a colleague")}
    )

    def __init__(self, data: Any = None, *, people: Iterable[User], present: int | None) -> None:
        super().__init__(data, initial={"responsible": present})
        choices = [("", gettext("Choose a colleague")), *((person.pk, str(person)) for person in people)]
        self.fields["responsible"].choices = choices  # type: ignore[attr-defined]


NOTHING, CALL_BACK, MEETING, POSTPONED = "", "callback", "meeting", "postponed"
# The panes of the composer, by what is offered in each; without a pane everything is taken.
CALL_OUTCOMES = (Outcome.NO_ANSWER, Outcome.BUSY, Outcome.UNAVAILABLE, Outcome.WRONG_NUMBER, Outcome.ANSWERED)
MESSAGE_OUTCOMES = (Outcome.SENT, Outcome.REPLIED)


class TouchForm(forms.Form):
    """How a call or a message ended, and what was agreed. `pane` is "call" or "message"."""

    channel = forms.ChoiceField(label=_("Channel"), choices=Channel, required=False)
    direction = forms.ChoiceField(label=_("Direction"), choices=Direction, required=False)
    outcome = forms.ChoiceField(
        label=_("How did it end"),
        choices=Outcome,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how it ended")},
    )
    comment = Text(label=_("What was agreed"), max_length=COMMENT, rows=2, required=False)
    recording_url = Link(label=_("Link to the recording"), required=False)
    then = forms.ChoiceField(label=_("What next"), required=False, widget=forms.RadioSelect, initial=NOTHING)
    call_back_at = Moment(label=_("When to call back"), required=False)
    meeting_at = Moment(label=_("Date and time of the meeting"), required=False)
    office = forms.ChoiceField(label=_("Office"), required=False)
    postponed_at = Moment(label=_("When to come back to it"), required=False)

    def __init__(
        self,
        data: Any = None,
        *,
        lead: Lead,
        allowed: Collection[str],
        offices: Iterable[Office],
        pane: str = "",
        messengers: Iterable[Messenger] = (),
    ) -> None:
        office = {"office": lead.office.code} if lead.office else None
        super().__init__(data, initial=office, auto_id=f"{pane or 'touch'}_%s")
        self.pane = pane
        fields: Any = self.fields
        if pane == "call":
            no_show = (Outcome.NO_SHOW,) if lead.status == Status.MEETING else ()
            fields["outcome"].choices = [(code, code.label) for code in CALL_OUTCOMES + no_show]
        elif pane == "message":
            fields["outcome"].choices = [(code, code.label) for code in MESSAGE_OUTCOMES]
            fields["channel"].choices = channels_to_write(messengers)
        fields["office"].choices = office_choices(offices)
        fields["then"].choices = [
            (NOTHING, gettext("By the schedule")),
            *([] if lead.status in CLOSED else [(CALL_BACK, gettext("Call back"))]),
            *((move, Status(move).label) for move in (MEETING, POSTPONED) if move in allowed),
        ]
        for name in ("call_back_at", "meeting_at", "postponed_at"):
            fields[name].zone = lead.zone

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        wanted = {
            CALL_BACK: ("call_back_at", gettext("Enter when to call back")),
            MEETING: ("meeting_at", gettext("Enter the date and time of the meeting")),
            POSTPONED: ("postponed_at", gettext("Enter when to call back")),
        }
        name, missing = wanted.get(given.get("then", NOTHING), ("", ""))
        if name and not given.get(name) and name not in self.errors:
            self.add_error(name, missing)
        return given

    def touch(self) -> NewTouch:
        given = self.cleaned_data
        usual = Channel.OFFICE if given["outcome"] == Outcome.NO_SHOW else Channel.CALL
        return NewTouch(
            channel=given["channel"] or usual,
            direction=given["direction"] or Direction.OUTGOING,
            outcome=given["outcome"],
            comment=given["comment"],
            recording_url=given["recording_url"],
        )

    def move(self) -> Move | None:
        """The move that follows, if any."""
        given = self.cleaned_data
        if given["then"] == MEETING:
            return Move(Status.MEETING, meeting_at=given["meeting_at"], office=given["office"])
        if given["then"] == POSTPONED:
            return Move(Status.POSTPONED, callback_at=given["postponed_at"])
        return None

    def promised_at(self) -> datetime | None:
        """When a call was promised (aware), if it was."""
        moment: datetime | None = self.cleaned_data["call_back_at"] if self.cleaned_data["then"] == CALL_BACK else None
        return moment


def office_choices(offices: Iterable[Office]) -> Choices:
    return [(office.code, f"{office.name}, {office.address}" if office.address else office.name) for office in offices]


class MoveForm(forms.Form):
    """What a status asks for: the meeting its time and office, the postponed decision its call, reopening its why."""

    meeting_at = Moment(label=_("Date and time of the meeting"), required=False)
    office = forms.ChoiceField(label=_("Office"), required=False)
    callback_at = Moment(label=_("When to call back"), required=False)
    comment = Text(label=_("Comment"), max_length=COMMENT, rows=3, required=False)

    def __init__(self, data: Any = None, *, lead: Lead, to: Status, offices: Iterable[Office] = ()) -> None:
        present = {"meeting_at": lead.meeting_at, "office": lead.office.code if lead.office else ""}
        super().__init__(data, initial=present if to == lead.status else None)
        self.to = to
        asked = {Status.MEETING: {"meeting_at", "office"}, Status.POSTPONED: {"callback_at"}}.get(to, set())
        for name in {"meeting_at", "office", "callback_at"} - asked:
            del self.fields[name]
        for name in {"meeting_at", "callback_at"} & asked:
            self.fields[name].zone = lead.zone  # type: ignore[attr-defined]
            self.fields[name].widget.is_required = True
        if "office" in asked:
            self.fields["office"].choices = office_choices(offices)  # type: ignore[attr-defined]

    def move(self) -> Move:
        return Move(self.to, **{name: value for name, value in self.cleaned_data.items() if value not in (None, "")})


class LeadNumber(forms.CharField):
    """The number of a lead: «10455» or «№ 10 455»."""

    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
    default_error_messages = {"invalid": _("Enter the number of a lead, for example 10455")}

    def clean(self, value: Any) -> int | None:  # type: ignore[override]
        digits = "".join(super().clean(value).replace("№", "").split())
        if not digits:
            return None
        if not (digits.isascii() and digits.isdecimal() and len(digits) <= 19 and 0 < int(digits) <= MAX_INTEGER):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return int(digits)


class JunkForm(forms.Form):
    """Why it is junk. A reason that is not earned yet is shown, closed; «Дубль» names its original."""

    junk_reason = forms.ChoiceField(
        label=_("Reason"),
        choices=JunkReason,
        widget=ClosableRadios,
        error_messages={"required": _("Choose a reason"), "invalid_choice": _("Choose a reason")},
    )
    duplicate_of = LeadNumber(label=_("Number of the original lead"), required=False)
    comment = Text(label=_("Comment"), max_length=COMMENT, rows=2, required=False)

    def __init__(self, data: Any = None, *, closed: Collection[str] = (), reason: str = "") -> None:
        super().__init__(data, initial={"junk_reason": reason})
        self.fields["junk_reason"].widget.closed = closed  # type: ignore[attr-defined]

    def move(self) -> Move:
        given = self.cleaned_data
        original = given["duplicate_of"] if given["junk_reason"] == JunkReason.DUPLICATE else None
        return Move(Status.JUNK, junk_reason=given["junk_reason"], duplicate_of=original, comment=given["comment"])


class ContractForm(forms.Form):
    """The contract: it opens the deal, or makes the one that is there prepaid."""

    to = forms.ChoiceField(label=_("Kind of contract"), widget=forms.RadioSelect)
    contract_number = Text(label=_("Contract number"), max_length=50, required=False)
    contract_date = Day(label=_("Date"), required=False)
    amount = Roubles(label=_("Price, ₽"), error_messages={"required": _("Enter the price in whole roubles")})
    prepayment = Roubles(label=_("Prepayment, ₽"), required=False)
    lawyer = forms.TypedChoiceField(label=_("Lawyer"), coerce=int, empty_value=None, required=False)

    def __init__(
        self, data: Any = None, *, lead: Lead, allowed: Collection[str], lawyers: Iterable[User], to: str = ""
    ) -> None:
        deal = getattr(lead, "deal", None)
        initial: dict[str, Any] = {"contract_date": timezone.localtime(clock.now()).date()}
        if deal is not None:
            names = ("contract_number", "contract_date", "amount", "prepayment")
            initial |= {name: getattr(deal, name) for name in names if getattr(deal, name)}
        kinds = [(status.value, status.label) for status in SIGNED if status in allowed]
        initial["to"] = to if to in dict(kinds) else kinds[0][0] if kinds else ""
        lawyers = list(lawyers)
        if lawyers and deal is None:
            initial["lawyer"] = lawyers[0].pk
        super().__init__(data, initial=initial)
        self.fields["to"].choices = kinds  # type: ignore[attr-defined]
        if deal is None:
            self.fields["lawyer"].choices = [(row.pk, f"{row} — {_deals(row.load)}") for row in lawyers]  # type: ignore[attr-defined]
        else:
            del self.fields["lawyer"]

    def move(self) -> Move:
        given = dict(self.cleaned_data)
        to = Status(given.pop("to"))
        if to == Status.CONTRACT:
            given["prepayment"] = None  # typed before the kind was changed
        return Move(to, **{name: value for name, value in given.items() if value not in (None, "")})


def _deals(count: int) -> str:
    return ngettext("%(count)s deal", "%(count)s deals", count) % {"count": count}
