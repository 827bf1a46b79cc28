"""The list of leads: which ones the address asks for, in what order, and what each row shows; in a few queries.

A value in the address that cannot be meant takes no part and is told: an old or mistyped link is never an error page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

import django_filters as filters
from django import forms
from django.core.paginator import Page, Paginator
from django.db.models import Case, Exists, F, IntegerField, Min, OuterRef, Q, QuerySet, Subquery, Value, When
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import clock
from crm.errors import Invalid
from crm.form_fields import Roubles
from crm.templatetags.crm_format import day, money
from crm.text import clean
from leads.attention import Attention, AttentionFilter
from leads.counting import BASES, EXCLUDE, HEADINGS, INCLUDE, Counted, Period, Scope, midnight, spellings, this_day
from leads.filters import LeadFilter
from leads.models import Lead, LeadQuerySet
from leads.pipeline import CLOSED, JunkReason, Status
from tasks.models import Task
from team.models import User
from team.roles import Right, may

PAGE = 50
EXACT = 10_000  # beyond it nobody counts rows, and counting them would cost more than showing them
# The addresses that ask for more than what is in work.
WIDENING = ("show", "status", "junk_reason", "counted", "search", "phone")

TASKS = {
    "none": gettext_lazy("No task"),
    "overdue": gettext_lazy("Overdue"),
    "today": gettext_lazy("Today"),
}
DUPLICATES = {EXCLUDE: gettext_lazy("Without duplicates")}
SORTS = {
    "created": F("created_at"),
    "name": F("name"),
    "touches": F("touches_count"),
    "debt": F("debt_amount"),
    "source": F("source__position"),
    "city": F("city"),
    "responsible": F("responsible__name"),
    "status": Case(
        *(When(status=status, then=Value(place)) for place, status in enumerate(Status)), output_field=IntegerField()
    ),
    "task": F("next_due"),
    "changed": F("status_changed_at"),
    "meeting": F("meeting_at"),
}
DEFAULT_SORT = "-created"
# What an address says beside its filters: how the list is looked at.
LOOK = ("page", "select", "view", "sort")


class CityFilter(filters.CharFilter):
    """A city or its beginning, in any case (SQLite folds only Latin letters, so the usual spellings are tried)."""

    def filter(self, qs: Any, value: str) -> Any:
        value = clean(value or "", limit=100)
        if not value:
            return qs
        condition = Q()
        for spelling in spellings(value):
            condition |= Q(city__istartswith=spelling)
        return qs.filter(condition)


class TaskFilter(filters.ChoiceFilter):
    """By the open tasks; a lead in work without one is a fault."""

    def filter(self, qs: Any, value: str) -> Any:
        mine = Task.objects.open().filter(lead_id=OuterRef("pk"))
        if value == "none":
            return qs.filter(~Exists(mine))
        if value == "overdue":
            return qs.filter(Exists(mine.filter(due_at__lt=clock.now())))
        if value == "today":
            return qs.filter(Exists(mine.filter(due_at__lt=midnight(this_day() + timedelta(days=1)))))
        return qs


class DuplicatesFilter(filters.ChoiceFilter):
    def filter(self, qs: Any, value: str) -> Any:
        return qs.exclude(junk_reason=JunkReason.DUPLICATE) if value == EXCLUDE else qs


class MeetingFilter(filters.ChoiceFilter):
    def filter(self, qs: Any, value: str) -> Any:
        if value != "week":
            return qs
        today = this_day()
        return qs.filter(
            status=Status.MEETING, meeting_at__gte=midnight(today), meeting_at__lt=midnight(today + timedelta(days=7))
        )


class MoneyFilter(filters.Filter):
    field_class = Roubles


class CountField(forms.IntegerField):
    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=0, max_value=10_000, **options)


class CountFilter(filters.Filter):
    field_class = CountField


class ListFilter(LeadFilter):
    """The filters of the API and what only people ask."""

    city = CityFilter()
    task = TaskFilter(choices=list(TASKS.items()))
    meeting = MeetingFilter(choices=[("week", gettext_lazy("Meetings this week"))])
    attention = AttentionFilter(choices=Attention.choices)
    debt_min = MoneyFilter(field_name="debt_amount", lookup_expr="gte")
    debt_max = MoneyFilter(field_name="debt_amount", lookup_expr="lte")
    touches_min = CountFilter(field_name="touches_count", lookup_expr="gte")
    touches_max = CountFilter(field_name="touches_count", lookup_expr="lte")
    duplicates = DuplicatesFilter(choices=[(INCLUDE, ""), (EXCLUDE, DUPLICATES[EXCLUDE])])


@dataclass(frozen=True)
class Chip:
    """An active filter: what it says, and the address without it."""

    label: str
    value: str
    url: str
    wrong: str = ""


@dataclass(frozen=True)
class Row:
    lead: Lead
    task: Task | None
    local: str  # the client's clock

    @property
    def in_work(self) -> bool:
        return self.lead.status not in CLOSED


class Leads:
    """The list that an address asks for, as `viewer` may see it."""

    def __init__(self, request: HttpRequest) -> None:
        self.query: QueryDict = request.GET
        self.viewer: User = request.user  # type: ignore[assignment]
        self.at = clock.now()
        self.errors: dict[str, str] = {}
        self.counted: Counted | None = None
        self.period: Period | None = None
        self._read_period()
        # What belongs to a number of the report is asked by its own condition.
        own: set[str] = {"source", "channel", "city", "responsible", "duplicates"} if self.counted else set()
        given = QueryDict(mutable=True)
        for name in ListFilter.base_filters:
            if name not in own:
                given.setlist(name, [value.replace("\x00", "") for value in self.query.getlist(name)])
        self.filter = ListFilter(given, queryset=Lead.objects.visible_to(self.viewer), request=request)
        self.form: forms.Form = self.filter.form
        self.form.is_valid()
        for name, said in self.form.errors.items():
            self.errors[name] = " ".join(str(sentence) for sentence in said)

    @classmethod
    def of(cls, query: QueryDict, *, by: User) -> Leads:
        """The list behind an address that nobody is at just now."""
        request = HttpRequest()
        request.GET = query  # type: ignore[assignment]
        request.user = by
        return cls(request)

    def _read_period(self) -> None:
        params = {name: str(self.query[name]) for name in self.query}
        try:
            self.counted = Counted.read(params, me=self.viewer)
            if self.counted:
                self.period = self.counted.scope.period
            elif params.get("from") or params.get("to"):
                self.period = Scope.read({name: params.get(name, "") for name in ("from", "to")}).period
        except Invalid as error:
            self.errors |= {name: " ".join(said) for name, said in error.fields.items()}

    @property
    def only_in_work(self) -> bool:
        if self.query.get("view") in ("board", "cards"):
            return False  # there every status has a column of its own
        return may(self.viewer, Right.WORK_LEADS) and not any(self.query.get(name) for name in WIDENING)

    @cached_property
    def rows(self) -> LeadQuerySet:
        """All leads asked for, unordered."""
        leads: LeadQuerySet = self.filter.queryset
        for name, value in self.form.cleaned_data.items():
            leads = self.filter.filters[name].filter(leads, value)
        if self.counted:
            leads = leads.filter(self.counted.condition())
        elif self.period:
            start, end = self.period.bounds()
            leads = leads.filter(created_at__gte=start, created_at__lt=end)
        if self.only_in_work:
            leads = leads.in_work()
        return leads

    @property
    def sort(self) -> str:
        wanted = self.query.get("sort", "")
        return wanted if wanted.removeprefix("-") in SORTS else DEFAULT_SORT

    def ordered(self) -> QuerySet[Lead]:
        leads = self.rows.with_card()
        key = self.sort.removeprefix("-")
        if key == "task":
            due = Task.objects.open().filter(lead_id=OuterRef("pk")).order_by().values("lead_id")
            leads = leads.annotate(next_due=Subquery(due.annotate(first=Min("due_at")).values("first")))
        column: Any = SORTS[key]
        order = column.desc(nulls_last=True) if self.sort.startswith("-") else column.asc(nulls_last=True)
        return leads.order_by(order, "-pk")

    def page(self) -> LeadPage:
        """The page asked for, the first one if there is no such page."""
        paginator = LeadPaginator(self.ordered(), PAGE)
        number = self.query.get("page", "")
        return paginator.lead_page(int(number) if number.isascii() and number.isdecimal() and len(number) < 9 else 1)

    def shown(self, leads: Iterable[Lead]) -> list[Row]:
        """The rows of a page with the nearest open task of each. One query."""
        leads = list(leads)
        tasks: dict[int, Task] = {}
        for task in Task.objects.open().filter(lead_id__in=[lead.pk for lead in leads]).order_by("due_at", "pk"):
            if task.lead_id is not None:
                tasks.setdefault(task.lead_id, task)
        return [Row(lead, tasks.get(lead.pk), self.at.astimezone(lead.zone).strftime("%H:%M")) for lead in leads]

    # --- what the filter bar shows
    def without(self, *names: str, **more: str) -> str:
        """The address without these parameters (and without a page and a selection), with `more`."""
        query = self.query.copy()
        for name in ("page", "select", *names):
            query.pop(name, None)
        for name, value in more.items():
            query[name] = value
        return f"?{query.urlencode()}"

    @property
    def filters(self) -> str:
        """The filters of the address alone, without what is empty: what a saved view or a bulk action keeps."""
        kept = QueryDict(mutable=True)
        for name in sorted(self.query):
            values = [value for value in self.query.getlist(name) if value]
            if name not in LOOK and values:
                kept.setlist(name, values)
        return kept.urlencode()

    @property
    def kept(self) -> list[tuple[str, str]]:
        """The parameters that a new filter is added to: all that are there, but page and selection."""
        return [
            (name, value)
            for name, values in self.query.lists()
            for value in values
            if value and name not in ("page", "select", *self.errors)
        ]

    def chips(self, names: Mapping[str, Mapping[str, str]]) -> list[Chip]:
        """The active filters. `names`: parameter -> code -> what it is called."""
        chips: list[Chip] = []
        if self.counted:
            scope = self.counted.scope
            said = f"{HEADINGS[self.counted.column]} · {BASES[scope.basis]}"
            chips.append(Chip(_("Counted in the report"), said, self.without("counted", "basis")))
        if self.period:
            chips.append(
                Chip(_("Period"), period_in_words(self.period), self.without("from", "to", "counted", "basis"))
            )
        for name, label in LABELS.items():
            values = [value for value in self.query.getlist(name) if value]
            if values and name not in self.errors:
                said = ", ".join(str(names.get(name, {}).get(value, value)) for value in values)
                if name in ("debt_min", "debt_max"):
                    said = money(self.form.cleaned_data[name])
                chips.append(Chip(str(label), said, self.without(name)))
        chips += [
            Chip(str(LABELS.get(name, name)), self.query.get(name, ""), self.without(name), wrong=said)
            for name, said in self.errors.items()
        ]
        return chips


LABELS = {
    "status": gettext_lazy("Status"),
    "junk_reason": gettext_lazy("Reason"),
    "source": gettext_lazy("Source"),
    "channel": gettext_lazy("Channel"),
    "responsible": gettext_lazy("Owner"),
    "task": gettext_lazy("Task"),
    "meeting": gettext_lazy("Meeting"),
    "attention": gettext_lazy("Needs attention"),
    "city": gettext_lazy("City"),
    "debt_min": gettext_lazy("Debt from"),
    "debt_max": gettext_lazy("Debt up to"),
    "touches_min": gettext_lazy("Touches from"),
    "touches_max": gettext_lazy("Touches up to"),
    "phone": gettext_lazy("Phone"),
    "search": gettext_lazy("Search"),
    "duplicates": gettext_lazy("Duplicates"),
    "created_after": gettext_lazy("Arrived after"),
    "created_before": gettext_lazy("Arrived before"),
}


def period_in_words(period: Period) -> str:
    """«1–24 ноября», «28 октября — 3 ноября», «24 ноября»."""
    if period.start == period.end:
        return day(period.start)
    if (period.start.year, period.start.month) == (period.end.year, period.end.month):
        return f"{period.start.day}–{day(period.end)}"
    return f"{day(period.start)} — {day(period.end)}"


class LeadPaginator(Paginator):
    """Counts exactly up to EXACT; beyond, pages go on as long as there are rows."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: EXACT + 1].count())

    @property
    def is_exact(self) -> bool:
        return self.count <= EXACT

    def lead_page(self, number: int) -> LeadPage:
        if self.is_exact and number > self.num_pages:
            number = self.num_pages
        number = max(1, number)
        start = (number - 1) * self.per_page
        found = list(self.object_list[start : start + self.per_page + 1])
        return LeadPage(found[: self.per_page], number, self, has_more=len(found) > self.per_page)


class LeadPage(Page):
    def __init__(self, leads: list[Lead], number: int, paginator: LeadPaginator, *, has_more: bool) -> None:
        super().__init__(leads, number, paginator)
        self.has_more = has_more

    def has_next(self) -> bool:
        return self.has_more

    def next_page_number(self) -> int:
        return self.number + 1

    def end_index(self) -> int:
        return self.start_index() + len(self.object_list) - 1 if self.object_list else 0
