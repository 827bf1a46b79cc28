"""Markers posted through everything appear at the portal alone: in no log, message of a job, row, page or URL."""

import json
import logging

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from bitrix24.models import Alarm, Colleague, Entry, Hint, Line, Wiring
from contacts.actions import edit_contact
from leads.editing import edit_lead
from outbox import delivery
from outbox.models import Link, Mark
from tests.bitrix24.conftest import Mirror
from tests.bitrix24.events import TOKEN, body
from tests.bitrix24.portal import CODE, Plan
from tests.factories import AdminFactory, ManagerFactory, lead, move, touch

pytestmark = pytest.mark.django_db
PERSONAL = ["Маркерина", "+79161234567", "9161234567", "marker@secret.example", "тайный комментарий", "records/marker"]
MARKERS = [*PERSONAL, CODE, TOKEN]
PAGES = [
    "/admin/bitrix24/line/",
    "/admin/bitrix24/alarm/",
    "/admin/bitrix24/hint/",
    "/admin/bitrix24/wiring/",
    "/admin/outbox/mark/",
    "/admin/outbox/mark/?parked=1",
    "/admin/outbox/link/",
]


def test_acceptance_6_markers_appear_nowhere_but_at_the_portal(box: Mirror, settings, caplog, monkeypatch) -> None:
    caplog.set_level(logging.DEBUG)
    settings.BITRIX24_APPLICATION_TOKEN = TOKEN
    settings.BITRIX24_PERSONAL_DATA = ("name", "phone", "email", "comment", "recording")
    sent: list[str] = []
    monkeypatch.setattr("crm.celery.app.send_task", lambda job, *args, **kwargs: sent.append(f"{job} {args} {kwargs}"))
    row = lead(
        name="Маркерина",
        phone="+79161234567",
        email="marker@secret.example",
        comment="тайный комментарий",
        source="site",
    )
    touch(row, recording_url="https://pbx.example/records/marker.mp3", comment="тайный комментарий")
    # The portal repeats what it does not take, in its own words, then answers with its faults one after another.
    box.crm.rejects = lambda given: "Не годится: " + json.dumps(given, ensure_ascii=False)
    for _ in range(3):
        box.round()
        box.frozen.move(minutes=6)
    assert delivery.parked().exists()
    assert CODE not in _everything()
    seen = _pages()
    box.crm.rejects = lambda given: ""
    for pk in list(delivery.parked().values_list("pk", flat=True)):
        delivery.retry(pk)
    box.fake.plan = Plan(rate=0.4, seed=2)
    for _ in range(12):
        box.round()
        box.frozen.move(minutes=3)
    box.fake.plan = Plan(next={"crm.item.update": ["401"]})
    Client().post("/bitrix24/event/", body("ONCRMLEADADD", 5), content_type="application/x-www-form-urlencoded")
    edit_lead(row.pk, {"comment": "тайный комментарий!"}, by=ManagerFactory())
    edit_contact(row.contact_id, {"name": "Маркерина Анна"}, by=ManagerFactory())
    move(row, "meeting")
    for _ in range(3):
        box.round()
        box.frozen.move(minutes=6)
    assert Line.current().stopped_at, "the page of the stopped line is among those looked at"
    told = json.dumps([call.params for call in box.fake.ledger], ensure_ascii=False)
    for marker in PERSONAL:
        assert marker in told, "the test posts what it looks for"
    seen += _pages()
    assert not [call for call in box.fake.ledger if "?" in call.method]
    for name, text in {"rows": _everything(), "log": caplog.text, "jobs": " ".join(sent), "pages": seen}.items():
        assert [marker for marker in MARKERS if marker in text] == [], name


def _everything() -> str:
    models = (Mark, Link, Alarm, Line, Hint, Entry, Colleague, Wiring, LogEntry)
    return json.dumps([list(model.objects.values()) for model in models], default=str, ensure_ascii=False)


def _pages() -> str:
    client = Client()
    client.force_login(AdminFactory(), "django.contrib.auth.backends.ModelBackend")
    answers = [client.get(page) for page in PAGES]
    assert [answer.status_code for answer in answers] == [200] * len(PAGES)
    return "".join(answer.content.decode() for answer in answers)
