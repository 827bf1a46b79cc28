"""The form of a message to the client of a lead, which becomes a touch once it was sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from contacts.message_form import MessageForm
from contacts.models import Messenger
from leads.touch_policy import Outcome
from leads.touches import NewTouch
from tasks.models import Kind


class LeadMessageForm(MessageForm):
    """A message for a kind of task, or none."""

    def __init__(
        self, data: Any = None, *, messengers: Iterable[Messenger], messenger: str, text: str, task_kind: str
    ) -> None:
        super().__init__(data, messengers=messengers, messenger=messenger, text=text)
        self.task_kind = task_kind

    def touch(self) -> NewTouch:
        given = self.cleaned_data
        return NewTouch(
            channel=given["messenger"],
            outcome=Outcome.SENT,
            comment=given["text"],
            sends_address=self.task_kind == Kind.SEND_ADDRESS,
        )
