"""Each field of each form and each parameter of each page is given every hostile value we know: never a failure, and
all lists still open afterwards (P8; H01-H16 through the door of the pages). Forms and addresses are read off the site.
"""

from __future__ import annotations

import itertools
import re
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client

from leads.models import ImportFile
from team.actions import set_shift
from tests import factories
from tests.leads.table_files import checked
from tests.page_forms import PageForm, address, read, routes
from tests.pages import HOSTILE, signed_in
from tests.sizes import NIGHTLY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]

# Sent as they are: percent-encoded UTF-8, and what no UTF-8 is.
VALUES = [
    "%00", "a%00b", "%ED%A0%80", "%FF", "9" * 30, "9" * 19, "-1", quote(HOSTILE), "x" * 50_000,
    "0001-01-01T00%3A00%2B14%3A00", "9999-12-31T23%3A59",
]  # fmt: skip
MORE = [
    "9" * 5000, "0", "1e400", "NaN", "1.5", "%D9%A3", "%E2%80%AE", "%EF%BF%BE", "e" + "%CC%81" * 300, "%20",
    "%0D%0ASet-Cookie%3A+a%3Db", "%25s", "%25(x)s", "%5C", "javascript%3Aalert(1)", "%2F%2Fevil.example",
    "http%3A%2F%2F%5B%3A%3A1", "2026-02-30", "2026-11-24", "2026-13-45T99%3A99", "none", "me", "all", "",
    "word+" * 3000, "x" * 300, "%D0%94-" + "9" * 18, "%27+OR+1%3D1+--",
]  # fmt: skip
# At every build each field gets what no database takes on PostgreSQL, and one of all by turns on SQLite.
WORST = "a%00b%ED%A0%80%FF"
ON_SQLITE = connection.vendor == "sqlite"
_turns = itertools.cycle([WORST, *VALUES])


def values() -> list[str]:
    if NIGHTLY:
        return [WORST, *VALUES, *MORE]
    return [next(_turns)] if ON_SQLITE else [WORST]


TYPED = {
    "phone": "8 916 123-45-67", "source": "site", "text": "Позвонить", "reason": "Просил не звонить", "name": "Анна",
    "amount": "100 000", "prepayment": "10 000", "comment": "Гудки", "junk_reason": "refused", "email": "a@example.ru",
    "username": "operator", "password": "wrong", "outcome": "no_answer", "then": "", "contract_date": "2026-11-24",
    "meeting_at": "2030-11-25T15:00", "callback_at": "2030-11-25T15:00", "call_back_at": "2030-11-25T15:00",
    "postponed_at": "2030-11-25T15:00", "due_at": "2030-11-25T15:00",
}  # fmt: skip
LISTS = [
    "/leads/?show=all",
    "/leads/?view=board",
    "/tasks/?view=open",
    "/deals/",
    "/deals/?view=board",
    "/contacts/",
    "/reports/sources/",
    "/reports/first-touch/",
]
# What the views read beside the fields of forms and the links on pages.
PARAMETERS = [
    "page", "sort", "view", "to", "before", "history", "pane", "next", "q", "phone", "search", "from", "basis", "city",
    "source", "responsible", "duplicates", "counted", "compare", "kind", "who", "period", "attention", "column",
    "start", "empty", "unread", "last", "at",
    "created_after", "created_before", "task", "meeting", "status", "by", "junk_reason", "show", "stage",
    "owner", "contract", "messenger", "template",
]  # fmt: skip


@pytest.fixture
def ids() -> dict[str, int]:
    """What stands behind `pk`, by the first word of the route."""
    deal = factories.deal()
    looked_through = checked("Имя;Телефон\nАнна;1\n;\n", by=factories.AdminFactory())
    return {
        "leads": factories.lead_in("meeting").pk,
        "contacts": deal.contact_id or 0,
        "deals": deal.pk,
        "tasks": 1,
        "imports": looked_through.pk,
    }


def pages(ids: dict[str, int]) -> list[str]:
    return [place(route, ids) for _name, route in routes()]


def place(route: str, ids: dict[str, int]) -> str:
    return address(route, ids.get(route.split("/")[0], ""))


def send(client: Client, where: str, values: dict[str, str], name: str, value: str) -> HttpResponse:
    """Post a form with one field as these percent-encoded bytes."""
    others = {**values, **{known: TYPED[known] for known in values if known in TYPED}}
    others.pop(name, None)
    body = f"{urlencode(others)}&{quote(name)}={value}"
    return client.post(where, body, content_type="application/x-www-form-urlencoded")


def lists_open(client: Client, sent_to: str, page: str) -> None:
    """The lists on which what was sent to this address is shown, and a page."""
    kind = sent_to.split("/")[1]
    for listed in (*[listed for listed in LISTS if listed.startswith(f"/{kind}/")], page):
        assert client.get(listed).status_code in (200, 302, 403), listed


