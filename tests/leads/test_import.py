"""Leads from a file: looked through first, then taken in by intake's rules; once, whatever is killed in between."""

from unittest.mock import patch

import pytest

from crm.errands import LEASE, Lost, claim
from crm.errors import Forbidden
from leads import incoming
from leads.models import ImportFile, Lead
from leads.uploads import start
from tests.conftest import Frozen
from tests.factories import AdminFactory, ManagerFactory, lead
from tests.leads.table_files import checked, counts, csv_text, taken, workbook
from tests.promises import broken
from tests.sizes import NIGHTLY, size

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]

HEADINGS = ["Телефон", "Источник", "Имя", "Комментарий", "Сумма долга", "Город", "E-mail", "Статус"]
ROWS = [
    HEADINGS,
    ["8 937 000-60-27", "Квиз", "Пётр", "Ждёт;\nзвонка", "500 000", "Самара", "", "Договор"],
    ["+79370006027", "нигде", "Пётр", "", "", "", "", ""],
    ["12345", "site", "Без номера", "", "", "", "", ""],
    ["", "site", "Почта", "", "", "", "client@example.org", ""],
    ["", "site", "Без связи", "", "", "", "", ""],
    ["", "", "", "", "", "", "", ""],
]


@pytest.fixture
def admin():
    return AdminFactory()


def test_rows_become_leads_by_intakes_rules_and_looking_through_stores_nothing(admin) -> None:
    file = checked(csv_text(ROWS), by=admin)
    assert not Lead.objects.exists()
    assert (file.total, counts(file)) == (5, (3, 1, 0, 1))
    start(file.pk, by=admin)
    incoming.carry_in()
    file.refresh_from_db()
    assert (file.is_taken, counts(file)) == (True, (3, 1, 0, 1))
    *originals, repeat = sorted(Lead.objects.all(), key=lambda row: (row.is_duplicate, row.pk))
    first, odd, mail = originals
    assert (first.phone, first.source.code, first.debt_amount, first.city) == ("+79370006027", "quiz", 500000, "Самара")
    assert first.comment == "Ждёт;\nзвонка"
    assert {row.status for row in originals} == {"new"}
    assert (repeat.duplicate_of, repeat.source.code, repeat.source_raw) == (first, "unknown", "нигде")
    assert (odd.contact, odd.phone_raw) == (None, "12345")
    assert (mail.contact, mail.email) == (None, "client@example.org")
    assert {row.responsible for row in Lead.objects.all()} == {None}
    assert [(row.number, row.cells[2]) for row in file.refused_rows.all()] == [(6, "Без связи")]
    assert "Укажите телефон или эл. почту" in file.refused_rows.get().reason
    assert broken() == {}


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16", "utf-16-le"])
def test_any_usual_encoding_and_separator_is_read(admin, encoding: str, separator: str) -> None:
    file = checked(csv_text(ROWS, separator).encode(encoding), by=admin)
    assert (file.headers, counts(file)) == (HEADINGS, (3, 1, 0, 1))


def test_the_same_rows_in_another_encoding_make_no_lead(admin) -> None:
    assert counts(taken(csv_text(ROWS), by=admin)) == (3, 1, 0, 1)
    again = taken(csv_text(ROWS, ",").replace("\r\n", "\r").encode("cp1251"), by=AdminFactory())
    assert counts(again) == (0, 0, 4, 1)
    assert Lead.objects.count() == 4


def test_a_workbook_is_read_like_a_text(admin) -> None:
    rows = [["Phone", "source", "external_id", "Name", "debt"], [89370006027, "site", 17, 42, 150000.5], [None] * 5]
    file = taken(workbook(rows), by=admin, name="leads.xlsx")
    row = Lead.objects.get()
    assert (row.phone, row.external_id, row.name, row.debt_amount) == ("+79370006027", "17", "42", 150000.5)
    assert counts(file) == (1, 0, 0, 0)


