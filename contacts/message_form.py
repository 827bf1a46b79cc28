"""The form of a message to a client, whatever it is about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from contacts.messengers import LONGEST_MESSAGE
from contacts.models import Messenger
from crm.form_fields import Text


class MessageForm(forms.Form):
    """By which messenger, and the text as it was edited. `text` and `messenger` are what is shown at first."""

    messenger = forms.ChoiceField(
        label=_("Messenger"),
        error_messages={"required": _("Choose a messenger"), "invalid_choice": _("Choose a messenger")},
    )
    text = Text(
        label=_("What will be sent"),
        max_length=LONGEST_MESSAGE,
        rows=6,
        error_messages={"required": _("Write the message")},
    )

    def __init__(self, data: Any = None, *, messengers: Iterable[Messenger], messenger: str, text: str) -> None:
        codes = [(row.code, row.name) for row in messengers]
        first = messenger if messenger in dict(codes) else codes[0][0] if codes else ""
        super().__init__(data, initial={"messenger": first, "text": text}, auto_id="message_%s")
        self.fields["messenger"].choices = codes  # type: ignore[attr-defined]
