"""When the steps of a rule fall due, as tables: the shipped cadence, the meeting, working days, what is late."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from crm.management.commands.loadcatalogs import CADENCE, RULES
from tasks.cadence import Anchor, Step, due, plan_at_once, plan_next
from tasks.worktime import Hours

MOSCOW = ZoneInfo("Europe/Moscow")
HOURS = Hours()
HOUR = timedelta(hours=1)
SHIPPED = [Step(**step) for step in CADENCE]
CONFIRM = [
    Step(**{**step, "anchor": Anchor(step["anchor"])})
    for _, kind, *_, steps in RULES
    if kind == "confirm_meeting"
    for step in steps
]


def local(text: str, zone: ZoneInfo = MOSCOW) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def entered(text: str, zone: ZoneInfo = MOSCOW) -> dict[Anchor, datetime]:
    return {Anchor.ENTRY: local(text, zone)}


# --- one step --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("entry", "moments"),
    [
        (  # Tuesday noon
            "2026-11-24 12:00",
            ["24 12:00", "24 14:00", "25 10:00", "25 18:00", "26 12:00", "27 12:00"],
        ),
        (  # two hours later is after the calling hours
            "2026-11-24 18:30",
            ["24 18:30", "25 09:00", "25 10:00", "25 18:00", "26 18:30", "27 18:30"],
        ),
        (  # at night: the days still count from the day of entry
            "2026-11-24 23:30",
            ["25 09:00", "25 09:00", "25 10:00", "25 18:00", "27 09:00", "28 09:00"],
        ),
        (  # before dawn: the first is this morning, and so is the second
            "2026-11-24 05:00",
            ["24 09:00", "24 09:00", "25 10:00", "25 18:00", "26 09:00", "27 09:00"],
        ),
    ],
)
def test_the_shipped_cadence(entry: str, moments: list[str]) -> None:
    assert [due(step, entered(entry), MOSCOW, HOURS) for step in SHIPPED] == [
        local(f"2026-11-{moment}") for moment in moments
    ]


@pytest.mark.parametrize(
    ("entry", "days", "expected"),
    [
        ("2027-01-31 12:00", 1, "2027-02-01 12:00"),
        ("2027-01-30 12:00", 30, "2027-03-01 12:00"),
        ("2028-02-28 12:00", 1, "2028-02-29 12:00"),
        ("2028-02-29 12:00", 365, "2029-02-28 12:00"),
        ("2026-12-31 12:00", 1, "2027-01-01 12:00"),
        ("2027-03-01 12:00", -1, "2027-02-28 12:00"),
    ],
)
def test_days_over_the_end_of_a_month(entry: str, days: int, expected: str) -> None:
    assert due(Step(days=days), entered(entry), MOSCOW, HOURS) == local(expected)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("Europe/Kaliningrad", "2026-11-25 08:00"),
        ("Europe/Moscow", "2026-11-25 07:00"),
        ("Europe/Samara", "2026-11-25 06:00"),
        ("Asia/Yekaterinburg", "2026-11-25 05:00"),
        ("Asia/Omsk", "2026-11-25 04:00"),
        ("Asia/Krasnoyarsk", "2026-11-25 03:00"),
        ("Asia/Irkutsk", "2026-11-25 02:00"),
        ("Asia/Yakutsk", "2026-11-25 01:00"),
        ("Asia/Vladivostok", "2026-11-25 00:00"),
        ("Asia/Magadan", "2026-11-24 23:00"),
        ("Asia/Kamchatka", "2026-11-25 22:00"),  # it is Wednesday there already, so their tomorrow is Thursday
    ],
)
def test_tomorrow_at_ten_is_on_the_clients_clock(zone: str, expected: str) -> None:
    step = Step(days=1, at_time=time(10))
    assert due(step, entered("2026-11-24 12:30", UTC), ZoneInfo(zone), HOURS) == local(expected, UTC)


def test_a_day_later_is_the_same_time_of_day_when_the_clocks_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    for entry, later in (("2026-03-28 12:00", "2026-03-29 12:00"), ("2026-10-24 12:00", "2026-10-25 12:00")):
        assert due(Step(days=1), entered(entry, berlin), berlin, HOURS) == local(later, berlin)
    hours = due(Step(minutes=24 * 60), entered("2026-03-28 12:00", berlin), berlin, HOURS)
    assert hours == local("2026-03-29 13:00", berlin), "minutes are minutes, whatever the clocks do"


@pytest.mark.parametrize(
    ("entry", "days", "at_time", "expected"),
    [
        ("2026-11-24 12:00", 1, None, "2026-11-25 09:00"),
        ("2026-11-26 23:59", 1, None, "2026-11-27 09:00"),
        ("2026-11-27 12:00", 1, None, "2026-11-30 09:00"),  # Friday
        ("2026-11-28 12:00", 1, None, "2026-11-30 09:00"),  # Saturday
        ("2026-11-25 12:00", 3, None, "2026-11-30 09:00"),
        ("2026-11-25 12:00", 3, time(15), "2026-11-30 15:00"),
    ],
)
def test_working_days_begin_with_the_hours_unless_a_time_is_said(
    entry: str, days: int, at_time: time | None, expected: str
) -> None:
    step = Step(days=days, working_days=True, at_time=at_time)
    assert due(step, entered(entry), MOSCOW, HOURS) == local(expected)


def test_a_step_whose_anchor_is_not_known_is_never_due() -> None:
    assert due(Step(Anchor.MEETING), entered("2026-11-24 12:00"), MOSCOW, HOURS) is None
    assert due(Step(Anchor.CALLBACK), {Anchor.CALLBACK: local("2026-12-01 15:10")}, MOSCOW, HOURS) == local(
        "2026-12-01 15:10"
    )


# --- all steps at once -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("booked", "meeting", "planned"),
    [
        ("2026-11-24 12:00", "2026-11-27 15:00", [(0, "2026-11-26 17:00"), (1, "2026-11-27 13:00")]),
        ("2026-11-24 12:00", "2026-11-25 15:00", [(0, "2026-11-24 17:00"), (1, "2026-11-25 13:00")]),
        ("2026-11-24 17:00", "2026-11-25 15:00", [(0, "2026-11-24 17:00"), (1, "2026-11-25 13:00")]),
        ("2026-11-24 18:00", "2026-11-25 15:00", [(0, "2026-11-24 18:00"), (1, "2026-11-25 13:00")]),
        ("2026-11-24 21:00", "2026-11-25 15:00", [(0, "2026-11-25 09:00"), (1, "2026-11-25 13:00")]),
        ("2026-11-24 12:00", "2026-11-24 18:00", [(0, "2026-11-24 12:00"), (1, "2026-11-24 16:00")]),
        ("2026-11-24 12:00", "2026-11-24 13:00", [(1, "2026-11-24 12:00")]),  # both are past: once, now
        ("2026-11-24 12:00", "2026-11-25 10:00", [(0, "2026-11-24 17:00"), (1, "2026-11-25 09:00")]),
        ("2026-11-24 12:00", "2026-12-01 12:00", [(0, "2026-11-30 17:00"), (1, "2026-12-01 10:00")]),
        ("2026-11-24 12:00", "2026-11-27 08:30", [(0, "2026-11-26 17:00")]),  # two hours before is nobody's hour
        ("2026-11-24 12:00", "2026-11-27 22:30", [(0, "2026-11-26 17:00")]),
        ("2026-11-24 12:00", "2026-11-27 21:59", [(0, "2026-11-26 17:00"), (1, "2026-11-27 19:59")]),
        ("2026-02-27 12:00", "2026-03-01 12:00", [(0, "2026-02-28 17:00"), (1, "2026-03-01 10:00")]),
    ],
)
def test_a_meeting_is_confirmed_the_day_before_and_two_hours_before(
    booked: str, meeting: str, planned: list[tuple[int, str]]
) -> None:
    anchors = {**entered(booked), Anchor.MEETING: local(meeting)}
    found = plan_at_once(CONFIRM, anchors, at=local(booked), zone=MOSCOW, hours=HOURS)
    assert found == [(number, local(moment)) for number, moment in planned]


# --- step by step ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("done", "at", "planned"),
    [
        (0, "2026-11-24 12:00", (0, "2026-11-24 12:00")),
        (0, "2026-11-26 15:00", (0, "2026-11-26 15:00")),  # the very first is due now, however late
        (1, "2026-11-24 12:05", (1, "2026-11-24 14:00")),
        (1, "2026-11-24 13:30", (1, "2026-11-24 14:30")),  # an hour after the touch that was late
        (1, "2026-11-24 19:30", (1, "2026-11-25 09:00")),
        (2, "2026-11-24 14:00", (2, "2026-11-25 10:00")),
        (3, "2026-11-25 10:00", (3, "2026-11-25 18:00")),
        (5, "2026-11-26 12:00", (5, "2026-11-27 12:00")),
        (5, "2026-12-26 12:00", (5, "2026-12-26 13:00")),
        (6, "2026-11-27 12:00", None),
        (9, "2026-11-27 12:00", None),
    ],
)
def test_the_next_step(done: int, at: str, planned: tuple[int, str] | None) -> None:
    anchors = entered("2026-11-24 12:00")
    found = plan_next(SHIPPED, done, anchors, at=local(at), gap=HOUR, zone=MOSCOW, hours=HOURS)
    assert found == (planned and (planned[0], local(planned[1])))


def test_a_cadence_without_its_anchor_stands_still() -> None:
    step = Step(Anchor.MEETING)
    at = local("2026-11-24 12:00")
    assert plan_next([step], 0, entered("2026-11-24 12:00"), at=at, gap=HOUR, zone=MOSCOW, hours=HOURS) is None
