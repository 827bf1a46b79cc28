"""What must be true of the whole database after anything: the promises that tests of races, walks and the demo count.

Each function answers the rows that break its promise, so an empty list is what is wanted. They read the tables with
plain queries and ask none of the product's rules.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db.models import Count, F, Q

from contacts.models import Contact
from deals.models import Deal
from history.models import Event
from leads.models import Lead
from outbox.models import Mark
from tasks.models import Task

CHANGES = {
    "new": {"dialing", "meeting", "postponed", "visit", "junk"},
    "dialing": {"meeting", "postponed", "visit", "junk"},
    "postponed": {"dialing", "meeting", "visit", "contract", "contract_prepaid", "junk"},
    "meeting": {"visit", "contract", "contract_prepaid", "postponed", "dialing", "meeting", "junk"},
    "visit": {"contract", "contract_prepaid", "postponed", "meeting", "junk"},
    "contract": {"contract_prepaid"},
    "contract_prepaid": set(),
    "junk": {"dialing"},
}


BEGINNINGS = (Event.Kind.CREATED, Event.Kind.IMPORTED)  # the second with the facts of a former base


def cards_that_share_a_number() -> list[object]:
    return list(Contact.objects.values("phone").annotate(n=Count("pk")).filter(n__gt=1))


def cards_with_several_originals() -> list[object]:
    originals = Lead.objects.filter(duplicate_of=None, retired_at=None, contact__isnull=False)
    return list(originals.values("contact").annotate(n=Count("pk")).filter(n__gt=1))


def cards_without_an_original() -> list[object]:
    """A card is made by a lead: it has an original of its own, or its leads are duplicates of another number's."""
    return list(Contact.objects.filter(leads__isnull=False).exclude(leads__retired_at=None))


def duplicates_of_a_duplicate() -> list[object]:
    return list(Lead.objects.filter(duplicate_of__duplicate_of__isnull=False))


def duplicates_that_are_worked() -> list[object]:
    frozen = Lead.objects.filter(duplicate_of__isnull=False)
    busy = Q(tasks__state="open") | ~Q(status="junk") | ~Q(junk_reason="duplicate")
    return list(frozen.filter(busy))


def duplicates_with_another_responsible() -> list[object]:
    pairs = Lead.objects.filter(duplicate_of__isnull=False).select_related("duplicate_of")
    return [row for row in pairs if row.duplicate_of and row.responsible_id != row.duplicate_of.responsible_id]


def reasons_that_do_not_fit() -> list[object]:
    return list(Lead.objects.filter(Q(status="junk", junk_reason="") | (~Q(status="junk") & ~Q(junk_reason=""))))


def signed_leads_without_one_deal() -> list[object]:
    signed = Q(status__in=["contract", "contract_prepaid"])
    return list(Lead.objects.filter(signed, deal=None)) + list(
        Deal.objects.exclude(lead__in=Lead.objects.filter(signed))
    )


def deals_that_differ_from_their_lead() -> list[object]:
    differs = ~Q(contact=F("lead__contact")) | ~Q(source=F("lead__source"))
    return list(Deal.objects.filter(lead__contact__isnull=False).filter(differs))


def standing(lead: Lead) -> list[Event]:
    """The rows of a lead's history, oldest first, without those that a later row takes back."""
    rows = sorted(lead.events.all(), key=lambda event: event.pk)
    undone = {row.old for row in rows if row.kind == Event.Kind.UNDONE}
    return [row for row in rows if str(row.pk) not in undone]


def histories_with_a_gap() -> list[object]:
    """Each lead's status rows lead from the first status to the present one, each by an allowed move."""
    wrong = []
    for lead in Lead.objects.prefetch_related("events"):
        rows = standing(lead)
        here = next((row.new for row in rows if row.kind in BEGINNINGS), None)
        for row in rows:
            if row.kind != Event.Kind.STATUS:
                continue
            joined = row.new == "junk" and row.reason == "duplicate"  # a number given later may close even junk
            if row.old != here or (row.new not in CHANGES[row.old] and not joined):
                wrong.append((lead.pk, here, row.old, row.new))
            here = row.new
        if here != lead.status:
            wrong.append((lead.pk, here, lead.status))
    return wrong


