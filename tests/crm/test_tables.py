"""Uploaded tables: what is read rightly, and what is refused in words before anything is stored (I03-I07)."""

import io
import re
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from crm import tables, workbooks
from crm.limits import MOST_UNPACKED, Unreadable
from tests.leads.table_files import workbook
from tests.sizes import size

FINE = [["Телефон", "Имя"], ["89370006027", "Анна"]]


def read(path: Path, content: bytes, name: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    file = path / "upload"
    file.write_bytes(content)
    head = tables.look(file, name)
    return head.headers, list(tables.rows(file, head.layout))


def remade(content: bytes, change: Callable[[str, bytes], bytes | None], **more: bytes) -> bytes:
    """A workbook with its parts changed (None takes one away) and others added."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            changed = change(part, old.read(part))
            if changed is not None:
                new.writestr(part, changed)
        for part, text in more.items():
            new.writestr(part.replace("__", "/").replace("_dot_", "."), text)
    return target.getvalue()


def same(_part: str, content: bytes) -> bytes:
    return content


def with_sheet(xml: bytes) -> bytes:
    return remade(workbook(FINE), lambda part, was: xml if part == "xl/worksheets/sheet1.xml" else was)


SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>'
TEXT = b'<c r="%s" t="inlineStr"><is><t>%s</t></is></c>'
ROW = b'<row r="%d">%s</row>'
ENTITY = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16", "utf-16-le", "utf-16-be"], ids=lambda name: name
)
def test_encodings_line_ends_and_quotes(tmp_path: Path, encoding: str, ending: str) -> None:
    text = f'Телефон;Имя{ending}{ending}"8 937";"Анна ""Белая""; она{ending}же"{ending};{ending}8 938;Ёлка'
    headers, rows = read(tmp_path, text.encode(encoding), "a.csv")
    assert headers == ["Телефон", "Имя"]
    assert rows == [(3, ["8 937", f'Анна "Белая"; она{ending}же']), (5, ["8 938", "Ёлка"])]


def test_the_separator_is_found_and_may_be_named(tmp_path: Path) -> None:
    for separator in ";,\t":
        text = f"Имя{separator}Комментарий\n{'Анна'}{separator}один\n"
        assert read(tmp_path, text.encode(), "a.csv")[1] == [(2, ["Анна", "один"])]
    assert read(tmp_path, b"sep=,\na;b,c\n1;2,3\n", "a.csv") == (["a;b", "c"], [(2, ["1;2", "3"])])


def test_a_sheet_gives_its_stored_values(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    sheet.append(["Телефон", "Дата", "Сумма", "Формула", "Ошибка", "Да"])
    sheet.append(
        [89370006027, datetime(2026, 11, 24, 12, 40, tzinfo=UTC).replace(tzinfo=None), 1500.5, "=1+1", "#N/A", True]
    )
    sheet.merge_cells("A3:B3")
    sheet["A3"] = "вместе"
    sheet.row_dimensions[3].hidden = True
    hidden = book.create_sheet("Скрытый", 0)
    hidden.sheet_state = "hidden"
    hidden.append(["не", "то"])
    file = io.BytesIO()
    book.save(file)
    headers, rows = read(tmp_path, file.getvalue(), "a.xlsx")
    assert headers[0] == "Телефон"
    assert rows == [
        (2, ["89370006027", "2026-11-24 12:40:00", "1500.5", "", "", "1"]),
        (3, ["вместе"]),
    ]


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "a.csv", "Файл пуст"),
        (b"\n\n", "a.csv", "Файл пуст"),
        ("Телефон;Имя\n".encode(), "a.csv", "Под заголовками нет строк"),
        (b"a;b\n1;2\n", "a.pdf", "Выберите файл CSV или XLSX"),
        (b"a;b\n1;2\n", "a", "Выберите файл CSV или XLSX"),
        (b"a;b\n1;2\n", "a.xlsx", "не книга Excel"),
        (workbook(FINE), "a.csv", "Переименуйте"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 600, "a.xlsx", "старый формат .xls"),
        (b"a;b\n1;\x00\n", "a.csv", "Это не текст"),
        (b"\xff\xfe\x00", "a.csv", "Это не текст"),
        (b'a;b\n"1;2\n3;4\n', "a.csv", "не закрыта кавычка"),
        (b"a;b\n" + b"9" * 140_000 + b";1\n", "a.csv", "слишком длинная ячейка"),
        (b"a;b\n" + b"9" * 40_000 + b";1\n", "a.csv", "Слишком длинная ячейка"),
        (";".join(f"c{n}" for n in range(2000)).encode() + b"\n1\n", "a.csv", "Столбцов больше 200"),
        (b"PK\x03\x04" + b"0" * 100, "a.xlsx", "Книга повреждена"),
        (remade(workbook(FINE), lambda part, was: None if part == "xl/workbook.xml" else was), "a.xlsx", "Это архив"),
        (remade(workbook(FINE), same, xl__vbaProject_dot_bin=b"1"), "a.xlsx", "макросы"),
        (
            with_sheet(b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + SHEET % b""),
            "a.xlsx",
            "другим файлам",
        ),
        (with_sheet(b"<worksheet"), "a.xlsx", "Книга повреждена"),
        (with_sheet(SHEET % b""), "a.xlsx", "Файл пуст"),
        (
            with_sheet(SHEET % (b'<row r="1">' + TEXT % (b"A1", b"a") + TEXT % (b"XFD1", b"b") + b"</row>")),
            "a.xlsx",
            "Столбцов больше 200",
        ),
        (
            with_sheet(
                SHEET % b"".join(b'<row r="%d">' % n + TEXT % (b"A%d" % n, b"a") + b"</row>" for n in (1, 900_000))
            ),
            "a.xlsx",
            "пустых строк",
        ),
        (with_sheet(SHEET % (b'<row r="1">' + TEXT % (b"A1", b"a" * 40_000) + b"</row>")), "a.xlsx", "длинная ячейка"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_read_is_refused_in_words(tmp_path: Path, content: bytes, name: str, said: str) -> None:
    with pytest.raises(Unreadable, match=re.escape(said)):
        read(tmp_path, content, name)


def test_there_are_not_more_rows_than_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    most = size(500, 50_000)
    monkeypatch.setattr(tables, "MOST_ROWS", most)
    rows = b"".join(ROW % (number, TEXT % (b"A%d" % number, b"1")) for number in range(1, most + 3))
    with pytest.raises(Unreadable, match=f"Строк больше {most}"):
        read(tmp_path, with_sheet(SHEET % rows), "a.xlsx")
    with pytest.raises(Unreadable, match=f"Строк больше {most}"):
        read(tmp_path, b"a\n" * (most + 2), "a.csv")
    assert len(read(tmp_path, b"a\n" * (most + 1), "a.csv")[1]) == most


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    file = tmp_path / "bomb.xlsx"
    row = SHEET.replace(b"%s", b" " * (MOST_UNPACKED // size(8, 1)))
    monster = with_sheet(row)
    file.write_bytes(remade(monster, same, **{f"xl__worksheets__sheet{n}_dot_xml": row for n in range(2, size(12, 3))}))
    assert file.stat().st_size < 5_000_000
    tracemalloc.start()
    with pytest.raises(Unreadable, match="больше 200 МБ"):
        workbooks.check(file)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_the_shared_texts_are_bounded_too(tmp_path: Path) -> None:
    file = tmp_path / "texts.xlsx"
    texts = b"<sst>" + b" " * 65_000_000
    file.write_bytes(remade(workbook(FINE), same, xl__sharedStrings_dot_xml=texts))
    with pytest.raises(Unreadable, match="больше 200 МБ"):
        workbooks.check(file)
