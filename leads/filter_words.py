"""What the filters of an address and their values are called: on the filter bar, in saved views, in files."""

from __future__ import annotations

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deals.filters import DUE
from leads.attention import Attention
from leads.board import people_of_call_centre
from leads.counting import ME, NOBODY
from leads.listing import DUPLICATES, LABELS, TASKS
from leads.pipeline import JunkReason, Status
from sources.lookup import SourceLookup
from team.models import User
from team.roles import Right, may

Choices = dict[str, list[tuple[str, str]]]

NAMES = {
    **LABELS,
    "from": gettext_lazy("From"),
    "to": gettext_lazy("To"),
    "q": gettext_lazy("Search"),
    "stage": gettext_lazy("Stage"),
    "owner": gettext_lazy("Lawyer"),
    "contract": gettext_lazy("Contract number"),
    "court": gettext_lazy("Court"),
    "due": gettext_lazy("Term"),
    "signed_from": gettext_lazy("Signed from"),
    "signed_to": gettext_lazy("Signed until"),
    "kind": gettext_lazy("Kind"),
    "who": gettext_lazy("Assignee"),
}


def choices_of_filters(by: User) -> Choices:
    """Filter -> its values with their names, as far as `by` may know them. Two queries at most."""
    people = [(str(person.pk), str(person)) for person in people_of_call_centre()] if may(by, Right.SEE_ALL) else []
    return {
        "status": [(status.value, str(status.label)) for status in Status],
        "junk_reason": [(reason.value, str(reason.label)) for reason in JunkReason],
        "source": [(source.code, source.name) for source in SourceLookup.read().sources()],
        "responsible": [(ME, _("Me")), (NOBODY, _("Nobody")), *people],
        "task": [(code, str(label)) for code, label in TASKS.items()],
        "attention": [(what.value, str(what.label)) for what in Attention],
        "meeting": [("week", _("This week"))],
        "duplicates": [(code, str(label)) for code, label in DUPLICATES.items()],
        "due": [(code, str(label)) for code, label in DUE.items()],
    }


def filters_in_words(query: str, *, by: User) -> list[str]:
    """The filters of an address, as far as they have names: «Статус: Прозвон, Визит»."""
    given = QueryDict(query)
    chosen = {name: [value for value in given.getlist(name) if value] for name in given if name in NAMES}
    if not any(chosen.values()):
        return []
    called = {name: dict(pairs) for name, pairs in choices_of_filters(by).items()}
    return [
        f"{NAMES[name]}: {', '.join(called.get(name, {}).get(value, value) for value in values)}"
        for name, values in chosen.items()
        if values
    ]
