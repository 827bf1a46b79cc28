"""An export of Bitrix24 comes in as it is: statuses, dates, owners and ids as facts, and a second time not at all."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from crm.errors import Forbidden
from deals.models import Deal
from history.models import Event
from leads.former_base import take_over
from leads.models import ImportFile, Lead
from leads.uploads import give_meanings
from outbox.links import objects_known_as
from outbox.models import Link
from tasks.models import Task
from tests.conftest import Frozen
from tests.factories import AdminFactory, LawyerFactory, ManagerFactory, OperatorFactory, lead
from tests.leads.former_export import SOURCES, STAGES, exported, made
from tests.leads.table_files import checked, counts, csv_text, taken
from tests.pages import signed_in
from tests.promises import broken
from tests.sizes import size

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]
FIRM = ZoneInfo("Europe/Moscow")


@pytest.fixture
def admin():
    LawyerFactory()
    return AdminFactory()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1251"])
def test_a_whole_export_lands_with_its_statuses_dates_sources_and_owners(admin, frozen: Frozen, encoding: str) -> None:
    people = {name: OperatorFactory(name=name) for name in ("Денис Орлов", "Анна Белова")}
    former = made(size(60, 2000), ["Орлов Денис", "Анна Белова", "Кто-то Уволенный"], until=frozen.now.astimezone(FIRM))
    file = taken(exported(former, encoding), by=admin)
    assert (file.kind, sum(counts(file)), file.refused) == (ImportFile.Kind.BITRIX24, len(former), 0)
    known = objects_known_as("lead", [old.number for old in former])
    assert len(known) == len(former) == Lead.objects.count()
    owners = {"Орлов Денис": people["Денис Орлов"], "Анна Белова": people["Анна Белова"], "Кто-то Уволенный": None}
    for old in former:
        row = Lead.objects.select_related("source", "contact", "duplicate_of").get(pk=known[old.number])
        assert (row.status, row.junk_reason) == STAGES[old.stage], old
        assert row.created_at == old.created.replace(microsecond=0)
        assert (row.source.code, row.source_raw) == (SOURCES[old.source], "Радио" if old.source == "Радио" else "")
        assert (row.name, row.phone) == (
            f"Иванов-{old.number} Пётр Ильич",
            "+7" + old.phones[0][3:6] + old.phones[0][8:],
        )
        if old.stage != "Дубль":
            assert row.responsible == owners[old.owner]
            assert row.status_changed_at == old.changed.replace(microsecond=0)
        else:
            assert row.duplicate_of is not None
            assert row.duplicate_of.contact == row.contact
        if row.status.startswith("contract"):
            assert row.reached_contract_at == row.status_changed_at
            assert Deal.objects.get(lead=row).amount == 120_000
    assert broken() == {}


def test_a_second_time_nothing_changes_whatever_the_export_says_now(admin, frozen: Frozen) -> None:
    OperatorFactory(name="Денис Орлов")
    former = made(20, ["Орлов Денис"], until=frozen.now.astimezone(FIRM))
    taken(exported(former), by=admin)

    def picture() -> list:
        tables = (Lead.objects, Event.objects, Task.objects, Deal.objects, Link.objects)
        return [list(rows.order_by("pk").values()) for rows in tables]

    before = picture()
    frozen.move(hours=5)
    former[3].cells[1] = "Визит"
    again = taken(exported(former[:10]), by=admin)
    assert counts(again) == (0, 0, 10, 0)
    # the one new line of history is the file's own
    tables = picture()
    tables[1] = [row for row in tables[1] if row["lead_id"]]
    before[1] = [row for row in before[1] if row["lead_id"]]
    assert tables == before


HEAD = [
    "ID",
    "Стадия",
    "Название лида",
    "Имя",
    "Рабочий телефон",
    "Источник",
    "Ответственный",
    "Сумма",
    "Дата создания",
]


def rows(*lines: list[str]) -> str:
    return csv_text([HEAD, *lines])


def test_words_that_mean_nothing_are_asked_for_and_remembered(admin) -> None:
    operator = OperatorFactory(name="Денис Орлов")
    content = rows(
        ["1", "Думает", "Лид", "Анна", "89370006027", "Листовка", "Д. Орлов", "", "20.11.2026 10:00:00"],
        ["2", "Качественный лид", "Лид", "Олег", "89370006028", "Сайт", "", "", "20.11.2026 10:00:00"],
    )
    file = checked(content, by=admin)
    assert counts(file) == (0, 0, 0, 2)
    assert file.unknown == {
        "status": [["Думает", 1], ["Качественный лид", 1]],
        "source": [["Листовка", 1]],
        "owner": [["Д. Орлов", 1]],
    }
    page = signed_in(admin).get(f"/imports/{file.pk}/").content.decode()
    assert "Листовка" in page
    meanings = {"Думает": "postponed", "Качественный лид": "junk:refused"}
    chosen = {"status": meanings, "source": {"Листовка": "partner"}, "owner": {"Д. Орлов": str(operator.pk)}}
    give_meanings(file.pk, chosen, by=admin)
    again = taken(content, by=admin)
    assert counts(again) == (2, 0, 0, 0)
    first, second = Lead.objects.order_by("external_id")
    assert (first.status, first.source.code, first.responsible) == ("postponed", "partner", operator)
    assert (second.status, second.junk_reason) == ("junk", "refused")


def test_of_several_leads_of_one_number_one_stays_the_original(admin) -> None:
    def line(number: int, stage: str, day: int) -> list[str]:
        return [str(number), stage, "Лид", "Анна", "8 937 000-60-27", "Сайт", "", "90 000,00", f"{day:02d}.11.2026"]

    file = taken(rows(line(5, "Прозвон", 5), line(4, "Визит", 4), line(3, "Договор", 3), line(2, "Дубль", 2)), by=admin)
    assert counts(file) == (2, 2, 0, 0)
    first, second, third, fourth = (Lead.objects.get(external_id=f"former:{number}") for number in (5, 4, 3, 2))
    assert (first.status, first.retired_at) == ("dialing", None)
    assert (second.duplicate_of, fourth.duplicate_of) == (first, first)
    assert (third.status, third.retired_at is not None, third.deal.amount) == ("contract", True, 90_000)
    assert broken() == {}
    repeat = lead(phone="+79370006027")
    assert repeat.duplicate_of == first


def test_rows_that_cannot_be_are_told_and_leads_in_work_go_on_from_now(admin, frozen: Frozen) -> None:
    content = rows(
        ["x", "Прозвон", "Лид", "Анна", "89370006021", "Сайт", "", "", "20.11.2026"],
        ["2", "Договор", "Лид", "Анна", "89370006022", "Сайт", "", "", "20.11.2026"],
        ["3", "Дубль", "Лид", "Анна", "89370006023", "Сайт", "", "", "20.11.2026"],
        ["4", "Прозвон", "Лид", "Анна", "89370006024", "Сайт", "", "", "вчера"],
        ["5", "Встреча назначена", "Лид без телефона", "", "", "Сайт", "", "", "20.11.2026"],
        ["6", "Прозвон", "Лид", "Анна", "89370006026", "Сайт", "", "", "20.11.2024"],
    )
    file = taken(content, by=admin)
    assert counts(file) == (2, 0, 0, 4)
    assert [row.number for row in file.refused_rows.all()] == [2, 3, 4, 5]
    booked, called = Lead.objects.order_by("external_id")
    assert (booked.name, booked.contact, booked.reached_meeting_at) == ("Лид без телефона", None, booked.created_at)
    assert called.tasks.exists()
    assert all(task.due_at >= frozen.now for task in Task.objects.all())
    assert called.created_at < frozen.now - timedelta(days=700)
    operator = signed_in(admin)
    for row in (booked, called):
        assert operator.get(f"/leads/{row.pk}/").status_code == 200
    assert broken() == {}


def test_it_is_an_administrators() -> None:
    with pytest.raises(Forbidden):
        take_over([], by=ManagerFactory())
