"""Leads that enter at the portal come in here once, keep their id, and our own echo makes no writes (B11)."""

import pytest
from django.test import Client

from bitrix24 import pull
from bitrix24.models import Alarm, Entry, Hint, Line
from crm import clock
from leads.models import Lead
from outbox.links import objects_known_as
from outbox.models import Link
from sources.models import Source
from tests.bitrix24 import lists
from tests.bitrix24.conftest import Mirror
from tests.bitrix24.events import TOKEN, Messages, body
from tests.bitrix24.portal import Plan
from tests.factories import lead
from tests.pages import at_most
from tests.sizes import size

pytestmark = [pytest.mark.django_db, pytest.mark.shared]
PHONE = {"fm": [{"typeId": "PHONE", "valueType": "WORK", "value": "8 (916) 000-11-22"}]}


@pytest.fixture(autouse=True)
def both_ways(box: Mirror, settings) -> None:
    settings.BITRIX24_APPLICATION_TOKEN = TOKEN
    box.round()  # from now on the portal's new leads are ours, too
    box.frozen.move(minutes=1)


def post(text: str) -> int:
    return Client().post("/bitrix24/event/", text, content_type="application/x-www-form-urlencoded").status_code


def writes(box: Mirror) -> int:
    return sum(call.method.endswith((".add", ".update", "import")) for call in box.fake.ledger)


def test_a_lead_of_the_portal_comes_in_with_its_id(box: Mirror) -> None:
    Entry.objects.create(directory="SOURCE", code="quiz", remote_code="WEB")
    utm = {"utmSource": "vk", "utmCampaign": "autumn"}
    number = box.crm.somebody_adds(1, name="Ольга", sourceId="WEB", comments="долги", **utm, **PHONE)
    with at_most(6):
        assert post(body("ONCRMLEADADD", number)) == 200
    assert not box.fake.calls("crm.item.get"), "the answer does not wait for the portal"
    assert not Lead.objects.exists()
    box.drain()
    row = Lead.objects.get()
    assert (row.phone, row.name, row.source.code, row.comment) == ("+79160001122", "Ольга", "quiz", "долги")
    assert row.utm == {"source": "vk", "campaign": "autumn"}
    assert objects_known_as("lead", [number]) == {number: row.pk}
    assert list(box.crm.items[1]) == [number], "it was not made again there"
    assert box.twin(row)["comments"] == "долги", "what people wrote there stays"
    assert not Hint.objects.exists()


def test_a_repeat_lead_hides_its_phone_and_has_its_contacts(box: Mirror) -> None:
    Source.objects.filter(code="site").update(bitrix24_id="CALL")
    person = box.crm.somebody_adds(3, name="Иван", lastName="Петров", **PHONE)
    number = box.crm.somebody_adds(1, contactId=person)
    pull.hear([number])
    box.drain()
    row = Lead.objects.get()
    assert (row.phone, row.name, row.source.code) == ("+79160001122", "Петров Иван", "site")
    assert objects_known_as("contact", [person]) == {person: row.contact_id}
    assert len(box.crm.items[3]) == 1


def test_the_pass_by_time_of_change_finds_what_no_message_told_of(box: Mirror, monkeypatch) -> None:
    monkeypatch.setattr(lists, "PAGE", 5)
    numbers = {box.crm.somebody_adds(1, name=f"Н {n}", fm=_phone(n)) for n in range(12)}  # more than two pages
    box.frozen.move(minutes=16)
    box.drain()
    assert set(objects_known_as("lead", numbers)) == numbers
    asked = len(box.fake.calls("crm.item.list"))
    box.frozen.move(minutes=14)
    box.round()
    assert len(box.fake.calls("crm.item.list")) == asked, "once in a quarter of an hour"
    box.frozen.move(minutes=2)
    before = writes(box)
    box.drain()
    assert len(box.fake.calls("crm.item.list")) > asked
    assert (writes(box), Lead.objects.count()) == (before, 12)


def test_what_was_there_before_the_mirror_is_left_to_an_import(box: Mirror) -> None:
    Line.objects.update(pulled_since=None)
    old = box.crm.somebody_adds(1, **PHONE)
    box.frozen.move(minutes=1)
    box.round()
    box.frozen.move(minutes=20)
    box.crm.item_update({"entityTypeId": 1, "id": old, "fields": {"name": "Изменено"}})
    box.drain()
    assert not Lead.objects.exists()


