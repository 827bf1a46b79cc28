"""How numbers, money and moments are written on screen (wording rules of the interface), as template filters.

Pure but for the active language and time zone, and the clock for what is relative. Nothing here knows a model.
Numbers are grouped by no-break spaces in both languages, because amounts are roubles; only the decimal mark follows the
language.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from django import template
from django.template.defaultfilters import date as formatted
from django.utils import timezone
from django.utils.formats import get_format
from django.utils.translation import gettext, ngettext, pgettext

from crm import clock

register = template.Library()

NBSP = "\u00a0"
MINUS = "\u2212"
NOTHING = "—"
GRACE = timedelta(minutes=5)  # a task this close to its time is "now", neither planned nor late
Number = int | float | Decimal | str


def _decimal(value: Number | None) -> Decimal | None:
    """`value` as an exact number; None for None, an empty text and what is not a finite number."""
    if value is None or value == "":
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _written(number: Decimal, places: int) -> str:
    """`number` rounded half up to `places`, grouped by no-break spaces, with the language's decimal mark."""
    rounded = number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    sign = MINUS if rounded < 0 else ""
    whole, _point, fraction = f"{abs(rounded):,f}".replace(",", NBSP).partition(".")
    return sign + whole + (str(get_format("DECIMAL_SEPARATOR")) + fraction if fraction else "")


@register.filter
def number(value: Number | None) -> str:
    """1240 -> «1 240»; nothing -> «—»."""
    amount = _decimal(value)
    return NOTHING if amount is None else _written(amount, 0)


@register.filter
def money(value: Number | None) -> str:
    """Roubles: 870000 -> «870 000 ₽», kopecks only when there are any; nothing -> «—»."""
    amount = _decimal(value)
    if amount is None:
        return NOTHING
    return f"{_written(amount, 0 if amount == amount.to_integral_value() else 2)}{NBSP}₽"


@register.filter
def money_short(value: Number | None) -> str:
    """Roubles in three digits, for narrow places: «870 тыс. ₽», «1,24 млн ₽»; under a thousand as `money`."""
    amount = _decimal(value)
    if amount is None or abs(amount) < 1000:
        return money(value)
    if abs(amount) < 999_500:
        text = pgettext("thousands of roubles", "%(number)s k ₽") % {"number": _written(amount / 1000, 0)}
    else:
        millions = (amount / 1_000_000).quantize(Decimal("0.01"), ROUND_HALF_UP).normalize()
        places = min(2, max(0, -int(millions.as_tuple().exponent)))
        text = pgettext("millions of roubles", "%(number)s m ₽") % {"number": _written(millions, places)}
    return text.replace(" ", NBSP)


@register.filter
def percent(fraction: Number | None) -> str:
    """A fraction: 0.41 -> «41 %»; under ten percent one decimal: 0.087 -> «8,7 %»; 0 -> «0 %»; nothing -> «—»."""
    share = _decimal(fraction)
    if share is None:
        return NOTHING
    hundredths = share * 100
    places = 1 if 0 < abs(hundredths) < Decimal("9.95") else 0
    return f"{_written(hundredths, places)}{NBSP}%"


@register.filter
def share_of(part: Number | None, whole: Number | None) -> str:
    """`part` in percent of `whole`: {{ visits|share_of:leads }} -> «19 %»; of nothing -> «—»."""
    top, bottom = _decimal(part), _decimal(whole)
    return NOTHING if top is None or not bottom else percent(top / bottom)


@register.filter
def percent_change(present: Number | None, before: Number | None) -> str:
    """How much `present` is above or below `before`: «+10 %», «−4 %», «0 %»; from nothing -> «—»."""
    new, old = _decimal(present), _decimal(before)
    if new is None or not old:
        return NOTHING
    change = ((new - old) / abs(old) * 100).quantize(Decimal(1), ROUND_HALF_UP)
    return f"{'+' if change > 0 else ''}{_written(change, 0)}{NBSP}%"


def _local(value: date | datetime | None) -> date | datetime | None:
    """An aware moment in the active time zone; a plain date as it is."""
    return timezone.localtime(value) if isinstance(value, datetime) and timezone.is_aware(value) else value


def _day_of(value: date | datetime) -> date:
    return value.date() if isinstance(value, datetime) else value


def _today() -> date:
    return timezone.localtime(clock.now()).date()


@register.filter
def hhmm(value: datetime | None) -> str:
    """«12:40» in the active time zone (`{% timezone %}` sets the client's)."""
    return formatted(_local(value), "H:i") if value else ""


@register.filter
def day(value: date | datetime | None) -> str:
    """«24 ноября», with the year unless it is the present one."""
    local = _local(value)
    if not local:
        return ""
    return str(formatted(local, "j E" if _day_of(local).year == _today().year else "j E Y")).replace(" ", NBSP, 1)


@register.filter
def day_short(value: date | datetime | None) -> str:
    """«24.11» for tables; another year in full: «24.11.2025»."""
    local = _local(value)
    if not local:
        return ""
    return formatted(local, "d.m" if _day_of(local).year == _today().year else "d.m.Y")


@register.filter
def day_full(value: date | datetime | None) -> str:
    """«24.11.2026»."""
    return formatted(_local(value), "d.m.Y") if value else ""


def _day_word(local: date | datetime) -> str:
    """«сегодня», «вчера», «завтра», else empty."""
    distance = (_day_of(local) - _today()).days
    return {-1: gettext("yesterday"), 0: gettext("today"), 1: gettext("tomorrow")}.get(distance, "")


