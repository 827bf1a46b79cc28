from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone, translation

from crm import clock
from crm.templatetags import crm_format as written

NOON = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # 12:00 in Moscow


@pytest.fixture(autouse=True)
def _at_noon_in_moscow(monkeypatch: pytest.MonkeyPatch, settings) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOON)
    settings.TIME_ZONE = "Europe/Moscow"
    with timezone.override("Europe/Moscow"), translation.override("ru"):
        yield


def plain(text: str) -> str:
    """No-break spaces as ordinary ones, so that the tables below can be read."""
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (870000, "870 000 ₽"),
        (Decimal("870000.00"), "870 000 ₽"),
        (Decimal("1234.5"), "1 234,50 ₽"),
        (0, "0 ₽"),
        (-500, "−500 ₽"),
        (None, "—"),
        ("", "—"),
        ("nan", "—"),
        ("words", "—"),
    ],
)
def test_money_is_whole_roubles_unless_there_are_kopecks(value, text) -> None:
    assert plain(written.money(value)) == text


def test_money_never_breaks_over_a_line() -> None:
    assert " " not in written.money(870000) + written.money_short(870000) + written.percent(0.41)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (640, "640 ₽"),
        (870000, "870 тыс. ₽"),
        (999_499, "999 тыс. ₽"),
        (999_500, "1 млн ₽"),
        (1_240_000, "1,24 млн ₽"),
        (10_000_000, "10 млн ₽"),
        (None, "—"),
    ],
)
def test_short_money_has_three_digits(value, text) -> None:
    assert plain(written.money_short(value)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.41, "41 %"), (0.087, "8,7 %"), (0.0996, "10 %"), (0.05, "5,0 %"), (0, "0 %"), (1, "100 %"), (None, "—")],
)
def test_percent_has_a_decimal_only_under_ten(value, text) -> None:
    assert plain(written.percent(value)) == text


def test_a_share_of_nothing_is_a_dash() -> None:
    assert plain(written.share_of(19, 100)) == "19 %"
    assert written.share_of(0, 0) == "—"


@pytest.mark.parametrize(
    ("new", "old", "text"), [(979, 888, "+10 %"), (48, 50, "−4 %"), (1, 1, "0 %"), (5, 0, "—"), (None, 1, "—")]
)
def test_a_change_says_its_direction_by_a_sign(new, old, text) -> None:
    assert plain(written.percent_change(new, old)) == text


@pytest.mark.parametrize(
    ("filter_name", "value", "text"),
    [
        ("day", NOON, "24 ноября"),
        ("day", date(2025, 3, 12), "12 марта 2025"),
        ("day_short", NOON, "24.11"),
        ("day_short", date(2025, 3, 12), "12.03.2025"),
        ("day_full", NOON, "24.11.2026"),
        ("hhmm", NOON, "12:00"),
        ("moment", NOON, "сегодня, 12:00"),
        ("moment", NOON - timedelta(days=1), "вчера, 12:00"),
        ("moment", NOON + timedelta(days=1), "завтра, 12:00"),
        ("moment", NOON - timedelta(days=4), "20.11, 12:00"),
        ("moment", datetime(2026, 11, 23, 22, 30, tzinfo=UTC), "сегодня, 01:30"),
        ("day_heading", NOON, "Сегодня"),
        ("day_heading", NOON - timedelta(days=1), "Вчера, 23 ноября"),
        ("day_heading", NOON - timedelta(days=4), "20 ноября"),
        ("ago", NOON - timedelta(seconds=40), "40 с"),
        ("ago", NOON - timedelta(minutes=2), "2 мин"),
        ("ago", NOON - timedelta(hours=1), "сегодня, 11:00"),
        ("ago", NOON + timedelta(minutes=2), "сегодня, 12:02"),
        ("due", NOON + timedelta(minutes=48), "сегодня, 12:48 · через 48 мин"),
        ("due", NOON - timedelta(minutes=2), "сегодня, 11:58 · сейчас"),
        ("due", NOON - timedelta(minutes=9), "сегодня, 11:51 · опоздание 9 мин"),
        ("due", NOON - timedelta(hours=18), "вчера, 18:00 · просрочено"),
        ("due", NOON + timedelta(days=1), "завтра, 12:00"),
    ],
)
def test_moments_read_as_people_say_them(filter_name, value, text) -> None:
    assert plain(getattr(written, filter_name)(value)) == text


def test_nothing_is_written_for_no_moment() -> None:
    for name in ("day", "day_short", "day_full", "hhmm", "moment", "day_heading", "ago", "due"):
        assert getattr(written, name)(None) == ""


@pytest.mark.parametrize(("minutes", "state"), [(-6, "overdue"), (-5, "now"), (0, "now"), (5, "now"), (6, "planned")])
def test_a_task_is_now_five_minutes_either_side_of_its_time(minutes, state) -> None:
    assert written.due_state(NOON + timedelta(minutes=minutes)) == state
    assert written.due_state(None) == "none"


def test_a_moment_is_shown_on_the_clients_clock_when_asked() -> None:
    with timezone.override("Asia/Yekaterinburg"):
        assert written.hhmm(NOON) == "14:00"


@pytest.mark.parametrize(
    ("filter_name", "words"),
    [
        ("touches", ["1 касание", "2 касания", "5 касаний", "21 касание"]),
        ("leads", ["1 лид", "2 лида", "5 лидов", "21 лид"]),
        ("deals", ["1 сделка", "2 сделки", "5 сделок", "21 сделка"]),
        ("contacts", ["1 контакт", "2 контакта", "5 контактов", "21 контакт"]),
        ("tasks", ["1 задача", "2 задачи", "5 задач", "21 задача"]),
        ("days", ["1 день", "2 дня", "5 дней", "21 день"]),
    ],
)
def test_counts_follow_the_russian_plural(filter_name, words) -> None:
    assert [plain(getattr(written, filter_name)(count)) for count in (1, 2, 5, 21)] == words


def test_english_has_its_own_words_and_decimal_mark() -> None:
    with translation.override("en"):
        assert plain(written.money_short(1_240_000)) == "1.24 m ₽"
        assert plain(written.moment(NOON)) == "today, 12:00"
        assert plain(written.leads(2)) == "2 leads"


def test_long_times_are_days_and_hours() -> None:
    lengths = [timedelta(days=3, hours=4, minutes=5), timedelta(hours=5), timedelta(minutes=20), None]
    assert [plain(written.days_long(length)) for length in lengths] == ["3 дн 4 ч", "5 ч 0 мин", "20 мин", "—"]
    asked = [
        (0.5, "share"),
        (1000, "money"),
        (timedelta(minutes=4), "wait"),
        (timedelta(days=1), "days"),
        (7, "number"),
    ]
    assert [plain(written.counted(*one)) for one in asked] == ["50 %", "1 000 ₽", "4:00", "1 дн 0 ч", "7"]
