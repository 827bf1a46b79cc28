"""What arrives at the portal: contacts, leads, deals, tasks, touches and the directories they need, each once."""

import json
from datetime import timedelta

import pytest

from bitrix24 import mirror
from bitrix24.models import Colleague, Entry, Wiring
from contacts.actions import edit_contact
from crm.transactions import verb
from deals.models import Deal
from leads.editing import edit_lead
from leads.renumbering import change_number
from leads.undo import last_action, undo
from outbox.links import OutsideId, known_outside
from outbox.models import Link, Mark
from tests.bitrix24.conftest import Mirror
from tests.factories import ManagerFactory, OperatorFactory, lead, lead_in, move, touch

pytestmark = [pytest.mark.django_db, pytest.mark.shared]


def test_a_lead_arrives_with_its_contact_source_stage_and_origin(box: Mirror) -> None:
    row = lead(
        name="Ольга", source="vk_ads", utm={"source": "vk", "campaign": "autumn"}, comment="долги", debt_amount="9"
    )
    box.drain()
    there = box.twin(row)
    assert (there["title"], there["name"], there["stageId"]) == (f"Заявка № {row.pk}", "Ольга", "NEW")
    assert (there["utmSource"], there["utmCampaign"], there["comments"]) == ("vk", "autumn", "")
    assert there["contactId"] == box.twin(row.contact)["id"]
    assert (there["originatorId"], there["originId"]) == ("BFLCRM", Link.objects.get(kind="lead").origin)
    assert next(s for s in box.crm.statuses if s["STATUS_ID"] == there["sourceId"])["NAME"] == "VK Реклама"
    assert box.crm.phones(there["contactId"]) == [row.phone]


def test_a_lead_walked_to_its_deal_is_told_at_each_step(box: Mirror) -> None:
    row = lead()
    box.drain()
    names = []
    for status in ("dialing", "meeting", "visit"):
        row = move(row, status)
        box.drain()
        names.append(next(s["NAME"] for s in box.crm.statuses if s["STATUS_ID"] == box.twin(row)["stageId"]))
    assert names == ["Прозвон", "Встреча назначена", "Визит"]
    row = move(row, "contract_prepaid")
    box.drain()
    deal = Deal.objects.get(lead=row)
    there = box.twin(deal)
    assert (there["opportunity"], there["additionalInfo"]) == (150000.0, "Предоплата: 30000.00")
    assert (there["leadId"], there["contactId"]) == (box.twin(row)["id"], box.twin(row.contact)["id"])
    assert box.twin(row)["stageId"] == "CONVERTED"
    stage = next(s for s in box.crm.statuses if s["STATUS_ID"] == there["stageId"])
    assert (stage["ENTITY_ID"], stage["NAME"]) == ("DEAL_STAGE", "Сбор документов")
    assert [len(box.crm.items[kind]) for kind in (1, 2, 3)] == [1, 1, 1]


def test_junk_has_a_stage_for_each_reason(box: Mirror) -> None:
    row = lead_in("junk")
    box.drain()
    stage = next(s for s in box.crm.statuses if s["STATUS_ID"] == box.twin(row)["stageId"])
    assert (stage["STATUS_ID"], stage["SEMANTICS"], box.twin(row)["statusDescription"]) == (
        "BFL_J_REFUSED",
        "F",
        "Отказался, решил проблему",
    )


def test_a_crowd_that_waits_for_a_lead_does_not_keep_it_from_its_turn(box: Mirror, monkeypatch) -> None:
    monkeypatch.setattr("bitrix24.order.SOON", timedelta(0))
    monkeypatch.setattr("outbox.delivery.AT_ONCE", 3)
    row = lead()
    for _ in range(5):
        touch(row, at=box.frozen.now)
    Mark.objects.filter(kind__in=["lead", "contact"]).update(marked_at=box.frozen.now + timedelta(seconds=1))
    assert mirror.push_due(within=1.5)
    assert box.twin(row)


def test_what_has_not_changed_makes_no_call(box: Mirror) -> None:
    row = lead()
    box.drain()
    before = len(box.fake.ledger)
    Mark.objects.update(pending=True)
    box.drain()
    assert len(box.fake.ledger) == before
    edit_lead(row.pk, {"name": "Другая"}, by=ManagerFactory())
    box.drain()
    assert [call.method for call in box.fake.ledger[before:]] == ["crm.item.update"]


