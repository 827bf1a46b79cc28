"""The page of the source report: its six columns, links that open exactly the leads counted, filters, files."""

import io
import re
from html import unescape

import pytest
from django.test import Client
from openpyxl import load_workbook

from sources.models import Source
from tests.conftest import Frozen
from tests.factories import AdminFactory, LawyerFactory, ManagerFactory, OperatorFactory, lead, lead_in
from tests.pages import HOSTILE, at_most, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]

PAGE = "/reports/sources/"
FILES = ["/reports/sources.xlsx", "/reports/sources.csv"]
HEADINGS = ["Источник", "Лидов", "Записей", "Визитов", "Договоров", "Договоров с предоплатой"]


def cells(page: str, row: str) -> list[str]:
    """The rows of the table that begin with `row`: link targets of the five counts."""
    found = re.search(rf'<th scope="row">{row}.*?</tr>', page, re.DOTALL)
    assert found is not None
    return [unescape(address) for address in re.findall(r'<span class="v">.*?<a href="([^"]+)"', found.group())]


@pytest.fixture
def some_leads(catalogues: None, frozen: Frozen) -> None:
    lead(source="quiz", phone="+79370006027")
    lead(source="site", phone="+79370006027")
    lead_in("meeting", source="quiz")
    lead_in("visit", source="site")
    lead_in("contract_prepaid", source="site")


@pytest.mark.parametrize("address", [PAGE, *FILES])
def test_it_is_for_heads_and_administrators(client: Client, address: str) -> None:
    assert client.get(address)["Location"].startswith("/login/")
    for stranger in (OperatorFactory(), LawyerFactory()):
        assert signed_in(stranger).get(address).status_code == 403
    for reader in (ManagerFactory(), AdminFactory()):
        assert signed_in(reader).get(address).status_code == 200


@pytest.mark.usefixtures("some_leads")
def test_there_are_exactly_the_six_columns() -> None:
    page = signed_in(ManagerFactory()).get(PAGE).content.decode()
    head = re.search(r"<thead>.*?</thead>", page, re.DOTALL)
    assert head is not None
    found = re.findall(r"<th\b.*?</th>", head.group(), re.DOTALL)
    assert [" ".join(re.sub(r"<[^>]*>", "", column).split()) for column in found] == HEADINGS
    assert "<tfoot>" in page


@pytest.mark.usefixtures("some_leads")
@pytest.mark.parametrize("query", ["", "?basis=event", "?duplicates=exclude"])
def test_every_number_opens_a_list_of_exactly_that_many(query: str) -> None:
    client = signed_in(ManagerFactory())
    page = client.get(PAGE + query).content.decode()
    numbers = re.findall(r'<span class="v">.*?<a href="(/leads/[^"]+)">([^<]+)</a>', page, re.DOTALL)
    assert len(numbers) == 3 * 5
    for address, number in numbers:
        listed = client.get(unescape(address))
        assert listed.status_code == 200
        assert len(re.findall(r'<a class="name"', listed.content.decode())) == int(number), address


@pytest.mark.usefixtures("some_leads")
def test_numbers_add_up_and_duplicates_stand_beside() -> None:
    page = text_of(signed_in(ManagerFactory()).get(PAGE + "?compare=0"))
    assert "из них дублей: 1" in page
    assert "Сайт 3 1 дубль 0 0 % 2 67 % 1 33 % 1 33 %" in page
    assert "Всего 5 1 дубль 1 20 % 2 40 % 1 20 % 1 20 %" in page


def test_a_period_without_requests_says_so_and_offers_the_one_before(frozen: Frozen) -> None:
    response = signed_in(ManagerFactory()).get(PAGE + "?from=2026-11-01&to=2026-11-24")
    assert "За этот период заявок не было" in text_of(response)
    assert "from=2026-10-01&amp;to=2026-10-24" in response.content.decode()


@pytest.mark.usefixtures("some_leads")
def test_filters_narrow_and_stay_in_links_and_files() -> None:
    client = signed_in(ManagerFactory())
    response = client.get(PAGE + "?source=quiz&duplicates=exclude&basis=event&responsible=none")
    page = response.content.decode()
    assert [address for address in cells(page, "Квиз") if "source=quiz" not in address] == []
    assert '<th scope="row">Сайт' not in page
    for name in ("source=quiz", "duplicates=exclude", "basis=event", "responsible=none"):
        assert re.search(rf'href="/reports/sources\.xlsx\?[^"]*{name}', page)
        assert re.search(rf'<a href="\?[^"]*{name}[^"]*">Сегодня', page)


@pytest.mark.usefixtures("some_leads")
def test_empty_sources_are_shown_on_demand() -> None:
    client = signed_in(ManagerFactory())
    assert "Показать пустые источники (6)" in text_of(client.get(PAGE))
    page = client.get(PAGE + "?empty=1").content.decode()
    assert '<th scope="row">VK Реклама' in page


