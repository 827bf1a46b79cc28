"""What is typed on «Мой день»: one of six results with what it asks for, and why a client is skipped.

Moments are chosen from chips or typed, on the client's clock. The rules are those of the verbs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm.form_fields import EARLIEST, LATEST, Moment, Text
from leads.applications import COMMENT
from leads.day import Client
from leads.forms import ReasonField, office_choices
from leads.models import Office
from leads.pipeline import JunkReason
from leads.results import Outcomes, Result
from tasks.worktime import at_local, is_open

OTHER = "other"
SOON = {"+30": timedelta(minutes=30), "+120": timedelta(hours=2)}
POSTPONED_BY = (3, 7, 14, 30)  # days


@dataclass(frozen=True)
class Chip:
    """A moment that can be chosen with one press; `closed` says why it cannot be."""

    value: str
    label: str
    closed: str = ""


class ResultForm(forms.Form):
    """How the call ended. The fields of the other results are not looked at."""

    result = forms.ChoiceField(choices=Result, error_messages={"required": _("Choose how the call ended")})
    call_back = forms.CharField(required=False, max_length=40)
    call_back_at = Moment(label=_("When to call back"), required=False)
    meeting = forms.CharField(required=False, max_length=40)
    meeting_at = Moment(label=_("Date and time of the meeting"), required=False)
    office = forms.ChoiceField(label=_("Office"), required=False)
    postponed = forms.CharField(required=False, max_length=40)
    callback_at = Moment(label=_("When to come back to it"), required=False)
    junk_reason = ReasonField()
    give_up = forms.BooleanField(required=False)
    comment = Text(label=_("Comment"), max_length=COMMENT, required=False)

    # result -> (its chips, its typed moment, what is said without either)
    MOMENTS = {
        Result.CALL_BACK: ("call_back", "call_back_at", _("Enter when to call back")),
        Result.MEETING: ("meeting", "meeting_at", _("Enter the date and time of the meeting")),
        Result.POSTPONED: ("postponed", "callback_at", _("Enter when to call back")),
    }

    def __init__(self, data: Any = None, *, client: Client, offices: Iterable[Office]) -> None:
        present = client.lead.office.code if client.lead.office else ""
        super().__init__(data, initial={"office": present}, auto_id="r_%s")
        self.client = client
        self.moment: datetime | None = None
        fields: Any = self.fields
        fields["office"].choices = office_choices(offices)
        fields["junk_reason"].widget.closed = [JunkReason.NO_ANSWER.value] if client.gate else []
        for name in ("call_back_at", "meeting_at", "callback_at"):
            fields[name].zone = client.lead.zone

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        result = given.get("result", "")
        if result in self.MOMENTS:
            chips, typed, missing = self.MOMENTS[Result(result)]
            self.moment = self._moment(given.get(chips, "")) or given.get(typed)
            if self.moment is None and typed not in self.errors:
                self.add_error(typed, missing)
        elif result == Result.JUNK and not given.get("junk_reason") and "junk_reason" not in self.errors:
            self.add_error("junk_reason", gettext("Choose a reason"))
        return given

    def _moment(self, chosen: str) -> datetime | None:
        if chosen in SOON:
            return self.client.at + SOON[chosen]
        try:
            moment = datetime.fromisoformat(chosen.replace(" ", "+"))
            return moment if moment.tzinfo and EARLIEST < moment < LATEST else None
        except (ValueError, OverflowError):
            return None

    def outcomes(self) -> Outcomes:
        """What the verb takes."""
        given = self.cleaned_data
        result, reason = Result(given["result"]), given["junk_reason"]
        if result == Result.NO_ANSWER and given["give_up"]:
            result, reason = Result.JUNK, JunkReason.NO_ANSWER.value
        return Outcomes(
            result=result,
            at=self.moment,
            office=given["office"],
            junk_reason=reason if result == Result.JUNK else "",
            comment=given["comment"],
        )

    def call_back_chips(self) -> list[Chip]:
        """In half an hour, in two hours, this evening, and the next two days for calling."""
        client = self.client
        hours, zone, at = client.catalogue.hours, client.lead.zone, client.at
        names = {"+30": gettext("in 30 min"), "+120": gettext("in 2 hours")}
        chips = [
            Chip(value, names[value], "" if is_open(at + wait, zone, hours) else gettext("It will be night there"))
            for value, wait in SOON.items()
        ]
        today = at.astimezone(zone).date()
        days = self._open_days(2)
        planned = [(today, time(18)), *zip(days, (time(10), time(12)), strict=False)]
        moments = [at_local(day, moment, zone) for day, moment in planned]
        return [*chips, *(self._chip(moment) for moment in moments if moment > at and is_open(moment, zone, hours))]

    def meeting_chips(self) -> list[Chip]:
        """Late morning and afternoon of the next two days."""
        zone = self.client.lead.zone
        return [
            self._chip(at_local(day, moment, zone)) for day in self._open_days(2) for moment in (time(11, 30), time(15))
        ]

    def postponed_chips(self) -> list[Chip]:
        """Some days ahead, at eleven."""
        client = self.client
        today = client.at.astimezone(client.lead.zone).date()
        return [self._chip(at_local(today + timedelta(days=days), time(11), client.lead.zone)) for days in POSTPONED_BY]

    def _open_days(self, count: int) -> list[date]:
        """The next `count` days for calling after the client's today."""
        client = self.client
        today = client.at.astimezone(client.lead.zone).date()
        following = (today + timedelta(days=number) for number in range(1, 30))
        return [day for day in following if client.catalogue.hours.days.is_for_calling(day)][:count]

    def _chip(self, moment: datetime) -> Chip:
        local = moment.astimezone(self.client.lead.zone)
        distance = (local.date() - self.client.at.astimezone(self.client.lead.zone).date()).days
        told = {"time": local.strftime("%H:%M")}
        if distance == 0:
            label = gettext("today at %(time)s") % told
        elif distance == 1:
            label = gettext("tomorrow at %(time)s") % told
        elif distance < 7:
            label = gettext("%(day)s at %(time)s") % {**told, "day": date_format(local, "D").lower()}
        else:
            label = gettext("%(day)s at %(time)s") % {**told, "day": date_format(local, "j E")}
        return Chip(moment.astimezone(UTC).isoformat(), label)


class SkipForm(forms.Form):
    """Why a client is skipped: one of the usual reasons, or in words."""

    reason = forms.ChoiceField(choices=[("busy", _("Not now")), ("no_facts", _("No facts")), (OTHER, _("Other"))])
    words = Text(max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("reason") == OTHER and not given.get("words"):
            self.add_error("words", gettext("Say why the client is skipped"))
        return given

    def told(self) -> str:
        """The reason in words."""
        given = self.cleaned_data
        labels = dict(self.fields["reason"].choices)  # type: ignore[attr-defined]
        return str(given["words"] or labels[given["reason"]])
