"""One twin at the portal for each object of ours, whatever fails between.

The portal knows no idempotency: a creation that seems to have failed may have happened. So the intention is written
down first, and after an unknown outcome the portal is looked through by origin, at least twice over a minute, before
anything is created. Two found are an alarm; none is deleted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from bitrix24 import line
from bitrix24.outcomes import Refusal, Unclear
from bitrix24.session import Session
from crm import clock
from crm.transactions import verb
from outbox.actions import mark_all
from outbox.delivery import Closed, Later
from outbox.models import Link

ORIGINATOR = "BFLCRM"
LOOK_AFTER = (1, 5, 30, 30)  # seconds before each look
SURE_AFTER = timedelta(seconds=60)  # the portal ends a call after a minute, so what is not there by then will not come
SURE_LOOKS = 2
# An object this young cannot have been told before; an older one may have been, by a database that was restored since.
YOUNG = timedelta(minutes=10)

Look = Callable[[], list[int]]
Create = Callable[[], int]


def digest(told: Any) -> str:
    """What tells two payloads apart."""
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str, ensure_ascii=False).encode()).hexdigest()


def make_twin(link: Link, session: Session, *, made_at: datetime, look: Look, create: Create) -> bool:
    """Find the twin or create it, and write its id down. True when it was created just now.

    Raises Later while it is not yet clear whether an earlier creation happened, and whatever `look` and `create` raise.
    """
    if link.creating_since is not None or clock.now() - made_at > YOUNG:
        if found := look():
            adopt(link, found)
            return False
        if link.creating_since is not None:
            _require_certainty(link)
    link.creating_since, link.looks = clock.now(), 0
    link.save(update_fields=["creating_since", "looks"])
    try:
        number = create()
    except Unclear as unclear:
        session.require_portal(unclear)
        raise Later(clock.now() + timedelta(seconds=LOOK_AFTER[0]), str(unclear)) from None
    except (Refusal, Later, Closed):  # it certainly did not happen
        link.creating_since = None
        link.save(update_fields=["creating_since"])
        raise
    link.remote_id, link.creating_since = number, None
    link.save(update_fields=["remote_id", "creating_since"])
    return True


def _require_certainty(link: Link) -> None:
    """Return when an earlier creation can be taken for not having happened. Raises Later."""
    link.looks += 1
    link.save(update_fields=["looks"])
    now = clock.now()
    assert link.creating_since is not None
    if link.looks < SURE_LOOKS or now - link.creating_since < SURE_AFTER:
        wait = LOOK_AFTER[min(link.looks, len(LOOK_AFTER) - 1)]
        raise Later(now + timedelta(seconds=wait), _("Looking whether it arrived after all"))


def adopt(link: Link, found: list[int]) -> None:
    """Take the oldest of those found for the twin; its content is brought up to date like any other's."""
    link.remote_id, link.creating_since, link.looks, link.digest = min(found), None, 0, ""
    link.save(update_fields=["remote_id", "creating_since", "looks", "digest"])
    if len(found) > 1:
        line.alarm(f"several:{link.origin}", several(link.kind, found))


def several(kind: str, found: list[int]) -> str:
    """The words of an alarm."""
    numbers = ", ".join(str(number) for number in sorted(found))
    return _("Several objects of one origin at the portal: %(kind)s %(numbers)s") % {"kind": kind, "numbers": numbers}


def told(link: Link, sent: str, **values: str) -> None:
    """Write down what the twin was told last (digest), and digests of the multiple values that are ours there."""
    link.digest, link.told_at, link.gone_at = sent, clock.now(), None
    link.values = {**link.values, **values}
    link.save(update_fields=["digest", "told_at", "gone_at", "values"])
    line.told()


def forget(link_id: int) -> None:
    """The twin was deleted at the portal and somebody wants a new one."""
    Link.objects.filter(pk=link_id).update(
        remote_id=None, digest="", values={}, gone_at=None, creating_since=None, looks=0
    )


@verb
def send_again(links: Sequence[Link]) -> None:
    """Tell these once more, whether or not they have changed here."""
    Link.objects.filter(pk__in=[link.pk for link in links]).update(digest="")
    mark_all((link.kind, link.object_id) for link in links)
