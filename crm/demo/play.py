"""Playing the demonstration: stories into the database, a batch of clients in one transaction, in two processes if big.

No marks for the outside are set: a base that exists when the mirror is connected reaches it by the mirror's first load.
"""

from __future__ import annotations

import gc
import multiprocessing
import signal
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from django.db import connections, transaction

from contacts.models import Contact
from crm.demo.arrivals import Arrivals, Part
from crm.demo.shifts import shifts
from crm.demo.store import Table, prepare_for_bulk, reserve, sketch
from crm.demo.story import Story
from crm.demo.world import World, people
from crm.supervisor import end_with_parent
from crm.transactions import in_turn
from deals.models import Deal
from history.models import Event
from leads.intake import created_event, register_leads
from leads.models import Lead, Touch
from tasks.models import Task

BATCH = 1000  # clients in one transaction
IN_TWO = 20_000  # leads from which on a second process is worth its start
KNOWN_AGAIN = 50  # applications, at most, of clients whom the directory knew before

_event = sketch(Event)
Tell = Callable[[int], None]


class PartFailed(Exception):
    """A process of the demonstration has ended early; it has said why."""


def play(*, leads: int, months: int, seed: int, tell: Tell) -> None:
    """Let `leads` applications arrive within the last `months` months. `tell` hears how many are stored.

    Each batch is whole by itself: what is stored when it is broken off obeys all rules. Raises PartFailed.
    """
    people()
    shifts(World.read(months=months), Random(seed))
    phones = _known_phones(min(KNOWN_AGAIN, leads // 100), Random(seed))
    count = leads - len(phones)
    part = Part(seed, count, first_id=reserve(Lead, count))
    if leads < IN_TWO or "fork" not in multiprocessing.get_all_start_methods():
        _tell_part(part, months, tell)
    else:
        _in_processes([replace(part, number=number, of=2) for number in range(2)], months, tell)
    if phones:
        again = Arrivals(World.read(months=months), part)
        register_leads([again.application(phone) for phone in phones])
    tell(leads)


def _tell_part(part: Part, months: int, tell: Tell, writing: AbstractContextManager[Any] | None = None) -> None:
    """Tell and store the stories of `part`; `writing` lets one process write at a time."""
    prepare_for_bulk()
    batch = Batch()
    for slot, story in Arrivals(World.read(months=months), part).stories():
        batch.add(story)
        if len(batch.leads) >= BATCH:
            batch.store(writing)
            batch = Batch()
            tell(slot)
    batch.store(writing)
    tell(part.count)


def _in_processes(parts: list[Part], months: int, tell: Tell) -> None:
    """Each part in a process of its own; they take turns at writing."""
    context = multiprocessing.get_context("fork")
    connections.close_all()  # no process may speak over another one's connection
    gc.collect()
    gc.freeze()
    writing = context.Lock()
    reached = context.Array("q", len(parts))
    processes = [context.Process(target=_process, args=(part, months, reached, writing), daemon=True) for part in parts]
    for process in processes:
        process.start()
    for process in processes:
        while process.is_alive():
            process.join(0.2)
            tell(sum(reached[:]) // len(parts))
    if any(process.exitcode for process in processes):
        raise PartFailed


def _process(part: Part, months: int, reached: Any, writing: AbstractContextManager[Any]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the first process's business, which ends this one
    end_with_parent()
    gc.disable()  # rows point at nothing that points back, and looking for circles would take a tenth of the time

    def tell(slot: int) -> None:
        reached[part.number] = slot

    _tell_part(part, months, tell, writing)
    connections.close_all()


@dataclass
class Batch:
    """Stories on their way into the database, as rows by table."""

    contacts: list[Contact] = field(default_factory=list)
    leads: list[Lead] = field(default_factory=list)
    deals: list[Deal] = field(default_factory=list)
    touches: list[Touch] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def add(self, story: Story) -> None:
        if story.contact is not None:
            self.contacts.append(story.contact)
        self.leads.append(story.lead)
        self.leads += story.duplicates
        if story.deal is not None:
            self.deals.append(story.deal)
        self.touches += story.touches
        self.tasks += story.tasks
        self.events += story.events
        self.events += [created_event(duplicate, by=None, make=_event) for duplicate in story.duplicates]

    def store(self, writing: AbstractContextManager[Any] | None = None) -> None:
        """In one transaction; what is pointed at comes first."""
        with writing or nullcontext(), in_turn(), transaction.atomic():
            for model, rows in (
                (Contact, self.contacts),
                (Lead, self.leads),
                (Deal, self.deals),
                (Touch, self.touches),
                (Task, self.tasks),
                (Event, self.events),
            ):
                Table(model, own_ids=model in (Contact, Lead, Deal)).insert(rows)


def _known_phones(most: int, random: Random) -> list[str]:
    """Numbers whose clients the directory knows, of its newest originals."""
    newest = Lead.objects.originals().filter(contact__isnull=False).order_by("-pk")
    phones = list(newest.values_list("contact__phone", flat=True)[: most * 20])
    return random.sample(phones, min(most, len(phones)))
