"""Contacts from a file: one card per number, and Bitrix24's ids kept, so that nothing is made twice there or here."""

import pytest

from contacts.models import Contact
from outbox.links import objects_known_as
from tests.factories import AdminFactory, lead
from tests.leads.table_files import checked, counts, csv_text, taken
from tests.promises import broken

pytestmark = [pytest.mark.django_db, pytest.mark.shared, pytest.mark.usefixtures("catalogues")]

EXPORT = [
    ["ID", "Тип контакта", "Имя", "Фамилия", "Рабочий телефон", "Мобильный телефон", "Рабочий e-mail", "Комментарий"],
    ["71", "Клиенты", "Анна", "Белова", "8 495 123-45-67", "8 937 000-60-27", "anna@example.org", "Ждёт;\nзвонка"],
    ["72", "Клиенты", "Олег", "Волков", "", "8 937 000-60-28", "", ""],
    ["72", "Клиенты", "Олег", "Волков", "", "8 937 000-60-29", "", ""],
    ["73", "Клиенты", "Без", "Номера", "", "", "", ""],
]


def test_an_export_of_bitrix24_keeps_its_ids_and_comes_in_once() -> None:
    admin, here = AdminFactory(), lead(phone="89370006028", name="Олег В.").contact
    file = checked(csv_text(EXPORT).encode("cp1251"), by=admin, kind="contacts")
    assert (file.columns[0], counts(file)) == ("remote_id", (1, 0, 2, 1))
    assert counts(taken(csv_text(EXPORT), by=admin, kind="contacts")) == (1, 0, 2, 1)
    anna = Contact.objects.get(phone="+74951234567")
    assert (anna.name, anna.email, anna.comment) == ("Белова Анна", "anna@example.org", "Ждёт;\nзвонка")
    assert objects_known_as("contact", [71, 72, 73]) == {71: anna.pk, 72: here.pk}
    again = [EXPORT[0], ["71", "", "Анна", "Орлова", "8 937 111-22-33", "", "", ""], *EXPORT[2:]]
    assert counts(taken(csv_text(again), by=admin, kind="contacts")) == (0, 0, 3, 1)
    assert set(Contact.objects.values_list("phone", "name")) == {
        ("+74951234567", "Белова Анна"),
        ("+79370006028", "Олег В."),
    }
    assert broken() == {}


def test_in_any_other_table_an_id_is_nobodys() -> None:
    file = checked("ID;Телефон;Имя\n71;89370006027;Анна\n", by=AdminFactory(), kind="contacts")
    assert (file.columns, counts(file)) == (["", "phone", "name"], (1, 0, 0, 0))
