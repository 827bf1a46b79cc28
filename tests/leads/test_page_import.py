"""The pages of files that come in: from choosing a file to its refused rows, for administrators alone."""

import csv
import errno
import io

import pytest
from openpyxl import load_workbook

from crm import private_files, tables
from leads.incoming import carry_in
from leads.models import ImportFile, Lead
from tests.factories import AdminFactory, LawyerFactory, ManagerFactory, OperatorFactory
from tests.leads.table_files import counts, csv_text
from tests.pages import HOSTILE, at_most, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]

ROWS = [
    ["Кто это", "Куда звонить", "Источник", "=cmd"],
    [HOSTILE, "8 937 000-60-27", "Квиз", "=1+1"],
    ["Пётр", "", "Сайт", "@SUM(A1)"],
]


@pytest.fixture
def admin():
    return signed_in(AdminFactory())


def send(client, content: str | bytes, name: str = "leads.csv", kind: str = "leads"):
    file = io.BytesIO(content.encode() if isinstance(content, str) else content)
    file.name = name
    return client.post("/imports/", {"file": file, "kind": kind})


def test_from_the_file_to_its_refused_rows(admin) -> None:
    answer = send(admin, csv_text(ROWS))
    file = ImportFile.objects.get()
    page = f"/imports/{file.pk}/"
    assert answer["Location"] == page
    with at_most(12):
        shown = admin.get(page)
    assert "Укажите, в каком столбце: Телефон, Эл. почта" in text_of(shown)
    assert HOSTILE not in shown.content.decode()
    wrong = admin.post(f"{page}columns/", {"column-0": "name", "column-1": "name"})
    assert (wrong.status_code, "Два столбца означают одно и то же: Имя" in text_of(wrong)) == (422, True)
    admin.post(f"{page}columns/", {"column-0": "name", "column-1": "phone", "column-2": "source", "column-3": "<>"})
    assert "hx-trigger" in admin.get(page).content.decode()
    carry_in()
    shown = text_of(admin.get(page))
    assert "Загрузить 2 строки" in shown
    assert "Укажите телефон или эл. почту 1 3" in shown
    for _press in range(2):
        assert admin.post(f"{page}start/").status_code == 302
        carry_in()
    file.refresh_from_db()
    assert counts(file) == (1, 0, 0, 1)
    assert Lead.objects.get().phone == "+79370006027"
    assert HOSTILE not in admin.get(page).content.decode()
    # the refused rows, as they came but for what could come alive, and again in a second reader
    body = b"".join(admin.get(f"{page}refused.csv").streaming_content).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(body), delimiter=";")) == [
        [*ROWS[0][:3], "'=cmd", "Строка файла", "Почему отказано"],
        ["Пётр", "", "Сайт", "'@SUM(A1)", "3", "Укажите телефон или эл. почту"],
    ]
    book = load_workbook(io.BytesIO(b"".join(admin.get(f"{page}refused.xlsx").streaming_content)))
    assert {cell.data_type for line in book.active.rows for cell in line} <= {"s", "n", "inlineStr"}
    assert admin.get(f"{page}refused.exe").status_code == 404


def test_the_columns_are_remembered_for_the_next_file(admin) -> None:
    send(admin, csv_text(ROWS))
    first = ImportFile.objects.get()
    chosen = {"column-0": "name", "column-1": "phone", "column-2": "source", "source": "quiz"}
    admin.post(f"/imports/{first.pk}/columns/", chosen)
    send(admin, csv_text([ROWS[0], ["Анна", "89370006028", "", ""]]))
    assert ImportFile.objects.first().columns == ["name", "phone", "source", ""]


def test_what_was_put_right_comes_in_alone(admin) -> None:
    send(admin, "Имя;Телефон\nАнна;89370006028\nПётр;\n")
    file = ImportFile.objects.get()
    carry_in()
    admin.post(f"/imports/{file.pk}/start/")
    carry_in()
    body = b"".join(admin.get(f"/imports/{file.pk}/refused.csv").streaming_content).decode("utf-8-sig")
    send(admin, body.replace("Пётр;", "Пётр;89370006029"))
    carry_in()
    again = ImportFile.objects.first()
    assert counts(again) == (1, 0, 0, 0)


def test_a_file_that_cannot_be_read_is_refused_at_the_field(admin) -> None:
    answer = send(admin, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "leads.xlsx")
    assert (answer.status_code, "старый формат .xls" in text_of(answer)) == (422, True)
    assert not ImportFile.objects.exists()


def test_a_full_disk_leaves_nothing(admin, monkeypatch) -> None:
    def full(*_args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tables, "look", full)
    before = set(private_files.folder().iterdir())
    assert send(admin, csv_text(ROWS)).status_code == 507
    assert set(private_files.folder().iterdir()) == before
    assert not ImportFile.objects.exists()


def test_it_is_for_administrators() -> None:
    file = ImportFile.objects.create(by=AdminFactory(), kind="leads", name="leads.csv")
    for factory in (OperatorFactory, LawyerFactory, ManagerFactory):
        client = signed_in(factory())
        for page in ("/imports/", f"/imports/{file.pk}/", f"/imports/{file.pk}/refused.csv"):
            assert client.get(page).status_code == 403
        for action in ("columns", "meanings", "start", "stop"):
            assert client.post(f"/imports/{file.pk}/{action}/").status_code == 403
        assert "/imports/" not in client.get("/leads/").content.decode()
