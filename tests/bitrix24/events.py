"""The portal's outgoing webhook: messages with a token, lost, doubled and out of order by a seeded plan."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from urllib.parse import urlencode

from tests.bitrix24.crm_of_portal import Crm

TOKEN = "t0ken-of-the-outgoing-webhook"


@dataclass
class Messages:
    """What has happened at the portal since it was asked last; `bodies` are the forms that it posts."""

    crm: Crm
    lost: float = 0.0
    doubled: float = 0.0
    seed: int = 0
    happened: list[tuple[str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self.crm.happened = lambda event, number: self.happened.append((event, number))

    def bodies(self) -> list[str]:
        waiting, self.happened = self.happened, []
        if self.lost or self.doubled:
            waiting += [one for one in waiting if self._chance.random() < self.doubled]
            waiting = [one for one in waiting if self._chance.random() >= self.lost]
            self._chance.shuffle(waiting)
        return [body(event, number) for event, number in waiting]


def body(event: str, number: int | str, token: str = TOKEN) -> str:
    """One message, as it is posted."""
    return urlencode(
        {
            "event": event,
            "event_handler_id": "707",
            "data[FIELDS][ID]": str(number),
            "ts": "1742807175",
            "auth[domain]": "portal.example",
            "auth[application_token]": token,
        }
    )
