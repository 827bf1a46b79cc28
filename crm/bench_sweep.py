"""A measure of the periodic jobs over a large base: 100,000 open leads, of which a thousand are due (5 s are allowed).

For an empty database only: the rows are written past the verbs and obey their rules as far as the jobs look.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from django.core.management import call_command

from contacts.models import Contact
from crm import clock
from leads import distribution, first_call
from leads.models import Lead
from leads.pipeline import Status
from sources.models import Source
from tasks import jobs
from tasks.models import Kind, Task
from team.models import ShiftPeriod, User
from team.roles import Role

BATCH = 5000
OPERATORS = 10
STEPS: list[tuple[str, Callable[[], object]]] = [
    ("hand out", distribution.hand_out),
    ("pass on", distribution.pass_on),
    ("not called", first_call.escalate_uncalled),
    ("remind", jobs.remind),
    ("escalate", jobs.escalate),
]


def prepare(leads: int, due: int) -> None:
    """Write `leads` open leads with a task each, of which `due` are due, late, not called or without a responsible.

    Every fourth of those is in the pool, and the operators who could have it are on line.
    """
    call_command("loadcatalogs", verbosity=0)
    at = clock.now()
    source = Source.objects.order_by("pk")[0]
    people = [
        User(username=f"bench{n}", name=f"Bench {n}", role=Role.OPERATOR, lead_limit=30_000) for n in range(OPERATORS)
    ]
    people = User.objects.bulk_create([*people, User(username="bench", name="Bench", role=Role.MANAGER)])[:OPERATORS]
    ShiftPeriod.objects.bulk_create([ShiftPeriod(user=user, state="on", started_at=at) for user in people])
    for first in range(0, leads, BATCH):
        numbers = range(first, min(first + BATCH, leads))
        cards = Contact.objects.bulk_create([Contact(phone=f"+7{9_160_000_000 + n}", created_at=at) for n in numbers])
        rows = []
        for n, card in zip(numbers, cards, strict=True):
            is_due = n % (leads // due) == 0
            row = Lead(contact=card, source=source, name="Bench", city="Москва", created_at=at - timedelta(hours=30))
            row.status = Status.NEW if is_due else Status.DIALING
            row.status_changed_at = row.opened_at = row.created_at
            row.responsible = None if is_due and n % 4 == 0 else people[n % OPERATORS]
            row.first_touch_at = None if is_due else row.created_at
            row.derive()
            rows.append(row)
        Lead.objects.bulk_create(rows)
        Task.objects.bulk_create(
            [
                Task(
                    lead=row,
                    kind=Kind.CONTACT_CLIENT,
                    assignee=row.responsible,
                    promised=True,
                    due_at=at + timedelta(days=2) if row.first_touch_at else at - timedelta(hours=2),
                )
                for row in rows
            ]
        )


def measure() -> list[tuple[str, float]]:
    """Run each job once; the seconds it took, by its name."""
    figures = []
    for name, step in STEPS:
        began = time.perf_counter()
        step()
        figures.append((name, time.perf_counter() - began))
    return figures
