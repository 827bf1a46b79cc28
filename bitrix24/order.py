"""What must be at the portal before something else: a contact before its lead, a lead before its deal and its tasks."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext as _

from crm import clock
from crm.transactions import verb
from outbox.actions import mark
from outbox.delivery import Later
from outbox.models import Link, Mark

SOON = timedelta(seconds=3)
AFTER_PARKED = timedelta(minutes=5)


def twin_before(kind: str, pk: int) -> int | None:
    """The twin's id, or None when somebody decided that this object is not told. Raises Later while it has its turn."""
    link = Link.objects.filter(kind=kind, object_id=pk).first()
    if link is not None and link.remote_id is not None:
        return link.remote_id
    before = Mark.objects.filter(kind=kind, object_id=pk).first()
    now = clock.now()
    if before is None:
        verb(mark)(kind, pk)  # it has not changed since the outside has been told of anything
    elif not before.pending:
        return None
    elif before.parked_at is not None and before.tried == before.change:
        raise Later(now + AFTER_PARKED, _("Waits for what has been refused: %(what)s") % {"what": f"{kind} {pk}"})
    raise Later(now + SOON)
