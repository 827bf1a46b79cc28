"""Each parameter and each field of each call is given every hostile value we know: never a 5xx, never a page, and all
lists still open afterwards (P8; H01-H11).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from django.db import connection
from drf_spectacular.generators import SchemaGenerator

from deals.models import Deal
from leads.models import Lead
from tasks.models import Task
from tests import factories
from tests.rest import BASE, Rest, rest
from tests.sizes import NIGHTLY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]

TEXTS = [
    "\x00", "a\x00b", "\x07", "\u202e", "\u200b", "\ufeff", "\ufffe", "e" + "\u0301" * 300, "й", "и\u0306", "🙂", " ",
    "' OR 1=1 --", '";--', "%", "_", "\\", "%s", "%(x)s", "{0.__class__}", "{{7*7}}", "<script>alert(1)</script>",
    "null", "true", "NaN", "Infinity", "-Infinity", "1e400", "-1", "0", "1.5", "1e3", "9" * 19, "9" * 30, "9" * 5000,
    "x" * 300, "x" * 50_000, "2026-02-30", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    "2026-11-24T25:00:00Z", "2026-11-24T10:00:00+99:99", "javascript:alert(1)", "http://[::1", "../../etc/passwd",
    "=cmd|' /C calc'!A0", "\r\nSet-Cookie: a=b", "٣", "＋７９１６", "слово " * 20, "me", "none", "all", "a,b", "[]",
]  # fmt: skip
RAW = [
    b"null", b"true", b"[]", b"{}", b'[{"a": 1}]', b'{"a": {"b": [1, null]}}', b"0", b"-1", b"1.5", b"1e3", b"1e400",
    b"NaN", b"-Infinity", b"9" * 19, b"9" * 30, b"9" * 5000, rb'"\u0000"', rb'"\ud800"', rb'["\ud800"]',
    rb'{"\u0000": "\udfff"}', b"[" * 30 + b"]" * 30, b'{"a":' * 30 + b"1" + b"}" * 30, b"[" * 60_000, b'"\xff"', b"x",
    b'"', b'""', b"",
]  # fmt: skip
BODIES = [json.dumps(text).encode() for text in TEXTS] + RAW
# What a database may take amiss is given to both; the rest is shared between the two runs of a build.
FOR_ANY_DATABASE = re.compile(rb"u0000|\0|ud[8-9a-f]|9{19}|x{300}|e400|\xff")


def of_this_run(values: list[bytes], field: int) -> list[bytes]:
    """All values at night; at each build each field gets a quarter of them on either database, by turns."""
    if NIGHTLY:
        return values
    quarter = (2 * field + (connection.vendor == "postgresql")) % 4
    return [value for turn, value in enumerate(values) if turn % 4 == quarter or FOR_ANY_DATABASE.search(value)]


def calls() -> Iterator[tuple[str, str, list[str]]]:
    """(method, path, names of parameters or fields) of every call, as described."""
    document = SchemaGenerator().get_schema(request=None, public=True)
    schemas = document["components"]["schemas"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            names = [parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "query"]
            if "requestBody" in operation:
                reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
                names = list(schemas[reference.rsplit("/", 1)[1]]["properties"])
            if names:
                yield method, path.removeprefix(BASE), names


def ident(case: object) -> str | None:
    return case if isinstance(case, str) else None


@pytest.fixture
def client() -> Rest:
    return rest(factories.AdminFactory())


@pytest.fixture
def ids() -> dict[str, int]:
    factories.LawyerFactory()
    factories.lead_in("meeting")
    deal = factories.deal()
    lead = factories.lead(phone="8916")
    return {"leads": lead.pk, "contacts": deal.contact_id or 0, "deals": deal.pk, "tasks": Task.objects.all()[0].pk}


@pytest.mark.parametrize(("method", "path", "names"), list(calls()), ids=ident)
def test_no_value_is_answered_with_a_failure(
    client: Rest, ids: dict[str, int], method: str, path: str, names: list[str]
) -> None:
    path = path.replace("{id}", str(ids.get(path.split("/")[0], 0)))
    for number, name in enumerate(names):
        if method == "get":
            texts = [value.decode() for value in of_this_run([text.encode() for text in TEXTS], number)]
            answers = [(value.encode(), client.get(path, **{name: value})) for value in texts]
        else:
            bodies = of_this_run(BODIES, number)
            answers = [(value, client.send(method.upper(), path, body_of(name, value))) for value in bodies]
        for value, answer in answers:
            assert answer.status_code < 500, (name, value[:60])
            assert answer.status_code != 401
            if answer.status_code >= 400:
                assert answer["Content-Type"] == "application/json", (name, value[:60])
                assert isinstance(answer.json(), dict)
    for listed in ("leads/", "contacts/", "deals/", "tasks/", "sources/", "users/"):
        assert client.get(listed, limit=200).status_code == 200
    for lead in Lead.objects.all():
        assert client.get(f"leads/{lead.pk}/timeline/").status_code == 200
    for deal in Deal.objects.all():
        assert client.get(f"deals/{deal.pk}/").status_code == 200


def body_of(name: str, value: bytes) -> bytes:
    """A body in which one field is hostile, and the others are what the call asks for."""
    rest_of_it = {"phone": '"8916"', "to": '"visit"', "channel": '"call"', "outcome": '"busy"', "stage": '"filed"'}
    rest_of_it.pop(name, None)
    others = "".join(f', "{other}": {said}' for other, said in rest_of_it.items())
    return b'{"' + name.encode() + b'": ' + value + others.encode() + b"}"
