"""The lists that may be taken out as files: which rows an address asks for, and the columns that go out.

The rows are those of the list itself: its own filters read the address, for the person who asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from contacts.forms import ContactSearch
from contacts.models import Contact
from contacts.phones import display
from crm import clock
from crm.sheets import Cell, Table
from deals.filters import DealFilters
from deals.models import Deal
from leads.filter_words import filters_in_words
from leads.listing import Leads
from leads.models import ExportFile, Lead
from tasks.listing import TaskFilters
from tasks.models import Task
from team.models import User

AT_ONCE = 500  # rows read at once
What = ExportFile.What


@dataclass(frozen=True)
class Listed:
    """A list as a file: its rows in their order, their headings, and each row's cells."""

    rows: QuerySet[Any]
    headings: Sequence[str]
    cells: Callable[[Any], list[Cell]]
    full: Callable[[QuerySet[Any]], QuerySet[Any]]  # with all that `cells` shows

    def lines(self) -> Iterator[list[Cell]]:
        """The rows as cells. Their order is settled at the beginning; what is gone meanwhile is left out."""
        ids = iter(list(self.rows.values_list("pk", flat=True)))
        model = self.rows.model
        while portion := list(islice(ids, AT_ONCE)):
            found = {row.pk: row for row in self.full(model._default_manager.filter(pk__in=portion))}
            yield from (self.cells(found[pk]) for pk in portion if pk in found)


def listed(what: str, query: str, *, by: User) -> Listed:
    """The list `what` with the filters of an address, as `by` sees it."""
    return _LISTS[what](QueryDict(query), by)


def table(what: str, query: str, *, by: User, lines: Iterator[list[Cell]]) -> Table:
    """The file of a list, whose first row says what is in it."""
    title = str(What(what).label)
    said = [title, timezone.localtime(clock.now()).strftime("%d.%m.%Y %H:%M"), *filters_in_words(query, by=by)]
    return Table(title, " · ".join(said), listed(what, query, by=by).headings, lines)


def _leads(given: QueryDict, by: User) -> Listed:
    request = HttpRequest()
    request.GET = given  # type: ignore[assignment]
    request.user = by
    headings = [
        *(_("No."), _("Arrived"), _("Name"), _("Phone"), _("E-mail"), _("City"), _("Debt"), _("Status"), _("Reason")),
        *(_("Source"), _("Source as given"), _("Owner"), _("Touches"), _("Meeting"), _("Call back"), _("Comment")),
    ]

    def cells(lead: Lead) -> list[Cell]:
        return [
            *(lead.pk, lead.created_at, lead.name, _phone(lead), lead.email, lead.city, lead.debt_amount),
            *(str(lead.get_status_display()), str(lead.get_junk_reason_display()), lead.source.name, lead.source_raw),
            *(_name(lead.responsible), lead.touches_count, lead.meeting_at, lead.callback_at, lead.comment),
        ]

    return Listed(
        Leads(request).ordered(), headings, cells, lambda rows: rows.select_related("contact", "source", "responsible")
    )


def _deals(given: QueryDict, by: User) -> Listed:
    form = DealFilters(given, user=by)
    form.is_valid()
    headings = [
        *(_("No."), _("Opened"), _("Client"), _("Phone"), _("Stage"), _("In stage since"), _("Contract number")),
        *(_("Contract date"), _("Price"), _("Prepayment"), _("Source"), _("Lawyer"), _("Comment")),
    ]

    def cells(deal: Deal) -> list[Cell]:
        contact = deal.contact
        return [
            *(deal.number, deal.created_at, contact.name if contact else "", display(contact.phone) if contact else ""),
            *(str(deal.stage), deal.stage_changed_at, deal.contract_number, deal.contract_date, deal.amount),
            *(deal.prepayment, deal.source.name, _name(deal.responsible), deal.comment),
        ]

    deals = form.narrow(Deal.objects.visible_to(by))
    return Listed(deals, headings, cells, lambda rows: rows.select_related("contact", "source", "responsible", "stage"))


def _contacts(given: QueryDict, by: User) -> Listed:
    form = ContactSearch(given)
    form.is_valid()
    headings = [
        *(_("Name"), _("Phone"), _("E-mail"), _("City"), _("First request"), _("do not call"), _("Comment")),
    ]

    def cells(card: Contact) -> list[Cell]:
        quiet = card.do_not_call_reason if card.do_not_call else ""
        return [card.name, display(card.phone), card.email, card.city, card.created_at, quiet, card.comment]

    return Listed(form.narrow(Contact.objects.visible_to(by)), headings, cells, lambda rows: rows)


def _tasks(given: QueryDict, by: User) -> Listed:
    form = TaskFilters(given, user=by)
    headings = [_("Task"), _("Due"), _("State"), _("Client"), _("Phone"), _("Lead"), _("Deal"), _("Assignee"), _("Set")]

    def cells(task: Task) -> list[Cell]:
        card = task.lead or task.deal
        contact = card.contact if card else None
        done: datetime | None = task.due_at
        return [
            *(str(task.title), done, str(task.get_state_display()), contact.name if contact else ""),
            *(display(contact.phone) if contact else "", task.lead_id, task.deal.number if task.deal else ""),
            *(_name(task.assignee), task.created_at),
        ]

    full = ("assignee", "lead__contact", "deal__contact")
    return Listed(form.narrow(at=clock.now()), headings, cells, lambda rows: rows.select_related(*full))


def _phone(lead: Lead) -> str:
    return display(lead.phone) or lead.phone_raw


def _name(person: User | None) -> str:
    return str(person) if person else ""


_LISTS: dict[str, Callable[[QueryDict, User], Listed]] = {
    What.LEADS: _leads,
    What.DEALS: _deals,
    What.CONTACTS: _contacts,
    What.TASKS: _tasks,
}
