"""A form is sent once: each carries a one-time token, and a repeat (double click, reload) gets the first result.

The token is stored in the transaction of what the form did, so the two are never apart.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

from django.http import HttpRequest

from crm import clock
from crm.transactions import verb
from team.models import SentForm, User

FIELD = "token"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,64}")


def new_token(request: HttpRequest) -> str:
    """The token of the form to be shown: the one it was sent with (it has not succeeded), else a fresh one."""
    return _sent(request) or secrets.token_urlsafe(16)


def _sent(request: HttpRequest) -> str:
    token = request.POST.get(FIELD, "")
    return token if _TOKEN.fullmatch(token) else ""


def once(request: HttpRequest, do: Callable[[], str]) -> str:
    """Run `do` (verbs; it answers the address to go on to) unless this form was sent before; the address, either way.

    A form without a token is not recognised again. Raises what `do` raises; then nothing is stored.
    """
    token, by = _sent(request), request.user
    return _once(token, request.path[:200], by, do) if token and isinstance(by, User) else do()


def sent_before(request: HttpRequest) -> str:
    """The address that this form led to when it was sent before; empty if it was not."""
    token, by = _sent(request), request.user
    if not token or not isinstance(by, User):
        return ""
    row = SentForm.objects.filter(by=by, form=request.path[:200], token=token).first()
    return row.answer if row else ""


@verb
def _once(token: str, form: str, by: User, do: Callable[[], str]) -> str:
    earlier = SentForm.objects.filter(by=by, form=form, token=token).first()
    if earlier is not None:
        return earlier.answer
    answer = do()
    # Of two sent at once the second finds the token taken; the whole verb runs again then, and finds this row.
    SentForm.objects.create(by=by, form=form, token=token, answer=answer, created_at=clock.now())
    return answer
