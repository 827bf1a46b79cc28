"""Every page of the admin opens for an administrator, in few queries, and for nobody else."""

import re

import pytest
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import reverse

from bitrix24 import line
from bitrix24.models import Colleague, Entry, Hint, Line, Wiring
from crm import clock
from history.models import Event
from leads.models import (
    DayPlan,
    DistributionPolicy,
    ExportFile,
    ExportPolicy,
    ImportFile,
    IntakePolicy,
    Lead,
    Touch,
    TouchPolicy,
)
from outbox.models import Link
from sources.models import Source, SourceSpend
from tasks.models import CallingHours, EscalationPolicy
from team.actions import issue_key
from team.models import SecondFactor, ShiftPolicy, User
from tests.factories import (
    AdminFactory,
    LawyerFactory,
    ManagerFactory,
    OperatorFactory,
    deal,
    lead,
    lead_in,
    move,
    touch,
)
from tests.pages import HOSTILE, at_most, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.shared, pytest.mark.usefixtures("catalogues")]

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
ONE_ROW = (
    *(TouchPolicy, IntakePolicy, DistributionPolicy, DayPlan, ExportPolicy),
    *(CallingHours, EscalationPolicy, ShiftPolicy, Line, Wiring),
)
OTHERS = (OperatorFactory, LawyerFactory, ManagerFactory)


def address(model: type[models.Model], page: str, *ids: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=ids)


@pytest.fixture
def rows(db: None) -> None:
    """Several rows of everything, with hostile names."""
    operator = OperatorFactory(name=HOSTILE)
    issue_key(operator.pk, name=HOSTILE)
    SecondFactor.objects.create(user=operator, confirmed_at=clock.now())
    for number in range(3):
        deal(number=f"{HOSTILE} {number}")
        row = lead(by=operator, name=HOSTILE, comment=HOSTILE, city=HOSTILE, source=f"{HOSTILE} {number}")
        touch(row, by=operator, comment=HOSTILE)
        lead(phone=row.phone, name=HOSTILE)
        lead_in("meeting")
    Source.objects.filter(code="quiz").update(name=HOSTILE)
    SourceSpend.objects.create(source=Source.objects.get(code="quiz"), year=2026, month=11, amount=1)
    line.alarm("hostile", HOSTILE)
    ExportFile.objects.create(by=operator, what="leads", query=HOSTILE, reason=HOSTILE)
    ImportFile.objects.create(by=operator, kind="leads", name=HOSTILE, trouble=HOSTILE)
    Link.objects.create(kind="lead", object_id=1, origin="lead-1")
    Entry.objects.create(directory="SOURCE", code="site", remote_code=HOSTILE)
    Hint.objects.create(remote_id=1, trouble=HOSTILE)
    Colleague.objects.create(user=operator)


def test_what_is_registered_is_what_is_edited_here() -> None:
    assert {model._meta.label for model in MODELS} == {
        *(
            "team.User",
            "team.ApiKey",
            "team.SecondFactor",
            "sources.Source",
            "sources.SourceSpend",
            "contacts.Contact",
            "deals.Stage",
            "deals.DocumentKind",
            "deals.Deal",
        ),
        *("leads.Lead", "leads.Touch", "leads.TouchPolicy", "leads.IntakePolicy", "leads.Office"),
        *("leads.CallScript", "leads.DayPlan", "leads.ExportPolicy", "leads.ExportFile", "leads.ImportFile"),
        *("contacts.Messenger", "contacts.MessageTemplate"),
        *("tasks.TaskRule", "tasks.CallingHours", "tasks.SpecialDay", "tasks.EscalationPolicy", "tasks.Task"),
        *("history.Event", "outbox.Mark", "outbox.Link", "leads.DistributionPolicy", "team.ShiftPolicy"),
        *(f"bitrix24.{name}" for name in ("Line", "Alarm", "Entry", "Colleague", "Wiring", "Hint")),
    }


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_its_list_its_form_and_its_row_open_in_few_queries(model: type[models.Model], rows: None) -> None:
    client = signed_in(AdminFactory())
    for page in (address(model, "changelist"), address(model, "changelist") + "?q=zzz"):
        with at_most(16):
            answer = client.get(page, follow=model in ONE_ROW)
        assert answer.status_code == 200
        assert HOSTILE not in answer.content.decode()
    if admin.site._registry[model].has_add_permission(answer.wsgi_request):
        with at_most(16):
            assert client.get(address(model, "add")).status_code == 200
    ids = [1] if model in ONE_ROW else list(model._default_manager.values_list("pk", flat=True)[:2])
    assert ids
    for pk in ids:
        with at_most(24):
            answer = client.get(address(model, "change", pk))
        assert answer.status_code == 200
        assert HOSTILE not in answer.content.decode()
        assert client.get(address(model, "history", pk)).status_code == 200
    assert client.get(address(model, "change", 987654321)).status_code == 302
    assert client.get(address(model, "change", "x\x00")).status_code in (302, 404)