@pytest.mark.usefixtures("some_leads")
def test_the_period_before_is_written_out_and_can_be_left_out(frozen: Frozen) -> None:
    client = signed_in(ManagerFactory())
    assert "Сравнить с 1–24 октября" in text_of(client.get(PAGE + "?from=2026-11-01&to=2026-11-24"))
    with_it = client.get(PAGE).content.decode()
    without = client.get(PAGE + "?compare=0").content.decode()
    assert 'class="delta' in with_it
    assert 'class="delta' not in without
    assert 'class="delta' in client.get(PAGE + "?compare=0&compare=1").content.decode()


@pytest.mark.usefixtures("some_leads")
@pytest.mark.parametrize(
    "query",
    [
        "from=yesterday",
        "from=2026-13-01",
        "to=0000-00-00",
        "from=2026-11-24&to=2026-11-01",
        "basis=moon",
        "source=nothing",
        "responsible=somebody",
        "duplicates=maybe",
        "empty=2",
        "from=%00",
        "source=%00",
        "to=9999-12-31",
        "responsible=" + "9" * 40,
    ],
)
def test_filters_that_cannot_be_meant_are_named(query: str) -> None:
    client = signed_in(ManagerFactory())
    assert client.get(f"{PAGE}?{query}").status_code == 400
    for address in FILES:
        assert client.get(f"{address}?{query}").status_code == 422


def test_a_wrong_filter_is_named_as_on_the_page() -> None:
    said = text_of(signed_in(ManagerFactory()).get(f"{PAGE}?from=2026-13-01&basis=x"))
    assert "С Укажите дату" in said
    assert "Основание Одно из" in said


@pytest.mark.parametrize("query", ["sort=password", "sort=%00", "compare=x", "page=5", "unknown=1"])
def test_odd_parameters_are_no_failure(query: str) -> None:
    assert signed_in(ManagerFactory()).get(f"{PAGE}?{query}").status_code == 200


@pytest.mark.usefixtures("some_leads")
def test_rows_are_sorted_by_any_column() -> None:
    client = signed_in(ManagerFactory())
    for order, first, second in (
        ("-visits", "Сайт", "Квиз"),
        ("source", "Квиз", "Сайт"),
        ("appointments", "Сайт", "Квиз"),
    ):
        page = client.get(f"{PAGE}?sort={order}").content.decode()
        assert page.index(f'<th scope="row">{first}') < page.index(f'<th scope="row">{second}'), order


@pytest.mark.usefixtures("some_leads")
def test_the_files_say_the_same() -> None:
    client = signed_in(ManagerFactory())
    response = client.get("/reports/sources.xlsx?from=2020-01-01&to=2199-01-01")
    assert response["Content-Disposition"] == 'attachment; filename="istochniki_2020-01-01_2199-01-01.xlsx"'
    rows = list(load_workbook(io.BytesIO(response.content)).active.values)
    assert list(rows[1][:6]) == HEADINGS
    assert list(rows[-1][:6]) == ["Всего", 5, 1, 2, 1, 1]
    text = client.get("/reports/sources.csv?from=2020-01-01&to=2199-01-01").content.decode("utf-8-sig")
    assert text.splitlines()[-1] == "Всего;5;1;2;1;1"


@pytest.mark.usefixtures("some_leads")
def test_each_source_has_a_line_of_its_days_in_words(frozen: Frozen) -> None:
    page = signed_in(ManagerFactory()).get(PAGE + "?from=2026-11-22").content.decode()
    lines = re.findall(r'<svg class="spark"[^>]*aria-label="([^"]*)"', page)
    assert lines == [
        "Лиды по дням: 22 ноября — 0; 23 ноября — 0; 24 ноября — 3",
        "Лиды по дням: 22 ноября — 0; 23 ноября — 0; 24 ноября — 2",
        "Лиды по дням: 22 ноября — 0; 23 ноября — 0; 24 ноября — 5",
    ]
    assert "Лиды по месяцам: " in signed_in(ManagerFactory()).get(PAGE + "?from=2026-06-01").content.decode()
    assert 'class="spark"' not in signed_in(ManagerFactory()).get(PAGE + "?from=2026-11-24").content.decode()


@pytest.mark.usefixtures("some_leads")
def test_the_report_takes_six_queries_beside_session_user_and_frame() -> None:
    client = signed_in(ManagerFactory())
    for _ in range(2):
        with at_most(9):
            client.get(PAGE)
        for _ in range(4):
            lead(source="vk")


def test_names_of_sources_are_shown_as_text() -> None:
    Source.objects.create(code="odd", name=HOSTILE)
    lead(source="odd")
    page = signed_in(ManagerFactory()).get(PAGE).content.decode()
    assert "<script>alert" not in page


def test_in_english_the_columns_are_those_of_the_table_as_well() -> None:
    page = text_of(signed_in(ManagerFactory(language="en")).get(f"{PAGE}?empty=1"))
    assert "Source Leads Meetings booked Visits Contracts Contracts with prepayment" in page
