"""Whatever is sent to the API, it answers as its description says, and never with a 5xx (P8).

Requests are made up from the description by schemathesis, right ones and wrong ones; most of them get the id of a row
that exists, so that they come behind the 404.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from crm.wsgi import application
from deals.models import Deal
from leads.models import Lead
from tasks.models import Task
from tests import factories
from tests.sizes import size

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
turn = itertools.count(1)
EXAMPLES = size(12, 4000)  # for each of the two dozen calls

schema = schemathesis.openapi.from_wsgi("/api/v1/schema/", application)


@pytest.fixture
def ids(catalogues: None) -> dict[str, Iterator[int]]:
    """Rows of each kind, over and over; leads in every status, a duplicate and one without a card among them."""
    operator = factories.OperatorFactory()
    factories.LawyerFactory()
    first = factories.lead(by=operator)
    factories.lead(phone=first.phone)
    factories.lead(phone="8916")
    for status in factories.ROADS:
        factories.lead_in(status, by=operator)
    rows = {
        "leads": Lead.objects.values_list("pk", flat=True),
        "contacts": Lead.objects.exclude(contact=None).values_list("contact_id", flat=True),
        "deals": Deal.objects.values_list("pk", flat=True),
        "tasks": Task.objects.values_list("pk", flat=True),
    }
    return {name: itertools.cycle(list(found)) for name, found in rows.items()}


@pytest.fixture
def key_header() -> dict[str, str]:
    """An administrator's key: nothing is closed to it, so everything is reached."""
    return factories.header(factories.ApiKeyFactory())


@pytest.fixture
def _one_connection() -> Iterator[None]:
    """The end of a request must not close the connection, in whose transaction the test lives."""
    ends = (request_started, request_finished)
    for signal in ends:
        signal.disconnect(close_old_connections)
    yield
    for signal in ends:
        signal.connect(close_old_connections)


@pytest.mark.shared
@pytest.mark.django_db
@pytest.mark.usefixtures("_one_connection")
@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_request_is_answered_beside_the_description(
    case: Any, ids: dict[str, Iterator[int]], key_header: dict[str, str]
) -> None:
    kind = case.path.removeprefix("/api/v1/").split("/")[0]
    if kind in ids and "id" in (case.path_parameters or {}) and next(turn) % 5:
        case.path_parameters["id"] = next(ids[kind])
    case.call_and_validate(checks=CHECKS, headers={**key_header, "Accept-Encoding": "identity"})
