"""What the demonstration has to know of the firm to invent its history: people, catalogues, rules, the calendar.

Read from the database once; from then on only new numbers and ids are asked of it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import accumulate
from math import gcd
from random import Random
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db.models import Count, Q

from contacts.models import Contact
from contacts.phone_plan import is_placeholder
from crm import clock
from crm.demo.store import ids_of
from crm.demo.words import HOURS, OTHER_SOURCE, PREFIXES, PROFILES, WEEKDAYS, Profile
from crm.demo_people import PASSWORD, PEOPLE
from deals.models import Deal, Stage
from leads.models import Office, TouchPolicy
from leads.pipeline import Status
from leads.touch_policy import Policy
from sources.lookup import SourceLookup
from sources.models import Source
from tasks.actions import Catalogue
from tasks.models import EscalationPolicy, TaskRule
from tasks.worktime import Hours, at_local
from team.models import User
from team.roles import Role

SUBSCRIBERS = 10_000_000  # seven digits after the prefix
LOOKED_UP = 1000  # numbers asked of the directory at once


@dataclass(frozen=True)
class Calendar:
    """When leads arrive: more by day than by night, fewer at weekends, a little more as the firm grows."""

    starts: Sequence[datetime]  # the hours of the period, in UTC
    weights: Sequence[float]  # summed up
    end: datetime

    @classmethod
    def of(cls, months: int, now: datetime, zone: ZoneInfo) -> Calendar:
        """The last `months` months until `now`, by the clocks of `zone`."""
        today = now.astimezone(zone).date()
        month = today.year * 12 + today.month - 1 - months
        first = today.replace(year=month // 12, month=month % 12 + 1, day=min(today.day, 28))
        days = (today - first).days
        starts, weights = [], []
        for number in range(days + 1):
            day = first + timedelta(days=number)
            for hour, weight in enumerate(HOURS):
                moment = at_local(day, time(hour), zone)
                if moment < now:
                    starts.append(moment)
                    weights.append(weight * WEEKDAYS[day.weekday()] * (1 + 0.35 * number / days))
        return cls(starts, list(accumulate(weights)), now)

    def moment(self, share: float) -> datetime:
        """The second by which `share` (0 to 1) of the period's leads have come; a later share is never earlier."""
        wanted = share * self.weights[-1]
        hour = min(bisect_left(self.weights, wanted), len(self.starts) - 1)
        before = self.weights[hour - 1] if hour else 0.0
        part = (wanted - before) / (self.weights[hour] - before)
        seconds = min(3600.0, (self.end - self.starts[hour]).total_seconds())
        return self.starts[hour] + timedelta(seconds=int(part * seconds))


def fresh_numbers(seed: int, part: int, parts: int) -> Iterator[str]:
    """Valid numbers without end (E.164), no two alike and none that the directory has a card of.

    Of one seed, each of the `parts` has numbers of its own.
    """
    random = Random(f"numbers {seed}")
    space = len(PREFIXES) * SUBSCRIBERS
    stride = random.randrange(space // 3, space // 2)
    while gcd(stride, space) != 1:  # then the steps come to each number once before they come back
        stride += 1
    place = (random.randrange(space) + part * stride) % space
    while True:
        drawn = []
        for _number in range(LOOKED_UP):
            place = (place + parts * stride) % space
            prefix, rest = divmod(place, SUBSCRIBERS)
            phone = f"{PREFIXES[prefix]}{rest:07d}"
            if not is_placeholder(phone.removeprefix("+7")):
                drawn.append(phone)
        present = set(Contact.objects.filter(phone__in=drawn).values_list("phone", flat=True))
        yield from (phone for phone in drawn if phone not in present)


@dataclass(frozen=True)
class World:
    """See the module. People are their ids."""

    now: datetime
    zone: ZoneInfo
    calendar: Calendar
    origins: Sequence[tuple[Source, Profile]]
    origin_weights: Sequence[float]  # summed up
    lookup: SourceLookup
    operators: Sequence[int]
    deals_of: dict[int, int]  # lawyer -> open deals; the stories count on
    deal_ids: Iterator[int]
    office: Office | None
    stages: Sequence[Stage]
    rules: Mapping[str, Catalogue]  # status -> its rules
    cadences: Mapping[tuple[str, str], Catalogue]  # status, kind -> the rule that goes step by step
    hours: Hours
    policy: Policy
    overdue: timedelta  # from when on managers have been told of a late task
    first_call: timedelta  # and of a new lead that nobody called, in the client's calling hours

    @classmethod
    def read(cls, *, months: int) -> World:
        """The firm as it stands. The demonstration's people and the catalogues must be there."""
        now = clock.now().astimezone(UTC).replace(microsecond=0)
        zone = ZoneInfo(settings.TIME_ZONE)
        operators = [person.username for person in PEOPLE if person.role == Role.OPERATOR]
        active = Source.objects.filter(active=True).order_by("position", "pk")
        origins = [(source, PROFILES.get(source.code, OTHER_SOURCE)) for source in active]
        lawyers = User.objects.filter(role=Role.LAWYER, is_active=True)
        load = lawyers.annotate(load=Count("deals", filter=Q(deals__stage__final=False))).order_by("pk")
        catalogue = Catalogue.read()
        escalation = EscalationPolicy.current()
        return cls(
            now=now,
            zone=zone,
            calendar=Calendar.of(months, now, zone),
            origins=origins,
            origin_weights=list(accumulate(profile.weight for _source, profile in origins)),
            lookup=SourceLookup.read(),
            operators=list(User.objects.filter(username__in=operators).order_by("pk").values_list("pk", flat=True)),
            deals_of=dict(load.values_list("pk", "load")),
            deal_ids=ids_of(Deal, block=100),
            office=Office.objects.filter(active=True).first(),
            stages=list(Stage.objects.filter(active=True).order_by("position", "pk")),
            rules={
                status: Catalogue([rule for rule in catalogue.rules if rule[0].status == status], catalogue.hours)
                for status in Status.values
            },
            cadences={
                (rule[0].status, rule[0].kind): Catalogue([rule], catalogue.hours)
                for rule in catalogue.rules
                if rule[0].pace == TaskRule.Pace.CADENCE
            },
            hours=catalogue.hours,
            policy=TouchPolicy.current().as_policy(),
            overdue=timedelta(minutes=escalation.overdue_minutes),
            first_call=timedelta(minutes=escalation.first_call_minutes),
        )


def people() -> None:
    """Make the demonstration's people; who is there already stays as they are."""
    names = [person.username for person in PEOPLE]
    have = set(User.objects.filter(username__in=names).values_list("username", flat=True))
    hashed = make_password(PASSWORD)  # slow on purpose, and one password for all
    for person in PEOPLE:
        if person.username not in have:
            User.objects.create(username=person.username, password=hashed, name=person.name, role=person.role)