def test_what_is_here_already_is_told_before(admin) -> None:
    known = lead(phone="+79370006027")
    file = checked("phone;external_id\n8 937 000-60-27;1\n8 937 000-60-28;2\n8 937 000-60-28;2\n", by=admin)
    assert counts(file) == (1, 1, 1, 0)
    start(file.pk, by=admin)
    incoming.carry_in()
    file.refresh_from_db()
    assert counts(file) == (1, 1, 1, 0)
    assert known.duplicates.count() == 1


def test_several_phones_and_the_parts_of_a_name_come_together(admin) -> None:
    head = "Фамилия;Имя;Отчество;Рабочий телефон;Мобильный телефон;Дата создания;utm_source"
    taken(f"{head}\nИванов;Пётр;Ильич;8 495 123-45-67;89370006027;20.11.2026 10:30;vk\n", by=admin)
    row = Lead.objects.get()
    assert (row.name, row.phone, row.other_phones) == ("Иванов Пётр Ильич", "+74951234567", ["+79370006027"])
    assert (row.created_at.isoformat(), row.source.code) == ("2026-11-20T07:30:00+00:00", "vk_ads")


class Killed(BaseException):
    """What a process that is killed does not catch."""


WRITTEN = [("utf-8", ";"), ("utf-8-sig", ","), ("cp1251", ";"), ("cp1251", "\t"), ("utf-16", ","), ("utf-16-le", "\t")]


@pytest.mark.parametrize(("encoding", "separator"), WRITTEN if NIGHTLY else WRITTEN[2:3])
def test_killed_anywhere_it_goes_on_and_nothing_is_lost_or_twice(
    admin, frozen: Frozen, monkeypatch, encoding: str, separator: str
) -> None:
    number = size(160, 50_000)
    monkeypatch.setattr(incoming, "PORTION", size(40, 200))
    rows = [["phone", "email", "name"]] + [
        [
            f"+7916{2_000_000 + (n // 20 * 20 if n % 20 == 1 else n)}" if n % 2 else "",
            "" if n % 4 else "a@example.org",
            "Имя",
        ]
        for n in range(number)
    ]
    content = csv_text(rows, separator).encode(encoding)
    file = checked(content, by=admin)
    expected = counts(file)
    assert sum(expected) == file.total == number
    start(file.pk, by=admin)
    passed = incoming._take_portion
    kills = [(1, "inside"), (1, "before"), (size(1, 50), "inside")]
    for after, where in kills:
        portions = iter(range(after))

        def portion(*args, portions=portions, where=where, **kwargs) -> None:
            if next(portions, None) is not None:
                return passed(*args, **kwargs)
            if where == "before":
                raise Killed
            with patch.object(incoming.RefusedRow.objects, "bulk_create", side_effect=Killed):
                return passed(*args, **kwargs)

        with patch.object(incoming, "_take_portion", portion), pytest.raises(Killed):
            incoming.carry_in(seconds=3600)
        incoming.carry_in()  # its lease has not run out
        assert not ImportFile.objects.get(pk=file.pk).is_taken
        frozen.move(seconds=LEASE.total_seconds() + 1)
    while incoming.carry_in():
        pass
    file.refresh_from_db()
    assert (file.is_taken, counts(file)) == (True, expected)
    assert Lead.objects.count() == file.new + file.repeats
    assert file.refused_rows.count() == file.refused
    assert broken() == {}
    assert counts(taken(content, by=admin)) == (0, 0, number - file.refused, file.refused)


def test_who_lost_the_claim_stores_nothing(admin, frozen: Frozen) -> None:
    file = checked(csv_text(ROWS), by=admin)
    start(file.pk, by=admin)
    slow = claim(ImportFile)
    frozen.move(seconds=LEASE.total_seconds() + 1)
    incoming.carry_in()
    with pytest.raises(Lost):
        incoming._take(slow, until=float("inf"))
    assert Lead.objects.count() == 4


def test_only_administrators_bring_files_in() -> None:
    with pytest.raises(Forbidden):
        checked(csv_text(ROWS), by=ManagerFactory())