def milestones_that_history_does_not_know() -> list[object]:
    """A milestone is there exactly when history shows its status, and its time is the first one."""
    wrong = []
    stamps = {
        "meeting": ("reached_meeting_at",),
        "visit": ("reached_visit_at",),
        "contract": ("reached_contract_at",),
        "contract_prepaid": ("reached_contract_at", "reached_prepaid_at"),
    }
    for lead in Lead.objects.prefetch_related("events"):
        first: dict[str, object] = {}
        for row in standing(lead):
            if row.kind == Event.Kind.IMPORTED:
                facts = {name: row.data[name] for name in stamps.get(row.new, ())}
                first |= {name: datetime.fromisoformat(moment) for name, moment in facts.items()}
            if row.kind == Event.Kind.STATUS:
                for name in stamps.get(row.new, ()):
                    first.setdefault(name, row.at)
        for name in ("reached_meeting_at", "reached_visit_at", "reached_contract_at", "reached_prepaid_at"):
            if getattr(lead, name) != first.get(name):
                wrong.append((lead.pk, name))
    return wrong


def open_tasks_of_a_left_status() -> list[object]:
    ruled = Task.objects.filter(state="open", automatic=True, step__isnull=False, lead__isnull=False)
    return list(ruled.exclude(stay=F("lead__stay")))


def automatic_tasks_that_exist_twice() -> list[object]:
    ruled = Task.objects.filter(automatic=True, step__isnull=False)
    return list(ruled.values("lead", "deal", "kind", "step", "stay").annotate(n=Count("pk")).filter(n__gt=1))


def repeats_that_are_not_heard() -> list[object]:
    """Each duplicate is told of on the timeline of an original."""
    told = Event.objects.filter(kind__in=[Event.Kind.REPEAT, Event.Kind.MARKED_DUPLICATE])
    heard = set(told.values_list("new", flat=True))
    duplicates = Lead.objects.filter(duplicate_of__isnull=False)
    return [pk for pk in duplicates.values_list("pk", flat=True) if str(pk) not in heard]


def wrong_counts_of_touches() -> list[object]:
    count = Count("touches", filter=Q(touches__undone_at=None))
    return list(Lead.objects.annotate(n=count).exclude(touches_count=F("n")))


def changes_the_outside_is_not_told_of() -> list[object]:
    marked = Mark.objects.filter(pending=True)
    leads = Lead.objects.exclude(pk__in=marked.filter(kind="lead").values("object_id"))
    contacts = Contact.objects.exclude(pk__in=marked.filter(kind="contact").values("object_id"))
    deals = Deal.objects.exclude(pk__in=marked.filter(kind="deal").values("object_id"))
    tasks = Task.objects.exclude(pk__in=marked.filter(kind="task").values("object_id"))
    return [*leads, *contacts, *deals, *tasks]


PROMISES: list[Callable[[], list[object]]] = [
    cards_that_share_a_number,
    cards_with_several_originals,
    cards_without_an_original,
    duplicates_of_a_duplicate,
    duplicates_that_are_worked,
    duplicates_with_another_responsible,
    reasons_that_do_not_fit,
    signed_leads_without_one_deal,
    deals_that_differ_from_their_lead,
    histories_with_a_gap,
    milestones_that_history_does_not_know,
    open_tasks_of_a_left_status,
    automatic_tasks_that_exist_twice,
    repeats_that_are_not_heard,
    wrong_counts_of_touches,
    changes_the_outside_is_not_told_of,
]


def broken() -> dict[str, list[object]]:
    """The promises that do not hold, with the rows that break them; empty when all is well."""
    return {promise.__name__: rows for promise in PROMISES if (rows := promise())}
