"""Lists as files: the rows of the list as it is filtered, for their owner alone, within limits, and in the journal."""

import csv
import io
import os
from datetime import timedelta
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from contacts.models import Contact
from crm import private_files
from crm.errands import LEASE
from crm.errors import Refused
from history.models import JournalLine
from leads import outgoing
from leads.models import ExportFile, ExportPolicy, Lead
from leads.outgoing import ask_export, carry_out, clear_expired, note_download
from tests.conftest import Frozen
from tests.factories import AdminFactory, LawyerFactory, ManagerFactory, OperatorFactory, deal, lead, move
from tests.pages import signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]

NAMES = [
    "=cmd|' /C calc'!A0",
    "+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "＝1",
    "a\x0bb",
    "<b>",
    "Анна\n=1",
    "\ufffe",
    "😀" * 200,
]


@pytest.fixture
def manager():
    return ManagerFactory()


def content(export: ExportFile) -> bytes:
    return private_files.path_of(export.stored).read_bytes()


def csv_rows(export: ExportFile) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content(export).decode("utf-8-sig"), newline=""), delimiter=";"))


def sheet_rows(export: ExportFile) -> list[list[object]]:
    return [[cell.value for cell in row] for row in load_workbook(io.BytesIO(content(export))).active.rows]


def test_leads_go_out_as_the_list_is_filtered_and_ordered(manager) -> None:
    lead(source="site", name="Сайт")
    quiz = [lead(source="quiz", name=name, debt_amount="150000,50", comment="х" * 9000) for name in ("Б", "А")]
    export = ask_export("leads", "show=all&source=quiz&sort=name", "csv", "Сверка", by=manager)
    rows = csv_rows(export)
    assert rows[0][0].startswith("Лиды · ")
    assert rows[0][0].endswith("Источник: Квиз")
    assert [row[:3:2] for row in rows[2:]] == [[str(quiz[1].pk), "А"], [str(quiz[0].pk), "Б"]]
    assert [row[6] for row in rows[2:]] == ["150000,50", "150000,50"]
    book = sheet_rows(ask_export("leads", "show=all&source=quiz&sort=name", "xlsx", "Сверка", by=manager))
    assert [row[0] for row in book[2:]] == [quiz[1].pk, quiz[0].pk]
    assert Decimal(str(book[2][6])) == Decimal("150000.5")
    assert [[str(value or "") for value in row][2:5] for row in book[2:]] == [row[2:5] for row in rows[2:]]


def test_nothing_in_a_file_can_act_and_nothing_breaks_it(manager) -> None:
    for name in NAMES:
        row = lead(comment=f"ok\n{name}")
        Lead.objects.filter(pk=row.pk).update(name=name)
    rows = csv_rows(ask_export("leads", "show=all", "csv", "Сверка", by=manager))
    assert len(rows) == 2 + len(NAMES)
    for row in rows[2:]:
        assert not row[2].lstrip().startswith(("=", "+", "-", "@", "＝"))
        assert not any(line.startswith(("=", "+", "-", "@")) for line in row[-1].splitlines())
    assert rows[2][3].startswith("+7 ")
    export = ask_export("leads", "show=all", "xlsx", "Сверка", by=manager)
    cells = [cell for line in load_workbook(io.BytesIO(content(export))).active.iter_rows() for cell in line]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d", "inlineStr"}
    assert all(cell.quotePrefix for cell in cells if isinstance(cell.value, str) and cell.value.startswith("="))


def test_deals_contacts_and_tasks_go_out_too(manager) -> None:
    one = deal(number="Б-1")
    Contact.objects.filter(pk=one.contact_id).update(name="Анна")
    move(lead(), "postponed")
    deals = csv_rows(ask_export("deals", "contract=Б-1", "csv", "Сверка", by=manager))
    assert (deals[2][0], deals[2][2], deals[2][6]) == (one.number, "Анна", "Б-1")
    contacts = csv_rows(ask_export("contacts", f"q={one.contact.phone[1:]}", "csv", "Сверка", by=manager))
    assert [row[0] for row in contacts[2:]] == ["Анна"]
    tasks = csv_rows(ask_export("tasks", "view=open", "csv", "Сверка", by=manager))
    assert {row[0] for row in tasks[2:]} == {"Собрать документы", "Связаться с клиентом"}


