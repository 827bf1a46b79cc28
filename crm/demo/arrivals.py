"""The applications that arrive, when and from whom, and the clients' lives that follow from them.

A client's whole story is told at once, later applications of theirs included: those have their places among the
arrivals taken beforehand. So nothing is kept from client to client but these places, and memory does not grow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import accumulate
from random import Random

from contacts.actions import draft
from contacts.models import Contact
from contacts.phones import Phones, display, parse
from crm.demo import words
from crm.demo.plot import Plot
from crm.demo.store import ids_of, sketch
from crm.demo.story import Story
from crm.demo.words import Profile
from crm.demo.world import World, fresh_numbers
from leads.applications import Application
from leads.intake import draft_lead
from leads.models import Lead
from sources.models import UNKNOWN

REPEATS = 0.08  # of all applications
LONGEST_WAIT_FOR_REPEAT = 50_000  # arrivals of the part; bounds what is kept of places taken
NO_PHONE = 0.008
CITIES = [city for city, _share in words.CITIES]
CITY_WEIGHTS = list(accumulate(share for _city, share in words.CITIES))
_card = sketch(Contact)
SPELLINGS: tuple[Callable[[str], str], ...] = (display, lambda phone: phone, lambda phone: f"8{phone[2:]}")


@dataclass(frozen=True)
class Part:
    """Every `of`-th of `count` arrivals from `number` on: what one process tells. Lead ids begin with `first_id`."""

    seed: int
    count: int
    first_id: int
    number: int = 0
    of: int = 1


class Arrivals:
    """The applications of a part in their order, each with what becomes of it."""

    def __init__(self, world: World, part: Part) -> None:
        self.world = world
        self.part = part
        self.random = Random(f"{part.seed} {part.number}")
        self._cards = ids_of(Contact, block=1000)
        self._numbers = fresh_numbers(part.seed, part.number, part.of)
        self._taken: set[int] = set()  # places of repeats to come

    def stories(self) -> Iterator[tuple[int, Story]]:
        """Each client's story, with the place of its first application."""
        for slot in range(self.part.number, self.part.count, self.part.of):
            if slot in self._taken:
                self._taken.discard(slot)
            else:
                yield slot, self._story(slot)

    def _moment(self, slot: int) -> datetime:
        scattered = slot * 2654435761 % 2**32 / 2**32  # the same at each asking, unlike a random number
        return self.world.calendar.moment((slot + scattered) / self.part.count)

    def _story(self, slot: int) -> Story:
        random, at = self.random, self._moment(slot)
        place = random.choices(range(len(self.world.origins)), cum_weights=self.world.origin_weights)[0]
        profile = self.world.origins[place][1]
        application = self.application(None if random.random() < NO_PHONE else next(self._numbers), place)
        contact = None
        if application.phones.main:
            contact = draft(
                application.phones.main,
                name=application.name,
                email=application.email,
                city=application.city,
                at=at,
                make=_card,
            )
            contact.pk = next(self._cards)
        story = Story(self.world, self._lead(slot, application, contact, None), contact)
        repeats = []
        if contact is not None:
            for later in self._later_places(slot):
                again = self.application(contact.phone, name=application.name, city=application.city)
                repeats.append(self._lead(later, again, contact, story.lead))
        self._live(story, profile, repeats)
        story.tell_of_delays()
        return story

    def _live(self, story: Story, profile: Profile, repeats: list[Lead]) -> None:
        """Tell the story until now; the repeats, in their order, come between."""
        plot = Plot(story, profile, self.random)
        while True:
            following = plot.following()
            if repeats and (following is None or repeats[0].created_at <= following[0]):
                duplicate = repeats.pop(0)
                story.at = max(story.at, duplicate.created_at)
                duplicate.responsible_id = story.lead.responsible_id
                story.hear(duplicate)
            elif following is not None and following[0] <= self.world.now:
                story.at, act = following
                act()
            else:
                return

    def _later_places(self, slot: int) -> Iterator[int]:
        """Where among the arrivals this client applies again: seldom at all, mostly soon."""
        while self.random.random() < REPEATS:
            wait = int(self.random.expovariate(12 * self.part.of / self.part.count))
            slot += (1 + min(wait, LONGEST_WAIT_FOR_REPEAT)) * self.part.of
            while slot in self._taken:
                slot += self.part.of
            if slot >= self.part.count:
                return
            self._taken.add(slot)
            yield slot

    def _lead(self, slot: int, application: Application, contact: Contact | None, original: Lead | None) -> Lead:
        lead = draft_lead(
            application,
            contact,
            original,
            self.world.lookup,
            at=self._moment(slot),
            by=None,
            key=None,
            raw=application.raw,
        )
        lead.pk = self.part.first_id + slot
        return lead

    def application(
        self, phone: str | None, place: int | None = None, *, name: str = "", city: str = ""
    ) -> Application:
        """What a client with this number sends (None: types something else), by a source at random or at `place`."""
        random = self.random
        if place is None:
            place = random.choices(range(len(self.world.origins)), cum_weights=self.world.origin_weights)[0]
        source = self.world.origins[place][0]
        if not name:
            surname = random.choice(words.SURNAMES)
            is_woman = random.random() < 0.58
            name = f"{random.choice(words.WOMEN)} {surname}а" if is_woman else f"{random.choice(words.MEN)} {surname}"
            city = random.choices(CITIES, cum_weights=CITY_WEIGHTS)[0]
        is_ad = source.channel in ("context", "social")
        return Application(
            phones=Phones(main=phone, region="RU") if phone else parse(typed := random.choice(words.NO_PHONES)),
            phone_raw=random.choice(SPELLINGS)(phone) if phone else typed,
            source=random.choice(words.UNKNOWN_SOURCES) if source.code == UNKNOWN else source.code,
            name=name,
            email="" if phone and random.random() < 0.85 else f"{random.choice(words.MAILBOXES)}{place}@example.com",
            comment=random.choice(words.COMMENTS) if random.random() < 0.4 else "",
            debt_amount=Decimal(random.randrange(120, 2400) * 1000) if random.random() < 0.8 else None,
            city=city,
            utm={"utm_source": source.code, "utm_campaign": random.choice(words.CAMPAIGNS)} if is_ad else None,
        )
