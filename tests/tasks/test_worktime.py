"""The client's calling hours as a table: their edges, midnight, ends of months, clock changes, zones, weekends."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from tasks.worktime import Days, Hours, at_local, fit, working_days_after

MOSCOW = ZoneInfo("Europe/Moscow")
HOURS = Hours(time(9), time(20))


def local(text: str, zone: ZoneInfo = MOSCOW) -> datetime:
    """A moment on the clocks of `zone`; `*` at the end is the second one of an hour that comes twice."""
    return datetime.fromisoformat(text.removesuffix("*")).replace(tzinfo=zone, fold=text.endswith("*"))


@pytest.mark.parametrize(
    ("due", "fitted"),
    [
        ("2026-11-24 00:00", "2026-11-24 09:00"),
        ("2026-11-24 08:59:59.999999", "2026-11-24 09:00"),
        ("2026-11-24 09:00", "2026-11-24 09:00"),
        ("2026-11-24 09:00:00.000001", "2026-11-24 09:00:00.000001"),
        ("2026-11-24 19:59:59.999999", "2026-11-24 19:59:59.999999"),
        ("2026-11-24 20:00", "2026-11-25 09:00"),
        ("2026-11-24 23:59:59.999999", "2026-11-25 09:00"),
        ("2026-11-27 21:00", "2026-11-28 09:00"),  # clients are called on Saturdays too
        ("2027-01-31 20:00", "2027-02-01 09:00"),
        ("2026-12-31 23:00", "2027-01-01 09:00"),
        ("2028-02-28 20:00", "2028-02-29 09:00"),
        ("2027-02-28 20:00", "2027-03-01 09:00"),
    ],
)
def test_what_falls_outside_the_hours_comes_at_their_next_beginning(due: str, fitted: str) -> None:
    assert fit(local(due), MOSCOW, HOURS) == local(fitted)
    assert fit(local(fitted), MOSCOW, HOURS) == local(fitted), "fitting twice changes nothing"


@pytest.mark.parametrize(
    ("zone", "fitted"),
    [
        ("Europe/Kaliningrad", "2026-11-25 07:00"),  # 08:30 there
        ("Europe/Moscow", "2026-11-25 06:30"),
        ("Europe/Samara", "2026-11-25 06:30"),
        ("Asia/Yekaterinburg", "2026-11-25 06:30"),
        ("Asia/Omsk", "2026-11-25 06:30"),
        ("Asia/Krasnoyarsk", "2026-11-25 06:30"),
        ("Asia/Irkutsk", "2026-11-25 06:30"),
        ("Asia/Yakutsk", "2026-11-25 06:30"),
        ("Asia/Vladivostok", "2026-11-25 06:30"),
        ("Asia/Magadan", "2026-11-25 06:30"),  # 17:30
        ("Asia/Kamchatka", "2026-11-25 06:30"),  # 18:30
    ],
)
def test_a_morning_in_moscow_suits_everybody_but_kaliningrad(zone: str, fitted: str) -> None:
    assert fit(local("2026-11-25 06:30", UTC), ZoneInfo(zone), HOURS) == local(fitted, UTC)


@pytest.mark.parametrize(
    ("zone", "fitted"),
    [
        ("Europe/Kaliningrad", "2026-11-24 17:30"),  # 19:30
        ("Europe/Moscow", "2026-11-25 06:00"),  # 20:30, so tomorrow
        ("Asia/Kamchatka", "2026-11-24 21:00"),  # 05:30 of the next day, so this morning
        ("Asia/Vladivostok", "2026-11-24 23:00"),  # 03:30 of the next day
    ],
)
def test_an_evening_in_moscow_is_a_morning_in_the_east(zone: str, fitted: str) -> None:
    assert fit(local("2026-11-24 17:30", UTC), ZoneInfo(zone), HOURS) == local(fitted, UTC)


BERLIN = ZoneInfo("Europe/Berlin")  # spring forward 29.03.2026 02:00 → 03:00, back 25.10.2026 03:00 → 02:00


@pytest.mark.parametrize(
    ("due", "fitted"),
    [
        ("2026-03-28 21:00", "2026-03-29 07:00"),  # 09:00 at +2
        ("2026-03-27 21:00", "2026-03-28 08:00"),  # 09:00 at +1
        ("2026-10-24 21:00", "2026-10-25 08:00"),
        ("2026-10-23 21:00", "2026-10-24 07:00"),
    ],
)
def test_the_hours_follow_the_clocks_when_they_change(due: str, fitted: str) -> None:
    assert fit(local(due, BERLIN), BERLIN, HOURS) == local(fitted, UTC)


@pytest.mark.parametrize(
    ("day", "moment", "expected"),
    [
        (date(2026, 3, 29), time(1, 59), "2026-03-29 00:59"),
        (date(2026, 3, 29), time(2, 30), "2026-03-29 01:30"),  # skipped: 03:30 on the new clock
        (date(2026, 3, 29), time(3), "2026-03-29 01:00"),
        (date(2026, 10, 25), time(2, 30), "2026-10-25 00:30"),  # comes twice: the first one
        (date(2026, 10, 25), time(3), "2026-10-25 02:00"),
    ],
)
def test_a_time_that_is_skipped_or_comes_twice(day: date, moment: time, expected: str) -> None:
    assert at_local(day, moment, BERLIN) == local(expected, UTC)


def test_night_hours_around_a_clock_change() -> None:
    early = Hours(time(2, 30), time(4))
    assert fit(local("2026-03-29 01:00", BERLIN), BERLIN, early) == local("2026-03-29 01:30", UTC)
    second = local("2026-10-25 02:40*", BERLIN)
    assert fit(second, BERLIN, early) == second


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        ("2026-11-24", 0, "2026-11-24"),
        ("2026-11-24", 1, "2026-11-25"),  # Tuesday
        ("2026-11-24", 3, "2026-11-27"),
        ("2026-11-24", 4, "2026-11-30"),  # over the weekend
        ("2026-11-27", 1, "2026-11-30"),  # Friday
        ("2026-11-27", 3, "2026-12-02"),
        ("2026-11-28", 1, "2026-11-30"),  # Saturday
        ("2026-11-29", 1, "2026-11-30"),  # Sunday
        ("2026-11-29", 5, "2026-12-04"),
        ("2026-12-31", 1, "2027-01-01"),  # holidays are working days until somebody keeps a calendar of them
        ("2028-02-28", 1, "2028-02-29"),
        ("2028-02-29", 3, "2028-03-03"),
        ("2027-02-26", 1, "2027-03-01"),
    ],
)
def test_working_days_leave_out_saturdays_and_sundays(day: str, count: int, expected: str) -> None:
    assert working_days_after(date.fromisoformat(day), count, Days()) == date.fromisoformat(expected)
