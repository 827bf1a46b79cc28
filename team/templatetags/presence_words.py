"""Who is in a card, in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from team.presence import Visitor

register = template.Library()


@register.filter
def who_is_here(visitors: Sequence[Visitor]) -> str:
    """«Денис Орлов сейчас в этой карточке.», with how many more there are."""
    rest = len(visitors) - 1
    name = visitors[0].name
    if not rest:
        return _("%(name)s is in this card now.") % {"name": name}
    said = ngettext(
        "%(name)s and %(count)s more colleague are in this card now.",
        "%(name)s and %(count)s more colleagues are in this card now.",
        rest,
    )
    return said % {"name": name, "count": rest}


@register.filter
def calls_for(visitor: Visitor, at: datetime) -> str:
    """«Звонит клиенту 1 мин 20 с.»; empty for who does not."""
    if visitor.calls_since is None:
        return ""
    minutes, seconds = divmod(max(0, int((at - visitor.calls_since).total_seconds())), 60)
    parts = [pgettext("minutes", "%(count)d min") % {"count": minutes}] if minutes else []
    parts.append(_("%(count)d s") % {"count": seconds})
    return _("With the client on the phone for %(time)s.") % {"time": " ".join(parts)}
