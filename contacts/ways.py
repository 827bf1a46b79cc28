"""The messengers by which a client can be written to, each with its link to one number."""

from __future__ import annotations

from dataclasses import dataclass

from contacts.messengers import link_to, link_with_text
from contacts.models import Messenger


@dataclass(frozen=True)
class Way:
    """A messenger with its link to this client. `bare_link` still has `{text}` in it, for the page to fill in."""

    messenger: Messenger
    phone: str

    @property
    def bare_link(self) -> str:
        return link_with_text(self.messenger.link, self.phone)

    @property
    def takes_text(self) -> bool:
        """Whether the link types the message in; else it is copied by hand."""
        return "{text}" in self.messenger.link

    @property
    def chat(self) -> str:
        """The link to the client without a word."""
        return self.link("")

    def link(self, text: str) -> str:
        return link_to(self.messenger.link, self.phone, text)


def ways_to(phone: str) -> list[Way]:
    """The ways that may be chosen, in the order of the catalogue. One query."""
    return [Way(row, phone) for row in Messenger.objects.filter(active=True)]
