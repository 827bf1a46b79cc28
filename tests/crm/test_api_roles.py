"""Who may do what over REST: every call × role, with objects that somebody else owns (`reliability.md`, section 9).

A call that is not in the table fails the test, so a new one cannot be forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

from deals.models import Deal
from tasks.models import Task
from team.actions import revoke_key
from team.models import ApiKey
from tests import factories
from tests.rest import BASE, Rest, rest

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]

ROLES = [
    "nobody",
    "intake",
    "operator",
    "stranger",
    "demoted",
    "lawyer",
    "other lawyer",
    "manager",
    "admin",
    "disabled",
]

# Each call with what it answers to each role, in the order of ROLES. The operator and the lawyer own what it is about,
# the stranger is another operator, the demoted one a manager of yesterday. Where nothing is sent, 400 means "let in".
TABLE = {
    "get leads/": [401, 403, 200, 200, 200, 200, 200, 200, 200, 401],
    "post leads/": [401, 400, 400, 400, 400, 403, 403, 400, 400, 401],
    "get leads/{id}/": [401, 403, 200, 404, 404, 200, 404, 200, 200, 401],
    "patch leads/{id}/": [401, 403, 200, 404, 404, 403, 404, 200, 200, 401],
    "post leads/{id}/transition/": [401, 403, 400, 404, 404, 400, 404, 400, 400, 401],
    "post leads/{id}/touches/": [401, 400, 400, 404, 404, 403, 404, 400, 400, 401],
    "get leads/{id}/timeline/": [401, 403, 200, 404, 404, 200, 404, 200, 200, 401],
    "post leads/{id}/take/": [401, 403, 200, 409, 409, 403, 403, 403, 403, 401],
    "post leads/{id}/assign/": [401, 403, 403, 404, 404, 403, 404, 400, 400, 401],
    "get contacts/": [401, 403, 200, 200, 200, 200, 200, 200, 200, 401],
    "get contacts/{id}/": [401, 403, 200, 404, 404, 200, 404, 200, 200, 401],
    "get deals/": [401, 403, 403, 403, 403, 200, 200, 200, 200, 401],
    "get deals/{id}/": [401, 403, 404, 404, 404, 200, 404, 200, 200, 401],
    "patch deals/{id}/": [401, 403, 404, 404, 404, 200, 404, 200, 200, 401],
    "post deals/{id}/stage/": [401, 403, 404, 404, 404, 400, 404, 400, 400, 401],
    "post deals/{id}/assign/": [401, 403, 404, 404, 404, 403, 404, 400, 400, 401],
    "get deals/stages/": [401, 403, 200, 200, 200, 200, 200, 200, 200, 401],
    "get sources/": [401, 403, 200, 200, 200, 200, 200, 200, 200, 401],
    "get tasks/": [401, 403, 200, 200, 200, 200, 200, 200, 200, 401],
    "post tasks/{id}/complete/": [401, 403, 404, 404, 404, 200, 404, 200, 200, 401],
    "get queue/": [401, 403, 200, 200, 200, 403, 403, 403, 403, 401],
    "post queue/next/": [401, 403, 409, 409, 409, 403, 403, 403, 403, 401],
    "get reports/sources/": [401, 403, 403, 403, 403, 403, 403, 200, 200, 401],
    "get me/": [401, 403, 200, 200, 200, 200, 200, 200, 200, 401],
    "get users/": [401, 403, 403, 403, 403, 403, 403, 200, 200, 401],
    "get notices/": [401, 403, 200, 200, 200, 200, 200, 200, 200, 401],
    "post notices/read/": [401, 403, 400, 400, 400, 400, 400, 400, 400, 401],
    "post shift/": [401, 403, 400, 400, 400, 400, 400, 400, 400, 401],
    "get schema/": [200] * 10,
}


@dataclass
class World:
    """One signed lead of an operator, its deal of a lawyer, the deal's task; and everybody who may ask for them."""

    clients: dict[str, Rest]
    ids: dict[str, int]


@pytest.fixture
def world() -> World:
    operator, lawyer = factories.OperatorFactory(), factories.LawyerFactory()
    demoted = factories.ManagerFactory()
    clients = {
        "nobody": rest(),
        "intake": Rest(factories.ApiKeyFactory(kind=ApiKey.Kind.INTAKE)),
        "operator": rest(operator),
        "stranger": rest(factories.OperatorFactory()),
        "demoted": rest(demoted),
        "lawyer": rest(lawyer),
        "other lawyer": rest(factories.LawyerFactory()),
        "manager": rest(factories.ManagerFactory()),
        "admin": rest(factories.AdminFactory()),
        "disabled": rest(factories.AdminFactory(is_active=False)),
    }
    demoted.role = "operator"
    demoted.save()
    lead = factories.lead_in("contract", by=operator)
    deal = Deal.objects.get(lead=lead)
    Deal.objects.filter(pk=deal.pk).update(responsible=lawyer)
    task = Task.objects.get(deal=deal)
    ids = {"leads": lead.pk, "contacts": lead.contact_id or 0, "deals": deal.pk, "tasks": task.pk}
    return World(clients, ids)


def answer(world: World, role: str, call: str) -> Any:
    method, path = call.split(" ")
    path = path.replace("{id}", str(world.ids.get(path.split("/")[0], 0)))
    return world.clients[role].send(method.upper(), path, b"" if method == "get" else b"{}")


@pytest.mark.parametrize("call", TABLE)
def test_each_role_gets_what_the_matrix_gives_it(world: World, call: str) -> None:
    assert {role: answer(world, role, call).status_code for role in ROLES} == dict(zip(ROLES, TABLE[call], strict=True))


def test_every_call_is_in_the_table() -> None:
    document = SchemaGenerator().get_schema(request=None, public=True)
    calls = {
        f"{method} {path.removeprefix(BASE)}" for path, operations in document["paths"].items() for method in operations
    }
    assert calls | {"get schema/"} == set(TABLE)


def test_nothing_of_others_is_in_a_list(world: World) -> None:
    for role in ("stranger", "demoted", "other lawyer"):
        for path in ("leads/", "contacts/", "tasks/?state=all"):
            assert world.clients[role].get(path).json()["results"] == [], (role, path)
    assert world.clients["other lawyer"].get("deals/").json()["results"] == []


def test_a_withdrawn_key_is_nobodys() -> None:
    key = factories.ApiKeyFactory()
    revoke_key(key.pk)
    assert Rest(key).get("leads/").status_code == 401
