"""What a call of the portal may come to besides an answer. The difference that matters: may it have happened or not.

No text in here holds the webhook's address; the client has masked the portal's words.
"""

from __future__ import annotations

from datetime import datetime


class Outcome(Exception):
    """A call that brought no result; its text is what the portal or the line said."""


class Refusal(Outcome):
    """The portal looked at what was sent and does not take it. It did not happen, and a repetition would not help."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text or code or f"HTTP {status}")
        self.status = status
        self.code = code


class Gone(Refusal):
    """The object is not there (any more)."""


class Unclear(Outcome):
    """Time-out, reset, 5xx, HTML, cut JSON: it may have happened."""


class Unsent(Outcome):
    """There was no connection. It did not happen."""


class Limited(Outcome):
    """503 QUERY_LIMIT_EXCEEDED: the whole portal is to be left alone for a while. It did not happen."""


class MethodLimited(Outcome):
    """429 OPERATION_TIME_LIMIT: this method is to be left alone until `until` (aware). It did not happen."""

    def __init__(self, text: str, until: datetime) -> None:
        super().__init__(text)
        self.until = until


class MethodForbidden(Outcome):
    """The webhook lacks the scope or the right for this method; others may work. It did not happen."""


class Locked(Outcome):
    """The webhook is revoked, or the portal is blocked, unpaid or deleted: a person has to act. It did not happen."""
