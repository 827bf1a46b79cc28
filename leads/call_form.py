"""The result of a call as it is told on the card: the six of «Мой день», and what else a call or a meeting comes to."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from leads.forms import CALL_BACK, MEETING, NOTHING, POSTPONED, Choices, ClosableRadios, ReasonField, TouchForm
from leads.models import Lead, Office
from leads.pipeline import CLOSED, Move, Status
from leads.results import Outcomes, Result
from leads.touch_policy import Outcome

JUNK = "junk"
THEN = {Result.MEETING: MEETING, Result.CALL_BACK: CALL_BACK, Result.POSTPONED: POSTPONED, Result.JUNK: JUNK}
ASKS = {Result.MEETING: Status.MEETING, Result.POSTPONED: Status.POSTPONED, Result.JUNK: Status.JUNK}


class CallForm(TouchForm):
    """A result with what it asks for; one that the lead's status does not lead to is shown, closed.

    `result` stands for the outcome and what follows from it; the two may also be named themselves.
    """

    result = forms.ChoiceField(
        label=_("How did the call end"),
        required=False,
        widget=ClosableRadios,
        error_messages={"invalid_choice": _("Choose how the call ended")},
    )
    junk_reason = ReasonField()

    def __init__(
        self,
        data: Any = None,
        *,
        lead: Lead,
        allowed: Collection[str],
        offices: Iterable[Office],
        closed_reasons: Collection[str] = (),
    ) -> None:
        super().__init__(data, lead=lead, allowed=allowed, offices=offices, pane="call")
        fields: Any = self.fields
        fields["outcome"].required = False
        more: Choices = [(Outcome.ANSWERED, pgettext("result of a call", "Reached"))]
        if lead.status == Status.MEETING:
            more.append((Outcome.NO_SHOW, Outcome.NO_SHOW.label))
        fields["result"].choices = [*Result.choices, *more]
        closed = [result.value for result, status in ASKS.items() if status not in allowed]
        fields["result"].widget.closed = [*closed, CALL_BACK] if lead.status in CLOSED else closed
        fields["junk_reason"].widget.closed = closed_reasons

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        result = given.get("result", "")
        if result in Result.values:
            told = Outcomes(Result(result), junk_reason=given.get("junk_reason", ""))
            given |= {"outcome": told.touch().outcome, "then": THEN.get(told.result, NOTHING)}
            if told.result == Result.JUNK and not told.junk_reason and "junk_reason" not in self.errors:
                self.add_error("junk_reason", gettext("Choose a reason"))
        elif result:
            given["outcome"] = result
        elif not given.get("outcome") and "result" not in self.errors:
            self.add_error("result", gettext("Choose how the call ended"))
        return super().clean()

    @property
    def is_busy(self) -> bool:
        """Was the line busy, so that the client is called again soon?"""
        return bool(self.cleaned_data.get("result") == Result.BUSY)

    def move(self) -> Move | None:
        given = self.cleaned_data
        if given["then"] == JUNK:
            return Move(Status.JUNK, junk_reason=given["junk_reason"], comment=given["comment"])
        return super().move()
