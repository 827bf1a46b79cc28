"""The client's calling hours as a table: their edges, midnight, ends of months, clock changes, zones, weekends."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tasks.worktime import Days, Hours, at_local, fit, open_time_between, working_days_after

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


# --- which days ------------------------------------------------------------------------------------------------------
WEEKDAYS = frozenset(range(1, 6))


@pytest.mark.parametrize(
    ("days", "due", "fitted"),
    [
        (Days(calling=WEEKDAYS), "2026-11-27 20:00", "2026-11-30 09:00"),  # Friday evening
        (Days(calling=WEEKDAYS), "2026-11-28 12:00", "2026-11-30 09:00"),
        (Days(calling=WEEKDAYS), "2026-11-29 00:00", "2026-11-30 09:00"),
        (Days(calling=frozenset({3})), "2026-11-24 12:00", "2026-11-25 09:00"),
        (Days(calling=frozenset({3})), "2026-11-25 20:00", "2026-12-02 09:00"),
        (Days(off=frozenset({date(2026, 11, 24)})), "2026-11-24 12:00", "2026-11-25 09:00"),
        (Days(off=frozenset({date(2026, 11, 24)})), "2026-11-24 05:00", "2026-11-25 09:00"),
        (Days(off=frozenset({date(2026, 11, 24)})), "2027-11-24 12:00", "2027-11-24 12:00"),  # of that year only
        (Days(off_yearly=frozenset({(1, day) for day in range(1, 9)})), "2026-12-31 21:00", "2027-01-09 09:00"),
        (Days(off_yearly=frozenset({(1, 1)})), "2031-01-01 12:00", "2031-01-02 09:00"),
        (Days(off_yearly=frozenset({(2, 29)})), "2028-02-29 12:00", "2028-03-01 09:00"),
        (Days(off_yearly=frozenset({(2, 29)})), "2027-02-28 21:00", "2027-03-01 09:00"),  # no such day this year
        (Days(calling=WEEKDAYS, extra=frozenset({date(2026, 11, 28)})), "2026-11-27 21:00", "2026-11-28 09:00"),
        (
            Days(off_yearly=frozenset({(11, 24)}), extra=frozenset({date(2026, 11, 24)})),
            "2026-11-24 12:00",
            "2026-11-24 12:00",  # a working day in spite of what is written for every year
        ),
        (Days(off=frozenset({date(2027, 1, 31), date(2027, 2, 1)})), "2027-01-31 12:00", "2027-02-02 09:00"),
        (Days(calling=frozenset()), "2026-11-24 23:00", "2026-11-24 23:00"),  # a calendar without days says nothing
    ],
)
def test_days_on_which_nobody_is_called(days: Days, due: str, fitted: str) -> None:
    assert fit(local(due), MOSCOW, Hours(days=days)) == local(fitted)


@pytest.mark.parametrize(
    ("zone", "fitted"),
    [
        ("Europe/Kaliningrad", "2026-11-26 07:00"),  # 23:30 of the 24th, too late; the 25th is off
        ("Europe/Moscow", "2026-11-26 06:00"),  # 0:30 of the 25th
        ("Asia/Kamchatka", "2026-11-25 21:00"),  # 9:30 of the 25th, so nine of the 26th
        ("America/Anchorage", "2026-11-24 21:30"),  # 12:30 of the 24th
    ],
)
def test_a_holiday_begins_and_ends_on_the_clients_clock(zone: str, fitted: str) -> None:
    hours = Hours(days=Days(off=frozenset({date(2026, 11, 25)})))
    assert fit(local("2026-11-24 21:30", UTC), ZoneInfo(zone), hours) == local(fitted, UTC)


@pytest.mark.parametrize(
    ("day", "count", "days", "expected"),
    [
        ("2026-12-31", 1, Days(off_yearly=frozenset({(1, day) for day in range(1, 9)})), "2027-01-11"),
        ("2026-11-27", 1, Days(extra=frozenset({date(2026, 11, 28)})), "2026-11-28"),
        ("2026-11-23", 2, Days(off=frozenset({date(2026, 11, 24)})), "2026-11-26"),
        ("2028-02-28", 1, Days(off_yearly=frozenset({(2, 29)})), "2028-03-01"),
        ("2026-11-24", 1, Days(working=frozenset({7})), "2026-11-29"),
    ],
)
def test_working_days_leave_out_holidays_and_count_moved_ones(day: str, count: int, days: Days, expected: str) -> None:
    assert working_days_after(date.fromisoformat(day), count, days) == date.fromisoformat(expected)


def test_hours_that_a_clock_change_swallows_begin_the_next_day() -> None:
    short = Hours(time(2, 15), time(2, 45))  # on 29.03.2026 there is no such time in Berlin
    found = fit(local("2026-03-29 00:00", BERLIN), BERLIN, short)
    assert found == local("2026-03-30 02:15", BERLIN)


@pytest.mark.parametrize(
    ("start", "end", "hours", "expected"),
    [
        ("2026-11-24 12:00", "2026-11-24 12:10", HOURS, 10),
        ("2026-11-24 19:50", "2026-11-25 09:05", HOURS, 15),
        ("2026-11-24 21:00", "2026-11-25 08:00", HOURS, 0),
        ("2026-11-24 12:00", "2026-11-26 12:00", Hours(days=Days(off=frozenset({date(2026, 11, 25)}))), 11 * 60),
        ("2026-11-24 12:00", "2026-11-24 11:00", HOURS, 0),
    ],
)
def test_time_is_counted_inside_the_hours(start: str, end: str, hours: Hours, expected: int) -> None:
    assert open_time_between(local(start), local(end), MOSCOW, hours) == timedelta(minutes=expected)


def test_the_open_time_of_a_day_on_which_the_clocks_change() -> None:
    """From one to four in the night: two hours in spring, four in autumn."""
    night = Hours(time(1), time(4))
    for day, hours in ((date(2026, 3, 29), 2), (date(2026, 10, 25), 4)):
        start, end = at_local(day, time(0), BERLIN), at_local(day, time(12), BERLIN)
        assert open_time_between(start, end, BERLIN, night) == timedelta(hours=hours)