def test_a_responsible_is_found_by_the_e_mail(box: Mirror) -> None:
    box.crm.users = [{"ID": "77", "EMAIL": "Anna@firm.example"}]
    known, stranger = OperatorFactory(email="anna@firm.example"), OperatorFactory(email="new@firm.example")
    hers, theirs = lead(by=known), lead(by=stranger)
    again = lead(by=stranger)
    box.drain()
    assert [box.twin(row)["assignedById"] for row in (hers, theirs, again)] == [77, 1, 1]
    assert len(box.fake.calls("user.get")) == 2, "asked once for each"


def test_a_task_is_a_todo_that_ends_with_it(box: Mirror) -> None:
    row = lead()
    box.drain()
    (todo,) = box.crm.todos.values()
    assert (todo["title"], todo["ownerId"], todo["COMPLETED"]) == ("Связаться с клиентом", box.twin(row)["id"], "N")
    move(row, "junk")
    box.drain()
    assert todo["COMPLETED"] == "Y"
    assert len(box.crm.todos) == 1


def test_a_touch_is_a_comment_with_its_recording_and_without_what_was_typed(box: Mirror) -> None:
    row = lead()
    touch(row, recording_url="https://pbx.example/7.mp3", comment="сын Иван")
    box.drain()
    (comment,) = box.crm.comments.values()
    assert comment["ENTITY_ID"] == box.twin(row)["id"]
    assert "https://pbx.example/7.mp3" in comment["COMMENT"]
    assert "Иван" not in comment["COMMENT"]


def test_a_touch_that_was_taken_back_says_so_where_it_was_told(box: Mirror) -> None:
    row, operator = lead(), OperatorFactory()
    touch(row, by=operator)
    box.drain()
    undo(last_action(row.pk, operator).action, by=operator)
    touch(row, "busy", by=operator)
    undo(last_action(row.pk, operator).action, by=operator)
    box.drain()
    (comment,) = box.crm.comments.values()
    assert comment["COMMENT"].startswith("Отменено: ")


def test_only_allowed_personal_data_leaves(box: Mirror, settings) -> None:
    settings.BITRIX24_PERSONAL_DATA = ()
    row = lead(name="Ольга Тайная", email="o@secret.example", comment="тайна", city="Псков", debt_amount="987654")
    touch(row, comment="тайна", recording_url="https://pbx.example/тайна.mp3")
    box.drain()
    told = json.dumps([call.params for call in box.fake.ledger], ensure_ascii=False)
    for secret in ("Ольга", "secret", "тайна", "Псков", "987654", row.phone[1:]):
        assert secret not in told


def test_a_contact_that_the_portal_knows_by_its_number_is_linked(box: Mirror) -> None:
    number = box.crm.item_add(
        {"entityTypeId": 3, "fields": {"name": "Старая", "fm": [{"typeId": "PHONE", "value": "8 (916) 000-11-22"}]}}
    )["item"]["id"]
    row = lead(phone="+79160001122", name="Ольга")
    box.drain()
    assert len(box.crm.items[3]) == 1
    assert box.twin(row.contact)["id"] == number
    assert box.crm.phones(number) == ["8 (916) 000-11-22"], "the same number in another spelling is not added"
    assert box.twin(row.contact)["name"] == "Ольга"


def test_what_people_there_have_written_stays_where_nothing_of_ours_takes_its_place(box: Mirror) -> None:
    row = lead(phone="+79160001122")
    written = {"fm": [{"typeId": "PHONE", "value": row.phone}], "name": "Старая", "comments": "звонить сыну"}
    number = box.crm.item_add({"entityTypeId": 3, "fields": written})["item"]["id"]
    box.drain()
    assert (box.twin(row.contact)["id"], box.twin(row.contact)["name"]) == (number, "Старая")
    assert box.twin(row.contact)["comments"] == "звонить сыну"


def test_a_name_that_says_the_same_stays_in_its_parts_and_another_one_replaces_them(box: Mirror) -> None:
    row = lead(phone="+79160001122", name="Анна Серова")
    parts = {"fm": [{"typeId": "PHONE", "value": row.phone}], "name": "Анна", "lastName": "Серова"}
    box.crm.item_add({"entityTypeId": 3, "fields": parts})
    box.drain()
    there = box.twin(row.contact)
    assert (there["lastName"], there["name"]) == ("Серова", "Анна")
    assert all(report.clean for report in box.compared())
    edit_contact(row.contact_id, {"name": "Анна Морозова"}, by=ManagerFactory())
    box.drain()
    assert (there["lastName"], there["name"]) == ("", "Анна Морозова")