def test_a_long_list_is_the_workers_and_a_killed_one_is_written_anew(manager, frozen: Frozen, monkeypatch) -> None:
    monkeypatch.setattr(outgoing, "AT_ONCE", 1)
    for _number in range(3):
        lead()
    export = ask_export("leads", "show=all", "csv", "Сверка", by=manager)
    assert (export.is_open, export.stored) == (True, "")
    before = set(private_files.folder().iterdir())
    with monkeypatch.context() as patch:
        patch.setattr(outgoing, "write", lambda *_args: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            carry_out(seconds=5)
    assert set(private_files.folder().iterdir()) == before
    carry_out(seconds=5)
    assert ExportFile.objects.get().is_open
    frozen.move(seconds=LEASE.total_seconds() + 1)
    carry_out(seconds=5)
    export.refresh_from_db()
    assert (export.state, export.done, len(csv_rows(export))) == ("done", 3, 5)


def test_who_took_what_out_and_what_for_is_in_the_journal(manager) -> None:
    lead()
    export = ask_export("leads", "show=all", "csv", "Для\x00 партнёра", by=manager)
    line = JournalLine.objects.get()
    assert (line.action, line.by, line.kind, line.object_id) == ("exported", manager, "export", export.pk)
    assert (line.words, line.details) == ("Для партнёра\nshow=all", {"list": "leads", "rows": 1, "format": "csv"})


def test_not_more_than_allowed_goes_out(manager, frozen: Frozen) -> None:
    ExportPolicy.objects.create(pk=1, rows_a_day=5, files_an_hour=2)
    for _number in range(2):
        lead()
    ask_export("leads", "show=all", "csv", "Сверка", by=manager)
    ask_export("leads", "show=all", "csv", "Сверка", by=manager)
    with pytest.raises(Refused, match="За час вы выгрузили файлов: 2"):
        ask_export("leads", "show=all", "csv", "Сверка", by=manager)
    frozen.move(hours=2)
    with pytest.raises(Refused, match="осталось 1, а здесь 2"):
        ask_export("leads", "show=all", "csv", "Сверка", by=manager)
    ask_export("leads", "show=all", "csv", "Сверка", by=AdminFactory())
    frozen.move(hours=23)
    ask_export("leads", "show=all", "csv", "Сверка", by=manager)


def test_the_page_gives_the_file_to_its_owner_while_it_is_kept(manager, frozen: Frozen) -> None:
    lead(name="Анна")
    client, page = signed_in(manager), "/exports/new/leads/?show=all"
    assert "1 строка" in text_of(client.get(page))
    assert client.post(page, {"format": "csv", "reason": " "}).status_code == 422
    where = client.post(page, {"format": "csv", "reason": "Сверка"})["Location"]
    assert "Скачать" in text_of(client.get(where))
    answer = client.get(f"{where}file/")
    assert "attachment" in answer["Content-Disposition"]
    assert "Анна" in b"".join(answer.streaming_content).decode("utf-8-sig")
    assert "Лиды" in text_of(client.get("/exports/"))
    for other in (AdminFactory(), ManagerFactory()):
        stranger = signed_in(other)
        assert stranger.get(where).status_code == stranger.get(f"{where}file/").status_code == 404
    frozen.move(hours=24)
    late = signed_in(manager)
    assert late.get(f"{where}file/").status_code == 409
    assert (clear_expired(), clear_expired()) == (1, 0)
    assert "Файл уже удалён" in text_of(late.get(where))
    with pytest.raises(Refused):
        note_download(ExportFile.objects.get().pk, by=manager)


def test_what_a_killed_process_left_is_cleared_and_nothing_else(manager) -> None:
    export = ask_export("leads", "", "csv", "Сверка", by=manager)
    left = private_files.path_of(private_files.store([b"x"], ".csv"))
    clear_expired()
    assert left.exists()
    for path in (left, private_files.path_of(export.stored)):
        os.utime(path, (0, 0))
    clear_expired()
    assert (left.exists(), private_files.path_of(export.stored).exists()) == (False, True)


def test_it_is_for_managers_and_administrators(manager) -> None:
    export = ask_export("leads", "", "csv", "Сверка", by=manager)
    for factory in (OperatorFactory, LawyerFactory):
        client = signed_in(factory())
        for page in ("/exports/", "/exports/new/leads/", f"/exports/{export.pk}/", f"/exports/{export.pk}/file/"):
            assert client.get(page).status_code == 403
        assert client.post("/exports/new/leads/", {"format": "csv", "reason": "х"}).status_code == 403
        assert "/exports/" not in client.get("/leads/").content.decode()
    boss = signed_in(manager)
    for page in ("leads", "deals", "contacts", "tasks"):
        assert f"/exports/new/{page}/" in boss.get(f"/{page}/?x=1").content.decode()
    assert boss.get("/exports/new/users/").status_code == 404
    demoted = ExportFile.objects.create(by=manager, what="leads", reason="х", asked_at=export.asked_at + timedelta(1))
    type(manager).objects.filter(pk=manager.pk).update(role="operator")
    carry_out(seconds=5)
    demoted.refresh_from_db()
    assert (demoted.state, demoted.stored) == ("failed", "")
