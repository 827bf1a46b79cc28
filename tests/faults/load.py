"""People who post leads at web servers without a pause, while something happens to those, and what they were told."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count

from leads.models import Lead
from tests.crm.stack import wait_until
from tests.faults.web import NO_ANSWER, Answer, Web

TAKEN = (200, 201)
RECOVERS_WITHIN = 30  # seconds (`reliability.md` F09)


class Load:
    """So many people, each at the next of the `nodes`; two of them always send the same lead, under one external id."""

    def __init__(self, nodes: Sequence[Web], people: int) -> None:
        self.nodes = nodes
        self.people = people
        self.ids: dict[str, set[int]] = {}  # external id -> the leads that answers named
        self.failures: list[Answer] = []  # whatever was not taken, and was answered
        self.served = [0] * len(nodes)
        self._lock = threading.Lock()
        self._ended = threading.Event()

    @contextmanager
    def running(self) -> Iterator[Load]:
        """They post for as long as the block runs. Each lead is posted until it is taken."""
        threads = [threading.Thread(target=self._post, args=[number]) for number in range(self.people)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._ended.set()
            for thread in threads:
                thread.join()

    def taken(self) -> int:
        """How many answers confirmed a lead."""
        return sum(self.served)

    def wait_for(self, more: int) -> None:
        """Return when `more` leads than now are confirmed."""
        enough = self.taken() + more
        assert wait_until(lambda: self.taken() >= enough, within=RECOVERS_WITHIN), self.failures[-3:]

    def lost_or_doubled(self) -> list[str]:
        """External ids that were confirmed under several numbers, or whose lead is not there under that number."""
        stored: dict[str, list[int]] = {}
        for name, pk in Lead.objects.values_list("external_id", "pk"):
            stored.setdefault(name, []).append(pk)
        return [name for name, confirmed in self.ids.items() if stored.get(name) != list(confirmed)]

    def _post(self, person: int) -> None:
        node = person % len(self.nodes)
        for turn in count():
            if self._ended.is_set():
                return
            name, number = f"{person // 2}-{turn}", (person // 2) * 1000 + turn % 50
            while (answer := self.nodes[node].post_lead(name, number)).status not in TAKEN:
                with self._lock:
                    if answer.status != NO_ANSWER:
                        self.failures.append(answer)
                if self._ended.wait(0.05):
                    return
            with self._lock:
                self.served[node] += 1
                self.ids.setdefault(name, set()).add(answer.json["id"])
