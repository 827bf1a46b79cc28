"""What an import knows of the portal: its ids are kept, and the mirror updates what is there instead of doubling it."""

import pytest

from contacts.models import Contact
from crm.transactions import verb
from leads.models import Lead
from outbox.links import OutsideId, known_outside, link_of, objects_known_as
from outbox.models import Mark
from tests.bitrix24.conftest import Mirror
from tests.factories import AdminFactory, lead
from tests.leads.table_files import taken

pytestmark = pytest.mark.django_db


def outside(row, remote_id: int) -> OutsideId:
    return OutsideId(type(row).__name__.lower(), row.pk, row.created_at, remote_id)


def test_what_came_from_the_portal_is_brought_up_to_date_there_and_not_made_again(box: Mirror) -> None:
    row = lead(name="Ольга")
    old = [box.crm.item_add({"entityTypeId": kind, "fields": {"name": "старое"}})["item"]["id"] for kind in (3, 1)]
    verb(known_outside)([outside(row.contact, old[0]), outside(row, old[1])])
    box.drain()
    assert [list(box.crm.items[kind]) for kind in (3, 1)] == [[old[0]], [old[1]]]
    assert (box.twin(row)["name"], box.twin(row)["contactId"]) == ("Ольга", old[0])
    assert not box.fake.calls("crm.item.add")


def test_an_object_keeps_its_first_id_and_an_id_its_first_object(box: Mirror) -> None:
    rows = [lead(), lead(), lead()]
    verb(known_outside)([outside(rows[0], 7)])
    link_of("lead", rows[1].pk, rows[1].created_at)  # the mirror has begun with it
    verb(known_outside)([outside(rows[0], 8), outside(rows[1], 9), outside(rows[2], 7)])
    assert objects_known_as("lead", [7, 8, 9]) == {7: rows[0].pk, 9: rows[1].pk}


def test_what_the_mirror_has_told_is_known_to_an_import(box: Mirror) -> None:
    row = lead()
    Mark.objects.exclude(kind__in=["lead", "contact"]).delete()
    box.drain()
    number = box.twin(row)["id"]
    assert objects_known_as("lead", [number, 999_999]) == {number: row.pk}
    assert Lead.objects.count() == 1


def test_a_contact_from_a_file_of_the_portal_is_updated_there(box: Mirror) -> None:
    old = box.crm.item_add({"entityTypeId": 3, "fields": {"name": "старое"}})["item"]["id"]
    rows = f"ID;Имя;Рабочий телефон;Тип контакта\n{old};Анна;89370006027;Клиенты\n"
    taken(rows, by=AdminFactory(), kind="contacts")
    box.drain()
    assert list(box.crm.items[3]) == [old]
    assert box.twin(Contact.objects.get())["name"] == "Анна"