@register.filter
def moment(value: datetime | None) -> str:
    """Day and time: «сегодня, 12:40», «завтра, 10:00», «20.11, 14:07», another year «12.03.2025, 14:07»."""
    local = _local(value)
    return f"{_day_word(local) or day_short(local)}, {hhmm(value)}" if local else ""


@register.filter
def day_heading(value: date | datetime | None) -> str:
    """A day as the separator of a timeline: «Сегодня», «Вчера, 23 ноября», «20 ноября»."""
    local = _local(value)
    if not local:
        return ""
    word = _day_word(local)
    word = word[:1].upper() + word[1:]
    if not word:
        return day(local)
    return word if _day_of(local) == _today() else f"{word}, {day(local)}"


def _short_time(distance: timedelta) -> str:
    """A time under an hour in words: «40 с», «9 мин»."""
    seconds = int(distance.total_seconds())
    if seconds < 60:
        return pgettext("seconds", "%(count)d s") % {"count": seconds}
    return pgettext("minutes", "%(count)d min") % {"count": seconds // 60}


@register.filter
def stopwatch(value: timedelta | None) -> str:
    """A length of time as minutes and seconds, «4:12»; from an hour on «1 ч 20 мин»; nothing is a dash."""
    if value is None:
        return "—"
    seconds = int(value.total_seconds())
    if seconds < 3600:
        return f"{seconds // 60}:{seconds % 60:02d}"
    said = gettext("%(hours)d h %(minutes)d min") % {"hours": seconds // 3600, "minutes": seconds // 60 % 60}
    return said.replace(" ", NBSP)


@register.filter
def days_long(value: timedelta | None) -> str:
    """A long time in days and hours: «3 дн 4 ч», «5 ч», «20 мин»; nothing is a dash."""
    if value is None:
        return NOTHING
    whole = int(value.total_seconds()) // 60
    days, hours, minutes = whole // 1440, whole // 60 % 24, whole % 60
    if days:
        said = gettext("%(days)d d %(hours)d h") % {"days": days, "hours": hours}
    elif hours:
        said = gettext("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}
    else:
        said = gettext("%(minutes)d min") % {"minutes": minutes}
    return said.replace(" ", NBSP)


@register.filter
def counted(value: object, kind: str) -> str:
    """A number of a report as its column is written: number, share, money, wait or days."""
    return {"share": percent, "money": money, "wait": stopwatch, "days": days_long}.get(kind, number)(value)  # type: ignore[operator, arg-type]


@register.filter
def svg(value: float) -> str:
    """A coordinate: a decimal point whatever the language."""
    return f"{float(value):g}"


@register.filter
def ago(value: datetime | None) -> str:
    """How long since: under an hour «2 мин» (as in «ждёт 2 мин»), else the moment; what is to come as `moment`."""
    if not value:
        return ""
    passed = clock.now() - value
    return _short_time(passed).replace(" ", NBSP) if timedelta(0) <= passed < timedelta(hours=1) else moment(value)


@register.filter
def age(value: datetime | None) -> str:
    """How old something is, short, for a card: «40 с», «14 мин», «3 ч», «2 дн.»."""
    if not value:
        return ""
    passed = max(timedelta(), clock.now() - value)
    if passed < timedelta(hours=1):
        said = _short_time(passed)
    elif passed < timedelta(days=1):
        said = gettext("%(count)d h") % {"count": passed // timedelta(hours=1)}
    else:
        said = gettext("%(count)d d") % {"count": passed.days}
    return said.replace(" ", NBSP)


@register.filter
def due(value: datetime | None) -> str:
    """When a task is due, with what is left or lost: «сегодня, 13:30 · через 48 мин», «вчера, 18:00 · просрочено»."""
    if not value:
        return ""
    left = value - clock.now()
    if timedelta(0) <= left < timedelta(hours=1):
        rest = gettext("in %(time)s") % {"time": _short_time(left)}
    elif -GRACE <= left < timedelta(0):
        rest = gettext("now")
    elif -timedelta(hours=1) < left < -GRACE:
        rest = gettext("%(time)s late") % {"time": _short_time(-left)}
    elif left < timedelta(0):
        rest = gettext("overdue")
    else:
        return moment(value)
    return f"{moment(value)} · {rest.replace(' ', NBSP)}"


@register.filter
def due_state(value: datetime | None) -> str:
    """The colour of a due moment: "overdue", "now" (five minutes either side) or "planned"; nothing is "none"."""
    if not value:
        return "none"
    left = value - clock.now()
    if left < -GRACE:
        return "overdue"
    return "now" if left <= GRACE else "planned"


@register.filter
def touches(count: int) -> str:
    """«1 касание», «2 касания», «5 касаний»."""
    return _counted(ngettext("%(count)s touch", "%(count)s touches", count), count)


@register.filter
def leads(count: int) -> str:
    """«1 лид», «2 лида», «5 лидов»."""
    return _counted(ngettext("%(count)s lead", "%(count)s leads", count), count)


@register.filter
def deals(count: int) -> str:
    """«1 сделка», «2 сделки», «5 сделок»."""
    return _counted(ngettext("%(count)s deal", "%(count)s deals", count), count)


@register.filter
def contacts(count: int) -> str:
    """«1 контакт», «2 контакта», «5 контактов»."""
    return _counted(ngettext("%(count)s contact", "%(count)s contacts", count), count)


@register.filter
def tasks(count: int) -> str:
    """«1 задача», «2 задачи», «5 задач»."""
    return _counted(ngettext("%(count)s task", "%(count)s tasks", count), count)


@register.filter
def days(count: int) -> str:
    """«1 день», «2 дня», «5 дней»."""
    return _counted(ngettext("%(count)s day", "%(count)s days", count), count)


def _counted(text: str, count: int) -> str:
    return text % {"count": number(count)}