def test_B11_our_own_echo_makes_no_writes_and_no_reads(box: Mirror) -> None:
    messages = Messages(box.crm)
    row = lead()
    box.drain()
    calls = len(box.fake.ledger)
    told = messages.bodies()
    assert told
    assert {post(text) for text in told} == {200}
    box.drain()
    assert len(box.fake.ledger) == calls
    assert not Hint.objects.exists()
    # A message that overtakes our note of the id: it is looked at, and found to be ours.
    Link.objects.filter(kind="lead").update(remote_id=None, creating_since=clock.now())
    number = next(iter(box.crm.items[1]))
    assert post(body("ONCRMLEADADD", number)) == 200
    box.round()
    assert list(Lead.objects.all()) == [row]
    assert writes(box) == sum(1 for call in box.fake.ledger[:calls] if call.method.endswith((".add", ".update")))


def test_B11_doubled_lost_and_reordered_messages_bring_each_lead_once(box: Mirror) -> None:
    messages = Messages(box.crm, lost=0.3, doubled=0.5, seed=3)
    box.fake.plan = Plan(rate=0.3, seed=5)
    numbers = []
    for n in range(size(6, 100)):
        numbers.append(box.crm.somebody_adds(1, fm=_phone(n)))
        box.crm.item_update({"entityTypeId": 1, "id": numbers[-1], "fields": {"name": f"Имя {n}"}})
        for text in messages.bodies():
            post(text)
        box.round()
        box.frozen.move(seconds=40)
    box.frozen.move(minutes=16)
    box.drain(patient=True)
    assert set(objects_known_as("lead", numbers)) == set(numbers)
    assert Lead.objects.count() == len(numbers) == len(box.crm.items[1])


def test_B11_a_wrong_token_is_told_from_the_right_one_in_constant_time_and_learns_nothing(
    box: Mirror, settings, monkeypatch
) -> None:
    compared = []
    monkeypatch.setattr("bitrix24.views.secrets.compare_digest", lambda a, b: compared.append((a, b)) or a == b)
    for token in ("", "x", TOKEN[:-1], "ж" * 40):
        assert post(body("ONCRMLEADADD", 5, token)) == 403
    assert len(compared) == 4
    assert not Hint.objects.exists()
    settings.BITRIX24_APPLICATION_TOKEN = ""
    assert post(body("ONCRMLEADADD", 5, "")) == 404
    settings.BITRIX24_APPLICATION_TOKEN = TOKEN
    settings.BITRIX24_WEBHOOK = None
    assert post(body("ONCRMLEADADD", 5)) == 404


@pytest.mark.parametrize("number", ["", "abc", "-1", "9" * 40, "1;2", "٣"])
def test_B11_what_is_no_id_is_passed_over(number: str) -> None:
    assert post(body("ONCRMLEADADD", number)) == 200
    assert post(body("ONCRMDEALADD", 5)) == 200
    assert not Hint.objects.exists()


def test_a_lead_deleted_there_waits_for_a_person(box: Mirror) -> None:
    messages = Messages(box.crm)
    row = lead()
    box.drain()
    messages.bodies()
    box.crm.item_delete({"entityTypeId": 1, "id": box.twin(row)["id"]})
    assert {post(text) for text in messages.bodies()} == {200}
    box.round()
    assert Link.objects.get(kind="lead").gone_at is not None


def test_a_lead_without_phone_and_e_mail_is_told_of_and_comes_in_when_it_has_one(box: Mirror) -> None:
    number = box.crm.somebody_adds(1, title="Чат")
    pull.hear([number])
    box.round()
    assert str(number) in Alarm.objects.get().text
    box.crm.item_update({"entityTypeId": 1, "id": number, "fields": PHONE})
    box.frozen.move(minutes=16)
    box.drain()
    assert objects_known_as("lead", [number])
    assert Alarm.objects.get().closed_at


def _phone(n: int) -> list[dict[str, str]]:
    return [{"typeId": "PHONE", "valueType": "WORK", "value": f"+7916000{n:04d}"}]
