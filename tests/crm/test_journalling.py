"""Each look, search, deed and refusal leaves one line in the journal, whichever door it came by (L01)."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver

from crm import journalling
from history.models import JournalLine
from leads.models import TouchPolicy
from tests.conftest import Frozen
from tests.factories import PASSWORD, AdminFactory, ApiKeyFactory, ManagerFactory, OperatorFactory, deal, lead, phone
from tests.pages import signed_in
from tests.rest import rest
from tests.team.test_second_factor import code_of, set_up

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues"), pytest.mark.once]


def only_line() -> JournalLine:
    """The one line that was written, which is then out of the way of the next."""
    line = JournalLine.objects.get()
    JournalLine.objects.all().delete()
    return line


def told(line: JournalLine) -> tuple[object, ...]:
    return (line.action, line.door, line.kind, line.object_id)


def test_a_look_at_a_card_is_one_line_and_one_query() -> None:
    row, manager = deal().lead, ManagerFactory()
    client = signed_in(manager)
    for page, kind, pk in (
        (f"/leads/{row.pk}/", "lead", row.pk),
        (f"/contacts/{row.contact_id}/", "contact", row.contact_id),
        (f"/deals/{row.deal.pk}/", "deal", row.deal.pk),
    ):
        with CaptureQueriesContext(connection) as seen:
            assert client.get(page, REMOTE_ADDR="10.1.2.3").status_code == 200
        assert [query["sql"][:11] for query in seen if "journal" in query["sql"]] == ["INSERT INTO"]
        assert "journal" in seen[-1]["sql"], "after the page"
        line = only_line()
        assert told(line) == ("looked", "page", kind, pk)
        assert (line.by, line.role, line.address) == (manager, "manager", "10.1.2.3")
        assert line.request_id


def test_a_list_says_who_was_on_it_and_a_search_what_was_asked() -> None:
    anna, other = lead(name="Анна"), lead(name="Пётр")
    client = signed_in(ManagerFactory())
    client.get("/leads/?show=all")
    line = only_line()
    assert (told(line), line.words) == (("listed", "page", "lead", None), "")
    assert sorted(line.details["shown"]["lead"]) == [anna.pk, other.pk]
    client.get("/leads/?show=all&view=board")
    assert sorted(only_line().details["shown"]["lead"]) == [anna.pk, other.pk]
    client.get("/search/?q=Анна")
    line = only_line()
    assert (told(line), line.words) == (("searched", "page", "lead", None), "Анна")
    assert line.details["shown"]["lead"] == [anna.pk]
    client.get(f"/contacts/?q={anna.contact.phone[1:]}")
    assert only_line().details["shown"] == {"contact": [anna.contact_id]}
    client.get("/tasks/?view=open")
    assert len(only_line().details["shown"]["task"]) == 2


def test_the_api_leaves_the_same_with_its_key() -> None:
    row, key = lead(), ApiKeyFactory()
    assert rest(key).get(f"leads/{row.pk}/").status_code == 200
    line = only_line()
    assert (told(line), line.by, line.key) == (("looked", "api", "lead", row.pk), key.user, key)
    rest(key).get("leads/", phone=row.phone)
    line = only_line()
    assert (line.action, line.words, line.details["shown"]) == ("searched", row.phone, {"lead": [row.pk]})
    rest(key).post(f"leads/{row.pk}/transition/", {"to": "dialing"})
    line = only_line()
    assert (told(line), line.details) == (("did", "api", "lead", row.pk), {"route": "api-lead-transition"})
    rest(key).post(f"leads/{row.pk}/transition/", {"to": "new"})  # 409: nothing was done
    assert not JournalLine.objects.exists()
    intake = ApiKeyFactory(kind="intake")
    rest(intake).post("leads/", {"phone": phone(), "source": "site"})  # its line is the lead's history
    assert not JournalLine.objects.exists()


def test_who_is_refused_is_on_record_and_strangers_are_not() -> None:
    row, operator = lead(by=OperatorFactory()), OperatorFactory()
    for page in (f"/leads/{row.pk}/", "/admin/"):
        signed_in(operator).get(page)
        line = only_line()
        assert (line.action, line.by, line.details["status"] in (403, 404)) == ("refused", operator, True)
    rest(operator).get(f"leads/{row.pk}/")
    assert told(only_line()) == ("refused", "api", "lead", row.pk)
    Client().get(f"/leads/{row.pk}/")
    rest().get("leads/")
    assert not JournalLine.objects.exists()


def test_ways_in_and_out_are_on_record() -> None:
    operator, client = OperatorFactory(), Client()
    client.post("/login/", {"username": operator.username, "password": "wrong"})
    line = only_line()
    assert (told(line), line.by) == (("sign_in_failed", "page", "user", operator.pk), None)
    client.post("/login/", {"username": "nobody +79161234567", "password": "wrong"})
    assert (told(line := only_line()), line.words) == (("sign_in_failed", "page", "", None), "")
    client.post("/login/", {"username": operator.username, "password": PASSWORD})
    line = only_line()
    assert (line.action, line.by) == ("signed_in", operator)
    client.post("/logout/")
    line = only_line()
    assert (line.action, line.by) == ("signed_out", operator)


def test_with_a_second_factor_the_code_is_the_way_in(frozen: Frozen) -> None:
    operator = OperatorFactory()
    secret, _codes = set_up(signed_in(operator), frozen)
    JournalLine.objects.all().delete()
    client = Client()
    client.post("/login/", {"username": operator.username, "password": PASSWORD})
    assert not JournalLine.objects.exists()
    client.post("/login/code/", {"code": "000000"})
    assert told(only_line()) == ("sign_in_failed", "page", "user", operator.pk)
    client.post("/login/code/", {"code": code_of(secret)})
    line = only_line()
    assert (line.action, line.by) == ("signed_in", operator)


def test_rights_and_settings_say_old_and_new() -> None:
    admin, operator = AdminFactory(), OperatorFactory()
    client = signed_in(admin)
    page = f"/admin/team/user/{operator.pk}/change/"
    form = client.get(page).context["adminform"].form
    JournalLine.objects.all().delete()
    given = {name: form[name].value() or "" for name in form.fields}
    given |= {"role": "manager", "name": "Анна Новая", "is_active": "on"}
    assert client.post(page, given).status_code == 302
    line = only_line()
    assert told(line) == ("rights", "admin", "team_user", operator.pk)
    assert line.details["changed"] == {"role": ["operator", "manager"], "name": "…"}
    asked = {"touches": 4, "days": 3, "gap_minutes": 60, "day_parts": 0, "messages": 0}
    TouchPolicy.objects.all().delete()
    assert client.post("/admin/leads/touchpolicy/1/change/", {**asked, "days": "x"}).status_code == 200
    assert not JournalLine.objects.exists()
    assert client.post("/admin/leads/touchpolicy/1/change/", asked).status_code == 302
    line = only_line()
    assert told(line) == ("settings", "admin", "leads_touchpolicy", 1)
    assert line.details["changed"] == {"touches": ["6", "4"]}


def test_a_list_taken_out_is_one_line_and_the_download_another() -> None:
    lead()
    client = signed_in(ManagerFactory())
    client.post("/exports/new/leads/?show=all", {"format": "csv", "reason": "Сверка"})
    line = only_line()
    assert (line.action, line.door, line.words) == ("exported", "page", "Сверка\nshow=all")
    b"".join(client.get(f"/exports/{line.object_id}/file/").streaming_content)
    assert told(only_line()) == ("downloaded", "page", "export", line.object_id)


def test_a_database_that_takes_no_changes_keeps_nobody_from_reading(monkeypatch, caplog) -> None:
    row, client = lead(), signed_in(ManagerFactory())

    def refused(*_: object, **__: object) -> None:
        raise DatabaseError("read-only")

    monkeypatch.setattr(journalling, "write", refused)
    assert client.get(f"/leads/{row.pk}/").status_code == 200
    assert f"not in the journal (DatabaseError): looked lead {row.pk}" in caplog.text


# Routes that show no person by a GET, or whose GET is only the form of a card that is journalled by itself.
SHOWS_NOBODY = {
    *("healthz", "readyz", "metrics", "keys", "home", "login", "logout", "profile", "session-end", "password", "shift"),
    *("set-language", "set-theme", "notices-read", "notice-news", "styleguide", "undo", "bitrix24-event"),
    *("api-schema", "api-docs", "api-me", "api-users", "api-sources", "api-deal-stages", "api-shift"),
    *("api-report-sources", "api-notices-read", "api-queue-next", "api-task-complete"),
    *("api-lead-transition", "api-lead-touches", "api-lead-take", "api-lead-assign", "api-deal-stage"),
    *("api-deal-assign", "report-team", "report-sources", "report-sources-xlsx", "report-sources-csv"),
    *("report-breakdown", "report-breakdown-xlsx", "report-breakdown-csv", "task-complete"),
    *("day-result", "day-skip", "day-hold", "day-done", "lead-columns", "lead-views", "lead-view"),
    *("lead-status", "lead-junk", "lead-contract", "lead-touches", "lead-no-show", "lead-comments", "lead-tasks"),
    *("lead-assign", "lead-take", "lead-new", "lead-bulk", "lead-bulk-detail", "deal-stage", "deal-hand-over"),
    *("notice-list", "api-notices"),  # about clients whom the reader works for anyway, by name alone
    *("import-list", "import-columns", "import-meanings", "import-start", "import-stop"),
    *("import-detail",),  # rows of a file that its owner has brought
    *("export-list", "export-new", "export-detail"),
    *("login-code", "second-factor", "deal-documents"),
}


def named(patterns: list[URLPattern | URLResolver]) -> set[str]:
    found: set[str] = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if pattern.app_name != "admin":
                found |= named(pattern.url_patterns)
        elif pattern.name:
            found.add(pattern.name)
    return found


def test_every_route_is_known_to_the_journal() -> None:
    """A new page that shows a client and stands in no table of `crm/journalling.py` would be looked at unseen."""
    known = {*journalling.CARDS, *journalling.LISTS, *journalling.DOWNLOADS}
    routes = named(get_resolver().url_patterns)
    assert routes - known - SHOWS_NOBODY == set()
    assert known - routes == set()
    assert known & SHOWS_NOBODY == set()
