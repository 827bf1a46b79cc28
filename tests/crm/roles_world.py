"""The firm that the sweep of pages asks about: one signed lead of an operator with all that hangs on it, and everybody
who may ask for it (`reliability.md`, section 9).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from http.cookies import SimpleCookie

from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from crm import clock
from deals.models import Deal
from leads.bulk import begin
from leads.editing import set_task
from leads.looks import save_view
from leads.models import BulkAction, Lead
from leads.outgoing import ask_export
from leads.undo import last_action, token_of
from tasks.models import Task
from team.models import User
from tests import factories
from tests.leads.table_files import checked
from tests.pages import signed_in

# The operator and the lawyer own what is asked for, as the manager does the file and the view; the others of their kind
# do not. The demoted one was an administrator yesterday.
ROLES = [
    "nobody",
    "operator",
    "stranger",
    "demoted",
    "lawyer",
    "other lawyer",
    "manager",
    "other manager",
    "admin",
    "disabled",
]
CLIENT = "Пелагея Неведомская"


@dataclass
class Firm:
    """Who asks, signed in, and what stands behind `pk` by the first words of a route."""

    clients: dict[str, Client]
    people: dict[str, User]
    ids: dict[str, object]

    @property
    def phone(self) -> str:
        """The number of the operator's client, without its plus."""
        return str(Lead.objects.get(pk=self.ids["leads"]).phone)[1:]

    def ask(self, role: str, method: str, address: str) -> HttpResponse:
        """The answer; what it changed is taken back, and who was signed in is so still."""
        client = self.clients[role]
        signed = SimpleCookie(client.cookies.output(header="", sep=";"))
        with transaction.atomic():
            response = client.generic(method.upper(), address)
            response.getvalue()  # a file is closed at its end
            transaction.set_rollback(True)
        client.cookies = signed
        return response


def firm() -> Firm:
    """Everybody signed in, before one is demoted and one switched off."""
    kinds = {
        "operator": factories.OperatorFactory,
        "stranger": factories.OperatorFactory,
        "demoted": factories.AdminFactory,
        "lawyer": factories.LawyerFactory,
        "other lawyer": factories.LawyerFactory,
        "manager": factories.ManagerFactory,
        "other manager": factories.ManagerFactory,
        "admin": factories.AdminFactory,
        "disabled": factories.AdminFactory,
    }
    people = {role: kind() for role, kind in kinds.items()}
    clients = {"nobody": Client(), **{role: signed_in(person) for role, person in people.items()}}
    ids = _things(people)
    User.objects.filter(pk=people["demoted"].pk).update(role="operator")
    User.objects.filter(pk=people["disabled"].pk).update(is_active=False)
    return Firm(clients, people, ids)


def _things(people: dict[str, User]) -> dict[str, object]:
    operator, manager = people["operator"], people["manager"]
    lead = factories.lead(by=operator, name=CLIENT, comment=CLIENT)
    factories.touch(lead, by=operator, comment=CLIENT)
    done = last_action(lead.pk, operator)
    assert done is not None
    signed = factories.move(factories.move(lead, "visit", by=operator), "contract", by=operator)
    deal = Deal.objects.get(lead=signed)
    Deal.objects.filter(pk=deal.pk).update(responsible=people["lawyer"])
    bulk = begin(BulkAction.Kind.TASK, {"title": CLIENT, "due_at": "2030-01-01T00:00"}, [lead.pk], by=manager)
    return {
        "leads": lead.pk,
        "leads/bulk": bulk.pk,
        "leads/views": save_view(CLIENT, "city=Самара", shared=False, by=manager).pk,
        "day": lead.pk,
        "day/tasks": set_task(lead.pk, text=CLIENT, due_at=clock.now() + timedelta(days=1), by=operator).pk,
        "contacts": Lead.objects.get(pk=lead.pk).contact_id,
        "deals": deal.pk,
        "tasks": Task.objects.get(deal=deal).pk,
        "imports": checked(f"Имя;Телефон\n{CLIENT};1\n", by=people["admin"]).pk,
        "exports": ask_export("leads", "", "csv", "Для суда", by=manager).pk,
        "undo": token_of(done.action),
    }
