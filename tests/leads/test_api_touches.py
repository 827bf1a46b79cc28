"""POST leads/{id}/touches/: once-only for telephony, bounded in time for people."""

from datetime import timedelta
from typing import Any

import pytest

from crm import clock
from leads.models import Lead, Touch
from tests import factories
from tests.rest import intake, rest

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]

CALL = {"channel": "call", "outcome": "no_answer"}


def ago(**delta: float) -> str:
    return (clock.now() - timedelta(**delta)).isoformat()


def test_a_touch_is_recorded_and_moves_a_new_lead() -> None:
    operator = factories.OperatorFactory()
    lead = factories.lead()
    answer = rest(operator).post(
        f"leads/{lead.pk}/touches/", {**CALL, "comment": "гудки", "recording_url": "https://pbx.example.org/1.mp3"}
    )
    assert answer.status_code == 201
    touch = answer.json()
    assert set(touch) == {
        "id", "lead", "channel", "direction", "outcome", "at", "comment", "recording_url", "external_id", "by",
    }  # fmt: skip
    assert (touch["lead"], touch["direction"], touch["by"]) == (
        lead.pk,
        "outgoing",
        {"id": operator.pk, "name": operator.name},
    )
    now = Lead.objects.get(pk=lead.pk)
    assert (now.status, now.touches_count, now.responsible_id) == ("dialing", 1, operator.pk)


def test_a_repeat_of_an_external_id_is_200_with_the_first_touch() -> None:
    client, lead = intake(), factories.lead()
    first = client.post(f"leads/{lead.pk}/touches/", {**CALL, "external_id": 77})
    again = client.post(f"leads/{lead.pk}/touches/", {**CALL, "external_id": "77", "outcome": "answered"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert Touch.objects.count() == 1


def test_an_intake_key_acts_for_the_product_and_may_go_back_in_time() -> None:
    lead = factories.lead(by=factories.AdminFactory(), arrived_at=ago(days=10))
    answer = intake().post(f"leads/{lead.pk}/touches/", {**CALL, "at": ago(days=5)})
    assert answer.status_code == 201
    assert answer.json()["by"] is None
    assert Lead.objects.get(pk=lead.pk).responsible_id is None


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"channel", "outcome"}),
        ({"channel": "pigeon", "outcome": "answered"}, {"channel"}),
        ({"channel": "call", "outcome": "fine", "direction": "up"}, {"outcome", "direction"}),
        ({"channel": [], "outcome": {}}, {"channel", "outcome"}),
        ({**CALL, "at": "yesterday"}, {"at"}),
        ({**CALL, "at": "2036-01-01T00:00:00Z"}, {"at"}),
        ({**CALL, "at": "2026-01-01T00:00:00"}, {"at"}),
        ({**CALL, "at": "2001-01-01T00:00:00Z"}, {"at"}),
        ({**CALL, "recording_url": "javascript:alert(1)"}, {"recording_url"}),
        ({**CALL, "recording_url": "ftp://example.org/1"}, {"recording_url"}),
        ({**CALL, "recording_url": "//example.org/1"}, {"recording_url"}),
        ({**CALL, "recording_url": "http://"}, {"recording_url"}),
        ({**CALL, "recording_url": "http://[::1"}, {"recording_url"}),
        ({**CALL, "recording_url": "https://example.org/\n1"}, {"recording_url"}),
        ({**CALL, "recording_url": "https://example.org/" + "x" * 500}, {"recording_url"}),
        ({**CALL, "comment": "a\x00"}, {"comment"}),
        ({**CALL, "comment": 5}, {"comment"}),
        ({**CALL, "external_id": "x" * 201}, {"external_id"}),
        ({**CALL, "external_id": True}, {"external_id"}),
        ({"channel": "call", "outcome": "no_show"}, {"outcome"}),
        ({"channel": "office", "outcome": "no_show"}, {"outcome"}),
    ],
)
def test_bad_data_is_400_by_field(body: dict[str, Any], fields: set[str]) -> None:
    lead = factories.lead()
    answer = rest(factories.ManagerFactory()).post(f"leads/{lead.pk}/touches/", body)
    assert answer.status_code == 400, answer.content
    assert set(answer.json()) == fields
    assert Touch.objects.count() == 0


def test_a_person_goes_back_by_a_day_and_an_administrator_further() -> None:
    lead = factories.lead(by=factories.AdminFactory(), arrived_at=ago(days=10))
    manager, admin = rest(factories.ManagerFactory()), rest(factories.AdminFactory())
    assert manager.post(f"leads/{lead.pk}/touches/", {**CALL, "at": ago(hours=23)}).status_code == 201
    assert manager.post(f"leads/{lead.pk}/touches/", {**CALL, "at": ago(hours=25)}).status_code == 400
    assert admin.post(f"leads/{lead.pk}/touches/", {**CALL, "at": ago(hours=25)}).status_code == 201


def test_a_duplicate_is_frozen() -> None:
    original = factories.lead(phone="+79161234567")
    duplicate = factories.lead(phone="+79161234567")
    answer = rest(factories.ManagerFactory()).post(f"leads/{duplicate.pk}/touches/", CALL)
    assert (answer.status_code, answer.json()["code"]) == (409, "duplicate_is_frozen")
    assert str(original.pk) in answer.json()["detail"]


def test_who_did_not_come_is_recorded_at_a_meeting() -> None:
    lead = factories.lead_in("meeting")
    body = {"channel": "office", "outcome": "no_show"}
    assert rest(factories.ManagerFactory()).post(f"leads/{lead.pk}/touches/", body).status_code == 201
    assert Lead.objects.get(pk=lead.pk).status == "meeting"


def test_H20_by_and_lead_are_not_the_callers_to_say() -> None:
    lead, other = factories.lead(), factories.lead()
    manager = factories.ManagerFactory()
    body = {**CALL, "by": 1, "lead": other.pk, "id": 99, "created_at": "2001-01-01T00:00:00Z"}
    answer = rest(manager).post(f"leads/{lead.pk}/touches/", body).json()
    assert (answer["lead"], answer["by"]["id"]) == (lead.pk, manager.pk)


def test_leads_of_others_are_404_and_a_lawyer_records_nothing() -> None:
    theirs = factories.lead(by=factories.OperatorFactory())
    assert rest(factories.OperatorFactory()).post(f"leads/{theirs.pk}/touches/", {}).status_code == 404
    assert intake().post(f"leads/{10**15}/touches/", CALL).status_code == 404
    lawyer = factories.LawyerFactory()
    signed = factories.lead_in("contract")
    assert rest(lawyer).post(f"leads/{signed.pk}/touches/", CALL).status_code == 403
