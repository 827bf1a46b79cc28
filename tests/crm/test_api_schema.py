"""The API describes itself: a valid document without warnings, and a page that needs nothing from outside."""

import re
from io import StringIO
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client
from django.urls import get_resolver

from crm import api
from tests.rest import BASE

pytestmark = pytest.mark.django_db

CALLS = {
    ("get", "leads/"), ("post", "leads/"), ("get", "leads/{id}/"), ("patch", "leads/{id}/"),
    ("post", "leads/{id}/transition/"), ("post", "leads/{id}/touches/"), ("get", "leads/{id}/timeline/"),
    ("post", "leads/{id}/take/"), ("post", "leads/{id}/assign/"),
    ("get", "contacts/"), ("get", "contacts/{id}/"),
    ("get", "deals/"), ("get", "deals/{id}/"), ("patch", "deals/{id}/"), ("post", "deals/{id}/stage/"),
    ("post", "deals/{id}/assign/"), ("get", "deals/stages/"),
    ("get", "sources/"), ("get", "tasks/"), ("post", "tasks/{id}/complete/"), ("get", "reports/sources/"),
    ("get", "queue/"), ("post", "queue/next/"),
    ("get", "me/"), ("get", "users/"), ("post", "shift/"), ("get", "notices/"), ("post", "notices/read/"),
}  # fmt: skip


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    answer = Client().get(BASE + "schema/", headers={"Accept": "application/json"})
    assert answer.status_code == 200
    return answer.json()


def test_the_document_is_made_without_a_warning() -> None:
    out = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    assert "openapi: 3" in out.getvalue()


def test_every_call_of_the_contract_is_in_it_and_no_other(document: dict[str, Any]) -> None:
    described = {
        (method, path.removeprefix(BASE)) for path, operations in document["paths"].items() for method in operations
    }
    assert described - {("get", "schema/")} == CALLS


def test_every_address_of_the_api_is_in_it() -> None:
    patterns = {str(pattern.pattern) for pattern in api.urlpatterns} - {"^", "docs/", "schema/"}
    assert {path.replace("{id}", "<id:pk>") for _method, path in CALLS} == patterns
    assert get_resolver().resolve("/api/v1/leads/5/").kwargs == {"pk": 5}


def test_every_call_tells_how_it_refuses_and_wants_a_key(document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if path.endswith("schema/"):
                continue
            assert {"400", "401", "403", "404", "503"} <= set(operation["responses"]), path
            assert {"key": []} in operation["security"]
            if method in {"post", "patch"}:
                assert {"409", "413", "415"} <= set(operation["responses"]), path
    assert "429" in document["paths"][BASE + "leads/"]["post"]["responses"]
    assert "Idempotency-Key" in str(document["paths"][BASE + "leads/"]["post"]["parameters"])


def test_the_page_needs_nothing_from_outside() -> None:
    answer = Client().get(BASE + "docs/")
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "://" not in re.sub(r"http://www\.w3\.org/\S+", "", page)
    files = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert len(files) >= 3
    for file in files:
        assert finders.find(file.removeprefix("/static/")), file
    assert "<script>" not in page


def test_only_the_page_may_use_inline_styles_and_nobody_inline_scripts() -> None:
    page = Client().get(BASE + "docs/")["Content-Security-Policy"]
    assert re.search(r"style-src [^;]*'unsafe-inline'", page)
    assert "script-src" not in page
    assert re.search(r"default-src 'self'(;|$)", page)
    elsewhere = Client().get(BASE + "schema/")["Content-Security-Policy"]
    assert "unsafe-inline" not in elsewhere
