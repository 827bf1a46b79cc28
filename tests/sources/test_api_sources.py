"""GET sources/: the catalogue for reading."""

from typing import Any

import pytest

from sources.models import Source, SourceAlias
from tests import factories
from tests.rest import queries_of, rest

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


def test_the_shipped_catalogue_in_its_order() -> None:
    for person in (factories.OperatorFactory(), factories.LawyerFactory(), factories.AdminFactory()):
        rows = rest(person).get("sources/").json()["results"]
        assert [row["code"] for row in rows] == [
            "site", "yandex_direct", "vk_ads", "quiz", "call", "referral", "partner", "unknown",
        ]  # fmt: skip
        assert rows[1] == {
            "code": "yandex_direct",
            "name": "Яндекс.Директ",
            "active": True,
            "channel": "context",
            "aliases": ["yandex"],
        }


def test_it_is_read_only() -> None:
    client = rest(factories.AdminFactory())
    assert client.post("sources/", {"code": "x"}).status_code == 405
    assert client.patch("sources/", {"code": "x"}).status_code == 405


def test_it_comes_in_pages_that_lose_nothing() -> None:
    client = rest(factories.ManagerFactory())
    Source.objects.update(position=5)
    page, seen = client.get("sources/", limit=3).json(), []
    while True:
        seen += [row["code"] for row in page["results"]]
        if page["next"] is None:
            break
        page = client.follow(page["next"]).json()
    assert sorted(seen) == sorted(Source.objects.values_list("code", flat=True))


def test_many_sources_take_as_many_queries_as_few(django_assert_num_queries: Any) -> None:
    client = rest(factories.ManagerFactory())
    client.get("sources/")
    few = queries_of(lambda: client.get("sources/"))
    for number in range(8):
        SourceAlias.objects.create(source=factories.SourceFactory(), value=f"alias {number}")
    with django_assert_num_queries(few):
        assert len(client.get("sources/").json()["results"]) == 16
