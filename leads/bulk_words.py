"""What bulk actions are said to have done, in the reader's language: «Передано 12 лидов Орлову»."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.templatetags.crm_format import number
from leads.models import BulkAction
from leads.pipeline import JunkReason, Status
from team.models import User
from team.names import to_whom

Kind = BulkAction.Kind


def result(bulk: BulkAction) -> str:
    """What was done, and on how many leads. One query for a hand-over."""
    count = bulk.granted
    if not count:
        return _("Nothing was changed")
    said = {"count": number(count)}
    match bulk.kind:
        case Kind.ASSIGN:
            return _handed_over(bulk, count)
        case Kind.SHARE:
            sentence = ngettext("%(count)s lead was distributed", "%(count)s leads were distributed", count)
        case Kind.STATUS:
            said["status"] = status_of(bulk)
            sentence = ngettext("%(count)s lead: “%(status)s”", "%(count)s leads: “%(status)s”", count)
        case Kind.TASK:
            sentence = ngettext("A task was set on %(count)s lead", "A task was set on %(count)s leads", count)
        case _:
            sentence = ngettext("Undone on %(count)s lead", "Undone on %(count)s leads", count)
    return sentence % said


def refused(bulk: BulkAction) -> str:
    """How many leads refused; empty if none did."""
    if not bulk.refused:
        return ""
    said = ngettext("%(count)s lead stays as it was", "%(count)s leads stay as they were", bulk.refused)
    return said % {"count": number(bulk.refused)}


def _handed_over(bulk: BulkAction, count: int) -> str:
    person = User.objects.filter(pk=bulk.terms.get("responsible")).first()
    name = str(person) if person else "—"
    if who := to_whom(name):
        said = ngettext("%(count)s lead handed over to %(who)s", "%(count)s leads handed over to %(who)s", count)
        return said % {"count": number(count), "who": who}
    said = ngettext("%(count)s lead handed over: %(name)s", "%(count)s leads handed over: %(name)s", count)
    return said % {"count": number(count), "name": name}


def status_of(bulk: BulkAction) -> str:
    """The status that was asked for, with the reason."""
    label, reason = str(Status(bulk.terms["to"]).label), bulk.terms.get("junk_reason")
    return f"{label}: {JunkReason(reason).label}" if reason in JunkReason.values else label