def test_a_lead_that_was_there_first_loses_nothing_that_is_empty_here(box: Mirror, settings) -> None:
    settings.BITRIX24_PERSONAL_DATA = ("name", "phone", "comment")
    row = lead(name="Ольга")
    number = box.crm.somebody_adds(1, utmSource="vk", comments="звонить сыну", name="Старая")
    verb(known_outside)([OutsideId("lead", row.pk, row.created_at, number)])
    box.drain()
    there = box.twin(row)
    assert (there["name"], there["utmSource"], there["comments"]) == ("Ольга", "vk", "звонить сыну")
    edit_lead(row.pk, {"comment": "сама"}, by=ManagerFactory())
    box.drain()
    edit_lead(row.pk, {"comment": ""}, by=ManagerFactory())
    box.drain()
    assert there["comments"] == "", "what was told here is taken back from here"


def test_a_lead_without_a_card_carries_what_was_given(box: Mirror) -> None:
    row = lead(phone="12345", email="a@client.example")
    box.drain()
    assert [entry["value"] for entry in box.twin(row)["fm"]] == ["12345"], "the e-mail is not allowed to leave"


def test_a_pipeline_of_its_own_has_the_stages_of_the_deals(box: Mirror) -> None:
    Wiring.objects.create(pk=1, pipeline=5)
    row = lead_in("contract")
    box.drain()
    deal = box.twin(row.deal)
    assert (deal["categoryId"], deal["stageId"]) == (5, "C5:BFL_DOCUMENTS")


def test_a_person_chosen_by_an_administrator_is_not_looked_for(box: Mirror) -> None:
    operator = OperatorFactory(email="anna@firm.example")
    Colleague.objects.create(user=operator, remote_id=9)
    row = lead(by=operator)
    box.drain()
    assert box.twin(row)["assignedById"] == 9
    assert not box.fake.calls("user.get")


def test_B09_ten_edits_leave_one_phone_and_one_e_mail(box: Mirror, settings) -> None:
    settings.BITRIX24_PERSONAL_DATA = ("name", "phone", "email")
    row = lead(email="a0@client.example")
    manager = ManagerFactory()
    box.drain()
    for number in range(1, 11):
        edit_contact(row.contact_id, {"name": f"Имя {number}", "email": f"a{number}@client.example"}, by=manager)
        box.drain()
    entries = sorted(entry["value"] for entry in box.twin(row.contact)["fm"])
    assert entries == [row.phone, "a10@client.example"]
    edit_contact(row.contact_id, {"email": ""}, by=manager)
    box.drain()
    assert [entry["value"] for entry in box.twin(row.contact)["fm"]] == [row.phone]


def test_acceptance_4_ten_edits_of_phone_and_name_leave_one_phone(box: Mirror) -> None:
    row, manager = lead(), ManagerFactory()
    box.drain()
    for number in range(10):
        edit_contact(row.contact_id, {"name": f"Имя {number}"}, by=manager)
        change_number(row.contact_id, f"8 (916) 000-00-0{number}", by=manager)
        box.drain()
    assert box.crm.phones(box.twin(row.contact)["id"]) == ["+79160000009"]
    assert box.twin(row.contact)["name"] == "Имя 9"


def test_what_a_person_added_to_the_contact_there_stays(box: Mirror) -> None:
    row = lead()
    box.drain()
    box.twin(row.contact)["fm"].append({"id": 9, "typeId": "PHONE", "value": "+74950000000"})
    edit_contact(row.contact_id, {"name": "Имя"}, by=ManagerFactory())
    box.drain()
    assert box.crm.phones(box.twin(row.contact)["id"]) == [row.phone, "+74950000000"]


def test_a_directory_entry_made_by_another_worker_in_between_is_used(box: Mirror, monkeypatch) -> None:
    add = box.crm.methods["crm.status.add"]

    def twice(given):
        add(given)
        return add(given)  # the other worker was faster: the portal says that the code is taken

    box.crm.methods["crm.status.add"] = twice
    row = lead(source="quiz")
    box.drain()
    assert box.twin(row)["sourceId"] == Entry.objects.get(directory="SOURCE", code="quiz").remote_code == "BFL_QUIZ"


def test_a_source_with_a_code_of_the_portal_uses_it(box: Mirror) -> None:
    row = lead(source="site")
    type(row.source).objects.filter(pk=row.source_id).update(bitrix24_id="WEB")
    box.drain()
    assert box.twin(row)["sourceId"] == "WEB"
