"""When «Недозвон» is earned: the arithmetic at its borders, and the sentence that says what is missing."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from leads.touch_policy import Policy, Progress, missing, progress

MOSCOW = ZoneInfo("Europe/Moscow")
OPENED = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)  # Friday, 8:00 in Moscow
NOW = datetime(2026, 11, 22, 10, 20, tzinfo=UTC)  # Sunday, 13:20 in Moscow


@dataclass(frozen=True)
class Attempt:
    at: datetime
    channel: str = "call"
    direction: str = "outgoing"
    outcome: str = "no_answer"


def attempts(*times: str, zone: ZoneInfo = MOSCOW, **more: str) -> list[Attempt]:
    """Unanswered calls at "20 10:00" (day of November 2026 and local time)."""
    moments = [datetime.strptime(f"2026-11-{time}", "%Y-%m-%d %H:%M").replace(tzinfo=zone) for time in times]
    return [Attempt(moment.astimezone(UTC), **more) for moment in moments]


SIX = ("20 10:00", "20 12:00", "21 10:00", "21 12:00", "22 10:00", "22 12:00")


def done(
    touches: list[Attempt], policy: Policy | None = None, *, zone: ZoneInfo = MOSCOW, at: datetime = NOW
) -> Progress:
    return progress(policy or Policy(), touches, opened_at=OPENED, zone=zone, at=at)


def test_six_touches_on_three_days_earn_it() -> None:
    result = done(attempts(*SIX))
    assert result.earned
    assert (result.touches, result.days) == (6, 3)
    assert missing(result, zone=MOSCOW, at=NOW) == ""


@pytest.mark.parametrize("left_out", range(6))
def test_five_touches_do_not(left_out: int) -> None:
    result = done(attempts(*(time for n, time in enumerate(SIX) if n != left_out)))
    assert (result.touches, result.earned) == (5, False)


def test_six_touches_on_two_days_do_not() -> None:
    result = done(attempts("20 10:00", "20 12:00", "20 14:00", "21 10:00", "21 12:00", "21 14:00"))
    assert (result.touches, result.days, result.earned) == (6, 2, False)


@pytest.mark.parametrize(("minutes", "counted"), [(59, 1), (60, 2), (61, 2)])
def test_the_gap_counts_from_the_last_touch_that_counted(minutes: int, counted: int) -> None:
    first = OPENED + timedelta(hours=1)
    assert done([Attempt(first), Attempt(first + timedelta(minutes=minutes))]).touches == counted


def test_touches_inside_the_gap_do_not_push_the_next_one_away() -> None:
    first = OPENED + timedelta(hours=1)
    assert done([Attempt(first + timedelta(minutes=minutes)) for minutes in (0, 40, 80, 120, 140)]).touches == 3


def test_touches_count_in_the_order_they_were_made_not_entered() -> None:
    assert done(list(reversed(attempts(*SIX)))).earned


def test_what_came_before_the_opening_does_not_count() -> None:
    exact, before = Attempt(OPENED), Attempt(OPENED - timedelta(microseconds=1))
    assert done([exact]).touches == 1
    assert done([before]).touches == 0
    assert done([Attempt(OPENED - timedelta(days=1), outcome="answered"), *attempts(*SIX)]).earned


@pytest.mark.parametrize(
    ("zone", "days"),
    [
        ("Europe/Moscow", 2),  # 23:30 on the 20th, 0:30 and 1:30 on the 21st
        ("Asia/Vladivostok", 1),  # 6:30, 7:30 and 8:30 on the 21st
        ("Europe/Kaliningrad", 2),  # 22:30 and 23:30 on the 20th, 0:30 on the 21st
    ],
)
def test_days_are_those_of_the_clients_clock(zone: str, days: int) -> None:
    result = done(attempts("20 23:30", "21 00:30", "21 01:30"), zone=ZoneInfo(zone))
    assert (result.touches, result.days) == (3, days)


def test_kaliningrad_and_vladivostok_turn_the_day_at_different_moments() -> None:
    touches = attempts("20 16:30", "20 17:30", "20 22:30", "20 23:30")  # Moscow; midnight in Vladivostok is 17:00
    assert done(touches, zone=ZoneInfo("Asia/Vladivostok")).days == 2
    assert done(touches, zone=ZoneInfo("Europe/Kaliningrad")).days == 1
    assert done(attempts("20 22:30", "21 00:30"), zone=ZoneInfo("Europe/Kaliningrad")).days == 1


@pytest.mark.parametrize("reached", [("answered", "outgoing"), ("answered", "incoming"), ("replied", "incoming")])
def test_a_client_who_was_reached_is_no_case_of_it(reached: tuple[str, str]) -> None:
    outcome, direction = reached
    middle = attempts("21 11:00", outcome=outcome, direction=direction)
    result = done(attempts(*SIX) + middle)
    assert (result.touches, result.earned) == (6, False)
    with translation.override("ru"):
        assert missing(result, zone=MOSCOW, at=NOW) == "С клиентом связались: 21 ноября, 11:00. «Недозвон» не подходит."


@pytest.mark.parametrize("outcome", ["no_answer", "busy", "unavailable", "wrong_number", "sent"])
@pytest.mark.parametrize("channel", ["call", "whatsapp", "telegram", "max", "sms", "email", "office"])
def test_attempts_of_any_channel_count(outcome: str, channel: str) -> None:
    assert done(attempts(*SIX, outcome=outcome, channel=channel)).earned


def test_the_clients_own_missed_calls_do_not_count() -> None:
    assert done(attempts(*SIX, direction="incoming")).touches == 0


def test_a_meeting_that_was_not_kept_does_not_count() -> None:
    assert done(attempts(*SIX, channel="office", outcome="no_show")).touches == 0


@pytest.mark.parametrize(
    ("times", "parts"),
    [
        (("20 09:00", "21 11:59"), 1),
        (("20 11:59", "21 12:00"), 2),
        (("20 16:59", "21 17:00"), 2),
        (("20 09:00", "20 13:00", "21 18:00"), 3),
    ],
)
def test_parts_of_the_day_when_asked_for(times: tuple[str, ...], parts: int) -> None:
    policy = Policy(touches=1, days=1, day_parts=parts)
    assert done(attempts(*times), policy).earned
    assert not done(attempts(*times), Policy(touches=1, days=1, day_parts=parts + 1)).earned


def test_messages_when_asked_for() -> None:
    policy = Policy(messages=1)
    assert not done(attempts(*SIX), policy).earned
    assert done(attempts(*SIX[:5]) + attempts(SIX[5], channel="whatsapp", outcome="sent"), policy).earned


NEXT = "; следующее засчитается с {}"
SENTENCES = [
    (Policy(), SIX[:4], "Сделано 4 из 6 касаний за 2 из 3 дней"),
    (Policy(), (*SIX[:3], "22 12:45"), "Сделано 4 из 6 касаний за 3 из 3 дней; следующее засчитается с 13:45"),
    (Policy(), ("20 10:00", "21 10:00", "21 12:00", "21 14:00"), "Сделано 4 из 6 касаний за 2 из 3 дней"),
    (Policy(), (), "Сделано 0 из 6 касаний за 0 из 3 дней"),
    (Policy(touches=21, days=1), SIX[:1], "Сделано 1 из 21 касания за 1 из 1 дня"),
    (Policy(), ("19 10:00", *SIX[:3], "22 10:00"), "Сделано 4 из 6 касаний за 3 из 3 дней"),
    (Policy(days=1), SIX[:5], "Сделано 5 из 6 касаний за 1 из 1 дня"),
    (Policy(touches=3, days=4), SIX, "Сделано 3 из 3 касаний за 3 из 4 дней; следующее засчитается с 13:00"),
    (Policy(day_parts=2), SIX[::2], "Сделано 3 из 6 касаний за 3 из 3 дней, в 1 из 2 частей дня"),
    (
        Policy(messages=2),
        SIX,
        "Сделано 6 из 6 касаний за 3 из 3 дней, сообщений: 0 из 2; следующее засчитается с 13:00",
    ),
    (
        Policy(gap=timedelta(hours=24)),
        ("22 12:00",),
        "Сделано 1 из 6 касаний за 1 из 3 дней; следующее засчитается с 23 ноября, 12:00",
    ),
]


@pytest.mark.parametrize(("policy", "times", "said"), SENTENCES)
def test_the_sentence_says_what_is_missing(policy: Policy, times: tuple[str, ...], said: str) -> None:
    at = datetime(2026, 11, 22, 12, 50, tzinfo=MOSCOW)
    with translation.override("ru"):
        assert missing(done(attempts(*times), policy, at=at), zone=MOSCOW, at=at) == said


def test_the_customers_example_to_the_letter() -> None:
    touches = attempts("20 12:00", "20 13:10", "21 12:00", "21 13:20")
    at = datetime(2026, 11, 21, 13, 40, tzinfo=MOSCOW)
    result = done(touches, at=at)
    with translation.override("ru"):
        said = missing(result, zone=MOSCOW, at=at)
    assert said == "Сделано 4 из 6 касаний за 2 из 3 дней; следующее засчитается с 14:20"
    with translation.override("en"):
        said = missing(result, zone=MOSCOW, at=at)
    assert said == "4 of 6 touches on 2 of 3 days made; the next one counts from 14:20"
