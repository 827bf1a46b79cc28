"""What the frame of every page shows of the person who is signed in, beside what Django's own processors give."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.db.models import Count, Max, OuterRef, Subquery
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from crm import clock
from team.actions import OFF
from team.models import Notice, ShiftPeriod, User
from team.notices import Seen
from team.roles import Right, may


class Frame:
    """Shift and notices of a colleague, in one query when the first of them is asked for."""

    def __init__(self, user_id: int) -> None:
        self._user_id = user_id

    def _asked(self) -> dict[str, Subquery]:
        shift = ShiftPeriod.objects.filter(user=OuterRef("pk"), ended_at__isnull=True).values("state")[:1]
        unread = Notice.objects.filter(recipient=OuterRef("pk"), read_at__isnull=True).order_by().values("recipient")
        return {
            "shift": Subquery(shift),
            "unread": Subquery(unread.annotate(n=Count("pk")).values("n")),
            "newest": Subquery(unread.annotate(last=Max("pk")).values("last")),
        }

    @cached_property
    def _row(self) -> dict[str, Any]:
        return dict(User.objects.values(**self._asked()).get(pk=self._user_id))

    @cached_property
    def shift(self) -> str:
        return self._row["shift"] or OFF

    @cached_property
    def seen(self) -> Seen:
        """What the bell of this page shows."""
        at = clock.now()  # before the look: what comes in between is told twice rather than never
        return Seen(self._row["unread"] or 0, self._row["newest"] or 0, at)


def presence(request: HttpRequest, of_operators: type[Frame] = Frame) -> dict[str, Any]:
    """`bell`; and `shift_state` ("on", "break", "off") of those who are given leads: others have no shift to show.

    Their frame is made by `of_operators`, which may know more of them.

    Both are read when a template asks for them, so that fragments without the frame cost no query.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    takes_leads = may(user, Right.TAKE_LEAD)
    frame = of_operators(user.pk) if takes_leads else Frame(user.pk)
    shown: dict[str, Any] = {"bell": frame}
    if takes_leads:
        shown["shift_state"] = SimpleLazyObject(lambda: frame.shift)
    return shown
