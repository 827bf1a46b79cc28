"""The ways in which a verb says no. Verbs raise these; `errors_api.py` and `errors_web.py` turn them into answers.

An object that the acting person may not see is not an error of its own: the verb raises the model's `DoesNotExist`,
which every edge answers with 404.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class Refused(Exception):
    """A rule of the business forbids it now (HTTP 409).

    `code` is stable and for programs, `detail` is a sentence for people in the active language that says what is
    possible instead, `allowed` the status codes that are open to this person (None where statuses are not the matter).
    """

    def __init__(self, code: str, detail: str, allowed: Sequence[str] | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.allowed = None if allowed is None else [str(status) for status in allowed]


class Invalid(Exception):
    """What was given is missing or wrong (HTTP 400): field name -> sentences in the active language."""

    def __init__(self, fields: Mapping[str, str | Sequence[str]]) -> None:
        self.fields = {name: [said] if isinstance(said, str) else list(said) for name, said in fields.items()}
        super().__init__("; ".join(f"{name}: {' '.join(said)}" for name, said in self.fields.items()))


class Forbidden(Exception):
    """The object may be seen, but this is not for this person to do (HTTP 403)."""

    code = "forbidden"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Busy(Exception):
    """The database could not serve the transaction after several tries (HTTP 503 with Retry-After)."""

    code = "busy"
