"""Leads in and out as files of the admin: every row a new application, by intake's rules."""

import csv
import io

import pytest
from openpyxl import Workbook, load_workbook

from leads.models import Lead
from team.models import ApiKey
from tests.factories import AdminFactory, lead
from tests.pages import signed_in, text_of
from tests.promises import broken

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]

IMPORT = "/admin/leads/lead/import/"
CONFIRM = "/admin/leads/lead/process_import/"
CSV, XLSX = "0", "1"


@pytest.fixture
def admin():
    return signed_in(AdminFactory())


def sheet(rows: list[list[object]]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def send(admin, content: str | bytes, kind: str = CSV):
    file = io.BytesIO(content.encode() if isinstance(content, str) else content)
    file.name = "leads.csv" if kind == CSV else "leads.xlsx"
    return admin.post(IMPORT, {"import_file": file, "format": kind, "resource": "0"})


def take(admin, content: str | bytes, kind: str = CSV):
    page = send(admin, content, kind)
    return admin.post(CONFIRM, page.context["confirm_form"].initial, follow=True)


def test_rows_become_leads_by_intakes_rules_and_the_preview_stores_nothing(admin) -> None:
    content = (
        "Телефон,Источник,Имя,Комментарий,Сумма долга,Город,E-mail,Статус,status,responsible\n"
        "8 937 000-60-27,Квиз,Пётр,Ждёт,500 000,Самара,,Договор,contract,1\n"
        "+79370006027,нигде,Пётр,,,,,,,\n"
        "12345,site,Без номера,,,,,,,\n"
        ",site,Почта,,,,client@example.org,,,\n"
        ",,,,,,,,,\n"
    )
    page = send(admin, content)
    assert not Lead.objects.exists()
    assert not ApiKey.objects.exists()
    assert page.context["result"].totals["new"] == 4
    admin.post(CONFIRM, page.context["confirm_form"].initial)
    first, repeat, refused, mail = Lead.objects.order_by("pk")
    assert (first.phone, first.source.code, first.debt_amount, first.city) == ("+79370006027", "quiz", 500000, "Самара")
    assert {row.status for row in (first, refused, mail)} == {"new"}
    assert (repeat.duplicate_of, repeat.source.code, repeat.source_raw) == (first, "unknown", "нигде")
    assert (refused.contact, refused.phone_raw) == (None, "12345")
    assert (mail.contact, mail.email) == (None, "client@example.org")
    assert {row.responsible for row in Lead.objects.all()} == {None}
    assert broken() == {}


def test_a_workbooks_numbers_count_as_text_and_english_headings_are_known(admin) -> None:
    rows = [["Phone", "source", "external_id", "Name", "debt"], [89370006027, "site", 17, 42, 150000.5]]
    take(admin, sheet(rows), XLSX)
    row = Lead.objects.get()
    assert (row.phone, row.external_id, row.name, row.debt_amount) == ("+79370006027", "17", "42", 150000.5)


def test_the_same_file_again_makes_no_lead(admin) -> None:
    content = "phone,source,external_id\n89370006027,site,1\n89370006028,site,2\n89370006028,site,2\n"
    take(admin, content)
    assert Lead.objects.count() == 2
    page = send(admin, content)
    assert (page.context["result"].totals["new"], page.context["result"].totals["skip"]) == (0, 3)
    take(signed_in(AdminFactory()), content)
    assert Lead.objects.count() == 2
    assert ApiKey.objects.get().revoked_at is not None


def test_a_row_with_neither_phone_nor_mail_is_told_with_its_reason_and_holds_the_file_back(admin) -> None:
    page = send(admin, "Телефон,Имя\n89370006027,Пётр\n,Без связи\n")
    assert "Укажите телефон или эл. почту" in text_of(page)
    assert [row.number for row in page.context["result"].invalid_rows] == [2]
    assert "confirm_form" not in page.context
    assert not Lead.objects.exists()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", CSV),
        (b"\xff\xfe\x00", CSV),
        ("Телефон\n89370006027\n".encode("cp1251"), CSV),
        (b"one,two\n1,2\n", CSV),
        ("Телефон,phone\n1,2\n".encode(), CSV),
        (b"Phone\n\n", CSV),
        (b'phone,name\n"8937', CSV),
        (b"phone,name\n" + b"9" * 140_000 + b",x\n", CSV),
        (b"phone,name\n1\n", CSV),
        (b"no workbook", XLSX),
        (sheet([[]]), XLSX),
        (sheet([["one"], ["two"]]), XLSX),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(admin, content: bytes, kind: str) -> None:
    answer = send(admin, content, kind)
    assert answer.status_code == 200
    assert not Lead.objects.exists()
    assert admin.get("/leads/").status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"import_file_name": "gone"},
        {"import_file_name": "../../etc/passwd"},
        {"format": "x"},
        {"format": "9"},
        {"resource": "7"},
    ],
    ids=str,
)
def test_a_second_step_of_its_own_is_refused(admin, changes: dict[str, str]) -> None:
    known = send(admin, "phone\n89370006027\n").context["confirm_form"].initial
    assert admin.post(CONFIRM, {**known, **changes}).status_code in (200, 302)
    assert not Lead.objects.exists()


def test_an_export_has_no_living_formula_and_opens_again(admin) -> None:
    names = ["=cmd|' /C calc'!A0", "+1", "@SUM(A1)", "\t=1", "＝1", "a\x0bb", "<b>"]
    for name in names:
        lead(name=name, comment=f"ok\n{name}")
    text = admin.post("/admin/leads/lead/export/", {"format": CSV, "resource": "0"}).content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == len(names)
    assert rows[0]["Статус"] == "Новый"
    assert rows[0]["Телефон"].startswith("+7")
    for row in rows:
        assert not row["Имя"].lstrip().startswith(("=", "+", "@", "＝"))
        assert not any(line.startswith(("=", "+", "@")) for line in row["Комментарий"].splitlines())
    book = load_workbook(io.BytesIO(admin.post("/admin/leads/lead/export/", {"format": XLSX, "resource": "0"}).content))
    cells = [cell for line in book.active.iter_rows() for cell in line]
    assert book.active.max_row == len(names) + 1
    assert {cell.data_type for cell in cells} <= {"s", "n", "inlineStr"}


def test_an_export_keeps_to_the_filters_of_the_list(admin) -> None:
    lead(source="quiz")
    lead(source="site")
    page = "/admin/leads/lead/export/?source__code__exact=quiz"
    wanted = admin.get("/admin/leads/lead/?q=zzz").context["cl"].result_count
    assert wanted == 0
    text = admin.post(page.split("?")[0] + "?q=zzz", {"format": CSV, "resource": "0"}).content.decode("utf-8-sig")
    assert len(text.splitlines()) == 1
