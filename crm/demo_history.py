"""A believable history for the demonstration: leads arrive, are called, meet and sign through the product's verbs.

Each client's life is a generator that says when it acts next; the lives are played in the order of time with the clock
set to each moment, so whatever the rules say of a moment holds. Nothing is written past the verbs.
"""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.test.utils import override_settings

from crm import clock
from crm.demo_people import PASSWORD, PEOPLE
from crm.errors import Refused
from leads.actions import NewTouch, change_status, log_touch
from leads.applications import read_application
from leads.intake import register_lead
from leads.models import Lead
from leads.pipeline import JunkReason, Move, Status
from sources.models import Source
from tasks.worktime import Hours, fit
from team.models import User
from team.roles import Role

NAMES = ["Анна", "Ирина", "Ольга", "Елена", "Наталья", "Марина", "Светлана", "Дарья", "Юлия", "Вера"]
SURNAMES = (
    *("Мельникова", "Соколова", "Ершова", "Крылова", "Фомина", "Белова"),
    *("Жукова", "Орлова", "Титова", "Исаева", "Гусева", "Панова"),
)
CITIES = ("Самара", "Самара", "Самара", "Тольятти", "Сызрань", "Казань", "Москва", "Уфа", "")
CODES = ("902", "905", "917", "927", "937", "939", "960", "987")
WEIGHTS = {"yandex_direct": 30, "site": 22, "vk_ads": 17, "quiz": 13, "call": 9, "referral": 4, "partner": 3}
REASONS = (JunkReason.SMALL_DEBT, JunkReason.NOT_APPLIED, JunkReason.OTHER_CITY, JunkReason.REFUSED)
HOURS = Hours()
REPEATS = 0.08
CHUNK = 200  # acts in one transaction

Life = Iterator[datetime]


def people() -> list[User]:
    """The demonstration's people; who is there already stays as they are."""
    have = {user.username for user in User.objects.filter(username__in=[person.username for person in PEOPLE])}
    for person in PEOPLE:
        if person.username not in have:
            User.objects.create_user(person.username, PASSWORD, name=person.name, role=person.role)
    return list(User.objects.filter(username__in=[person.username for person in PEOPLE]).order_by("pk"))


def play(*, leads: int, months: int, seed: int, tell: Callable[[int], None]) -> None:
    """Let `leads` applications arrive within the last `months` months, and play what becomes of them until now."""
    random = Random(seed)
    now = clock.now()
    operators = [user for user in people() if user.role == Role.OPERATOR]
    codes = list(Source.objects.filter(active=True).order_by("pk").values_list("code", flat=True))
    weights = [WEIGHTS.get(code, 2) for code in codes]
    start = now - timedelta(days=30 * months)
    zone = ZoneInfo(settings.TIME_ZONE)
    moments = sorted(start + (now - start) * random.random() for _lead in range(leads))
    phones: list[str] = []
    queue: list[tuple[datetime, int, Life]] = []
    for number, moment in enumerate(moments):
        if random.random() < 0.8:  # most people write by day
            moment = min(fit(moment, zone, HOURS) + timedelta(minutes=random.randrange(60)), now)
        is_repeat = bool(phones) and random.random() < REPEATS
        phone = random.choice(phones) if is_repeat else f"+7{random.choice(CODES)}{random.randrange(10**7):07d}"
        phones.append(phone)
        source = random.choices(codes, weights)[0]
        life = _life(Random(f"{seed} {number}"), moment, phone, source, random.choice(operators), zone)
        queue.append((next(life), number, life))
    heapq.heapify(queue)
    with tempfile.TemporaryDirectory() as folder, override_settings(CLOCK_FILE=str(Path(folder) / "clock.json")):
        arrived = 0
        while queue and queue[0][0] <= now:
            with transaction.atomic():
                for _act in range(CHUNK):
                    if not queue or queue[0][0] > now:
                        break
                    moment, number, life = heapq.heappop(queue)
                    clock.write_shift(Path(settings.CLOCK_FILE), shown=moment, rate=0)
                    following = next(life, None)
                    if following is not None:
                        heapq.heappush(queue, (max(following, moment), number, life))
            arrived = sum(1 for moment in moments if queue and moment <= queue[0][0]) if queue else leads
            tell(min(arrived, leads))


def _life(random: Random, moment: datetime, phone: str, source: str, operator: User, zone: ZoneInfo) -> Life:
    """One application and what becomes of it; yields the moment of each next act, which follows when it is resumed."""
    yield moment
    body = {
        "phone": phone,
        "source": source,
        "name": f"{random.choice(NAMES)} {random.choice(SURNAMES)}",
        "city": random.choice(CITIES),
        "debt_amount": random.randrange(150, 2500) * 1000,
    }
    pk = register_lead(read_application(body)).lead.pk

    def later(low: float, high: float) -> datetime:
        """Some hours after now, when people may be called."""
        return fit(clock.now() + timedelta(hours=random.uniform(low, high)), zone, HOURS)

    def touch(outcome: str, then: Move | None = None, channel: str = "call") -> None:
        log_touch(pk, NewTouch(channel=channel, outcome=outcome), by=operator, then=then)

    for attempt in range(7):
        yield later(0.05, 1.5) if attempt == 0 else later(10, 20)
        lead = Lead.objects.get(pk=pk)
        operator = lead.responsible or operator
        if lead.status not in (Status.NEW, Status.DIALING):
            return
        if random.random() < 0.55:
            break
        touch(random.choice(("no_answer", "no_answer", "busy", "unavailable")))
    else:
        try:
            change_status(pk, Move(Status.JUNK, junk_reason=JunkReason.NO_ANSWER), by=operator)
        except Refused:  # touches too close together: somebody else calls on
            return
        return
    if random.random() < 0.45:
        touch("answered", Move(Status.JUNK, junk_reason=random.choice(REASONS)))
        return
    if random.random() < 0.3:
        callback = later(24, 120)
        touch("answered", Move(Status.POSTPONED, callback_at=callback))
        yield callback + timedelta(minutes=random.randrange(5, 60))
        if Lead.objects.get(pk=pk).status != Status.POSTPONED:
            return
        if random.random() < 0.4:
            touch("answered", Move(Status.JUNK, junk_reason=JunkReason.REFUSED))
            return
    meeting = later(20, 90)
    touch("answered", Move(Status.MEETING, meeting_at=meeting))
    yield meeting + timedelta(minutes=random.randrange(5, 90))
    if Lead.objects.get(pk=pk).status != Status.MEETING:
        return
    if random.random() < 0.25:
        touch("no_show", channel="office")
        yield later(1, 20)
        meeting = later(20, 60)
        touch("answered", Move(Status.MEETING, meeting_at=meeting))
        yield meeting + timedelta(minutes=30)
    change_status(pk, Move(Status.VISIT), by=operator)
    yield later(0.5, 70)
    if random.random() < 0.3:
        change_status(pk, Move(Status.JUNK, junk_reason=JunkReason.REFUSED), by=operator)
        return
    amount = Decimal(random.randrange(90, 250) * 1000)
    if random.random() < 0.3:
        move = Move(Status.CONTRACT_PREPAID, amount=amount, prepayment=Decimal(20_000))
        change_status(pk, move, by=operator)
        return
    change_status(pk, Move(Status.CONTRACT, amount=amount), by=operator)
    yield later(40, 300)
    if random.random() < 0.5:
        change_status(pk, Move(Status.CONTRACT_PREPAID, prepayment=Decimal(20_000)), by=operator)