def forms_of(client: Client, where: list[str]) -> dict[tuple[str, ...], PageForm]:
    found: dict[tuple[str, ...], PageForm] = {}
    for page in where:
        response = client.get(page)
        if response.get("Content-Type", "").startswith("text/html"):
            for form in read(page, response.content.decode())[0]:
                if form.method == "post":
                    found.setdefault((form.action.split("?")[0], *sorted(form.values)), form)
    return found


@pytest.mark.parametrize("role", ["manager", "operator", "admin", "stranger"])
def test_no_field_of_a_form_is_answered_with_a_failure(ids: dict[str, int], role: str) -> None:
    free = factories.lead()
    person = None if role == "stranger" else factories.UserFactory(role=role)
    client = signed_in(person) if person else Client()
    if person and role == "operator":
        set_shift(person.pk, "on")
    where = [*pages(ids), f"/leads/{ids['leads']}/status/?to=meeting", f"/leads/{ids['leads']}/status/?to=postponed"]
    if role == "admin":
        asked = {"status": [["Думает", 1]]}
        waiting = ImportFile.objects.create(by=person, kind="leads", name="a.csv", stored="0" * 32, unknown=asked)
        where = ["/imports/", f"/imports/{ids['imports']}/", f"/imports/{waiting.pk}/"]
    elif role != "manager":
        where = ["/login/"] if role == "stranger" else [f"/leads/{free.pk}/", *[f"/day/?lead={free.pk}"] * 2]
    forms = forms_of(client, where)
    assert forms
    for (action, *_names), form in forms.items():
        if action == "/logout/":
            continue
        for name in set(form.values) - {"csrfmiddlewaretoken"}:
            for value in values():
                with transaction.atomic():
                    answer = send(client, form.action, form.values, name, value)
                    assert answer.status_code < 500, (form.action, name, value[:60])
                    # What PostgreSQL stores of it is clean; the lists open after that on SQLite.
                    if answer.status_code == 302 and value == WORST and role == "manager" and (ON_SQLITE or NIGHTLY):
                        lists_open(client, action, f"/leads/{ids['leads']}/")
                    transaction.set_rollback(True)


def test_no_parameter_of_a_page_is_answered_with_a_failure(ids: dict[str, int]) -> None:
    client = signed_in(factories.ManagerFactory())
    for page in pages(ids):
        shown = client.get(page)
        if shown.status_code != 200:
            continue
        forms, links = read(page, shown.content.decode()) if shown["Content-Type"].startswith("text/html") else ([], [])
        names = {name for form in forms if form.method == "get" and form.action == page for name in form.values}
        names |= {name for link in links if link.startswith("?") for name, _value in parse_qsl(urlsplit(link).query)}
        others = sorted({*PARAMETERS} - names if not re.search(r"\d", page) else {"to", "before", "history", "pane"})
        # What the page speaks of itself is sent alone; of the rest it reads little, so several go together.
        together = [others[at :: -(-len(others) // 4)] for at in range(-(-len(others) // 4))]
        for sent in [*([name] for name in sorted(names)), *together]:
            for value in values():
                query = "&".join(f"{name}={value[: 8000 // len(sent)]}" for name in sent)
                assert client.get(f"{page}?{query}").status_code < 500, (page, sent, value[:60])


NO_IDS = ["9" * 30, "9" * 19, "٣", "-1", "1.5", "%00"]


@pytest.mark.shared
@pytest.mark.parametrize("number", [*NO_IDS, "9" * 18, "0"])
def test_an_id_that_cannot_be_is_no_page(number: str) -> None:
    client = signed_in(factories.AdminFactory())
    # Whose number could be one is told first that the method or the role is wrong.
    expected = {404} if number in NO_IDS else {403, 404, 405}
    for name, route in routes():
        if "pk>" in route:
            where = address(route, number)
            assert {client.get(where).status_code, client.post(where).status_code} <= expected, name


@pytest.mark.once
def test_every_page_of_the_site_is_among_them(ids: dict[str, int]) -> None:
    client = signed_in(factories.ManagerFactory())
    sent_to = {action for action, *_names in forms_of(client, pages(ids))}
    seen = {name for name, route in routes() if client.get(place(route, ids)).status_code in (200, 204, 302)}
    seen |= {name for name, route in routes() if any(re.fullmatch(address(route, "[0-9]+"), to) for to in sent_to)}
    # The operator's test has all but the last, which is pressed once the time of a meeting has come.
    of_operators = {"lead-take", "shift", "day", "day-result", "day-skip", "day-hold", "day-done"}
    of_administrators = {name for name, _route in routes() if name.startswith("import-")}
    of_their_owner = {"export-detail", "export-file", "lead-view", "lead-bulk-detail"}
    # A message carries the way to undo what was just done.
    others = {*of_operators, *of_administrators, *of_their_owner, "lead-no-show", "undo"}
    assert {name for name, _route in routes()} - seen == others
