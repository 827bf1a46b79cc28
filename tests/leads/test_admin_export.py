"""Leads out as files of the admin; they come in by the page of imports, to which the admin leads."""

import csv
import io

import pytest
from openpyxl import load_workbook

from history.models import JournalLine
from leads.models import ExportFile, ExportPolicy
from tests.factories import AdminFactory, lead
from tests.pages import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]

CSV, XLSX = "0", "1"


@pytest.fixture
def admin():
    return signed_in(AdminFactory())


@pytest.mark.parametrize(("page", "kind"), [("/admin/leads/lead/", "leads"), ("/admin/sources/source/", "sources")])
def test_the_list_leads_to_the_one_page_by_which_files_come_in(admin, page: str, kind: str) -> None:
    address = f"/imports/?kind={kind}"
    assert address in admin.get(page).content.decode()
    assert f'value="{kind}" ' in admin.get(address).content.decode()
    assert admin.get(f"{page}import/").status_code == 302  # no object has that number


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


def test_it_is_limited_and_journalled_as_the_lists_are(admin) -> None:
    ExportPolicy.objects.create(pk=1, files_an_hour=1)
    lead()
    assert admin.post("/admin/leads/lead/export/?status=new", {"format": CSV, "resource": "0"}).status_code == 200
    line = ExportFile.objects.get()
    assert (line.what, line.query, line.total, line.state, line.stored) == ("leads", "status=new", 1, "done", "")
    assert JournalLine.objects.filter(action="exported").count() == 1
    assert admin.post("/admin/leads/lead/export/", {"format": CSV, "resource": "0"}).status_code == 409


def test_an_export_keeps_to_the_filters_of_the_list(admin) -> None:
    lead(source="quiz")
    lead(source="site")
    page = "/admin/leads/lead/export/?source__code__exact=quiz"
    wanted = admin.get("/admin/leads/lead/?q=zzz").context["cl"].result_count
    assert wanted == 0
    text = admin.post(page.split("?")[0] + "?q=zzz", {"format": CSV, "resource": "0"}).content.decode("utf-8-sig")
    assert len(text.splitlines()) == 1