@pytest.mark.parametrize("model", [Lead, Touch, Event, Source], ids=lambda model: model._meta.label)
def test_a_longer_list_takes_no_more_queries(model: type[models.Model], rows: None) -> None:
    client = signed_in(AdminFactory())
    page = address(model, "changelist")
    client.get(page)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as few:
        client.get(page)
    for number in range(5):
        row = lead(source=f"new {number}")
        touch(row)
        Source.objects.create(code=f"more-{number}", name=f"more {number}")
    with CaptureQueriesContext(connection) as many:
        client.get(page)
    assert len(many) <= len(few)


@pytest.mark.parametrize("page", ["/admin/", "/admin/leads/lead/", "/admin/leads/lead/add/", "/admin/team/user/"])
def test_it_is_for_administrators(page: str) -> None:
    for factory in OTHERS:
        client = signed_in(factory())
        assert client.get(page).status_code == 403
        assert client.post(page).status_code == 403
        assert client.get("/admin/login/").status_code == 403
    answer = Client().get(page, follow=True)
    assert answer.redirect_chain[-1][0].startswith("/login/?next=/admin/")
    switched_off = AdminFactory()
    client = signed_in(switched_off)
    User.objects.filter(pk=switched_off.pk).update(is_active=False)
    assert client.get(page).status_code == 302


def test_nobody_else_posts_to_any_of_its_addresses(rows: None) -> None:
    row = Lead.objects.first()
    pages = [
        *(address(model, "changelist") for model in MODELS),
        *(address(model, "change", 1) for model in MODELS),
        *("/admin/leads/lead/import/", "/admin/leads/lead/process_import/", "/admin/leads/lead/export/"),
        *("/admin/sources/source/import/", "/admin/sources/source/export/", "/admin/leads/lead/unmapped/"),
        *("/admin/jsi18n/", "/admin/password_change/", "/admin/r/1/1/", "/admin/nowhere/"),
    ]
    client = signed_in(ManagerFactory())
    for page in pages:
        assert client.post(page, {"_selected_action": row.pk}).status_code in (403, 404)
        assert client.get(page).status_code in (403, 404)
        assert Client().post(page).status_code in (302, 404)


def test_signing_out_and_the_password_are_the_products_own() -> None:
    client = signed_in(AdminFactory())
    assert client.get("/admin/password_change/").headers["Location"] == "/profile/"
    assert client.post("/admin/logout/").headers["Location"] == "/login/"
    assert client.get("/admin/").status_code == 302


def test_its_pages_carry_no_style_or_script_of_their_own(rows: None) -> None:
    client = signed_in(AdminFactory())
    pages = ["/admin/", *(address(model, "changelist") for model in MODELS), address(Lead, "add")]
    pages += ["/admin/leads/lead/import/", "/admin/leads/lead/export/", "/admin/leads/lead/unmapped/"]
    for page in pages:
        answer = client.get(page, follow=True)
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert not re.search(
            r"<style|\sstyle=|<script(?![^>]*src=|[^>]*application/json)|\son\w+=", answer.content.decode()
        ), page


@pytest.mark.parametrize("model", [Event, Touch], ids=lambda model: model._meta.label)
def test_nobody_edits_or_deletes_history(model: type[models.Model], rows: None) -> None:
    client = signed_in(AdminFactory())
    row = model.objects.first()
    before = model.objects.count()
    assert client.post(address(model, "change", row.pk), {"comment": "x"}).status_code == 403
    assert client.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert client.post(address(model, "add"), {}).status_code == 403
    client.post(address(model, "changelist"), {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"})
    assert model.objects.count() == before


def test_leads_contacts_deals_people_and_keys_are_never_deleted(rows: None) -> None:
    client = signed_in(AdminFactory())
    from contacts.models import Contact
    from deals.models import Deal
    from team.models import ApiKey

    for model in (Lead, Contact, Deal, User, ApiKey):
        row = model.objects.first()
        assert client.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403


def test_the_one_rows_are_saved_and_checked() -> None:
    client = signed_in(AdminFactory())
    TouchPolicy.objects.all().delete()
    page = address(TouchPolicy, "change", 1)
    asked = {"touches": 4, "days": 2, "gap_minutes": 30, "day_parts": 0, "messages": 1}
    assert client.post(page, asked).status_code == 302
    policy = TouchPolicy.objects.get()
    assert (policy.pk, policy.touches, policy.messages) == (1, 4, 1)
    assert client.post(page, {**asked, "day_parts": 9}).status_code == 200
    assert client.post(address(IntakePolicy, "change", 1), {"new_original_after_days": "30"}).status_code == 302
    assert IntakePolicy.current().new_original_after_days == 30
    wrong = client.post(address(CallingHours, "change", 1), {"start": "20:00", "end": "09:00"})
    assert "Часы заканчиваются позже, чем начинаются" in wrong.content.decode()
    assert move(lead(), "dialing").status == "dialing"
    assert clock.now()
