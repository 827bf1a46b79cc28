"""The leads beside one on its card, in the list that it was opened from."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from leads import neighbours
from leads.models import Lead
from tests.factories import ManagerFactory, OperatorFactory, lead, lead_in
from tests.pages import HOSTILE, at_most, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]

SITE = "http://testserver"


def beside(page: str) -> dict[str, str]:
    """rel -> address."""
    return {rel: unescape(to) for rel, to in re.findall(r'rel="(prev|next)"[^>]* href="([^"]+)"', page)}


def opened(client: Client, row: Lead, before: str) -> dict[str, str]:
    return beside(client.get(f"/leads/{row.pk}/", headers={"Referer": before}).content.decode())


def numbers(links: dict[str, str]) -> dict[str, int]:
    return {rel: int(urlsplit(to).path.split("/")[2]) for rel, to in links.items()}


def test_they_are_those_of_the_list_with_its_filters_and_its_order() -> None:
    first, other, second, third = lead(name="А"), lead_in("junk"), lead(name="Б"), lead(name="В")
    client = signed_in(ManagerFactory())
    assert numbers(opened(client, second, f"{SITE}/leads/")) == {"prev": third.pk, "next": first.pk}
    assert numbers(opened(client, second, f"{SITE}/leads/?sort=name")) == {"prev": first.pk, "next": third.pk}
    assert numbers(opened(client, second, f"{SITE}/leads/?show=all")) == {"prev": third.pk, "next": other.pk}
    links = opened(client, first, f"{SITE}/leads/?sort=name")
    assert numbers(links) == {"next": second.pk}
    assert parse_qs(urlsplit(links["next"]).query)["list"] == ["sort=name&page=1"]
    page = client.get(links["next"]).content.decode()
    assert numbers(beside(page)) == {"prev": first.pk, "next": third.pk}
    assert 'href="/leads/?sort=name&amp;page=1"' in page  # back to the list as it was


def test_going_on_turns_the_pages_of_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "PAGE", 2)
    rows = [lead() for _number in range(7)]
    client, passed = signed_in(ManagerFactory()), []
    links = opened(client, rows[-1], f"{SITE}/leads/")
    while "next" in links:
        passed.append(numbers(links)["next"])
        links = beside(client.get(links["next"]).content.decode())
    assert passed == [row.pk for row in reversed(rows[:-1])]


def test_after_something_was_saved_they_are_still_there() -> None:
    first, second = lead(), lead()
    client = signed_in(ManagerFactory())
    address = opened(client, second, f"{SITE}/leads/")["next"]
    assert numbers(opened(client, first, SITE + address)) == {"prev": second.pk}


@pytest.mark.parametrize(
    "before", ["", f"{SITE}/tasks/", f"{SITE}/leads/?view=board", "https://evil.example/leads/", "http://["]
)
def test_without_a_list_there_are_none(before: str) -> None:
    lead()
    assert opened(signed_in(ManagerFactory()), lead(), before) == {}


def test_only_leads_that_a_person_sees_stand_beside() -> None:
    operator = OperatorFactory()
    lead(by=OperatorFactory())
    own = lead(by=operator)
    lead(by=OperatorFactory())
    assert opened(signed_in(operator), own, f"{SITE}/leads/?show=all") == {}


@pytest.mark.parametrize(
    "asked", ["%00", "page=0", "page=" + "9" * 30, "page=x", "sort=%FF", HOSTILE, "x" * 5000, "&" * 1500]
)
def test_whatever_is_named_as_the_list_is_no_failure(asked: str) -> None:
    client, row = signed_in(ManagerFactory()), lead()
    page = client.get(f"/leads/{row.pk}/", {"list": asked})
    assert page.status_code in (200, 400)
    assert HOSTILE not in page.content.decode()


def test_they_take_few_queries() -> None:
    lead()
    client, row = signed_in(ManagerFactory()), lead()
    with at_most(18):
        client.get(f"/leads/{row.pk}/?list=")
