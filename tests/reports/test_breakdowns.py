"""The reports beside the source report: their numbers, the lists behind them, files, periods of spend, who may look."""

import io
import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from openpyxl import load_workbook

from crm import clock
from leads.models import Lead
from reports.breakdown import Asked, Kind
from reports.breakdowns import REPORTS
from sources.models import Source, SourceSpend
from tests.conftest import Frozen
from tests.factories import AdminFactory, LawyerFactory, ManagerFactory, OperatorFactory, lead, lead_in, move, touch
from tests.pages import at_most, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues", "frozen")]

NAMES = list(REPORTS)


@pytest.fixture
def some_leads(catalogues: None, frozen: Frozen) -> None:
    """Site: a meeting held, one missed, a repeat of quiz's lead. Quiz: a small debt, a contract without a meeting."""
    anna, boss = OperatorFactory(name="Анна Белова"), ManagerFactory()
    frozen.move(hours=-2)
    first = lead(source="quiz", phone="+79370006027", by=anna)
    lead(source="site", phone="+79370006027")
    frozen.move(minutes=10)
    touch(first, by=anna)
    frozen.move(hours=1, minutes=50)
    move(first, "junk", junk_reason="small_debt", by=boss)
    held = lead_in("meeting", source="site")
    move(held, "visit", by=boss)
    missed = lead_in("meeting", source="site")
    Lead.objects.filter(pk=missed.pk).update(no_show_at=clock.now())
    lead_in("contract_prepaid", source="quiz")


def rows(name: str, **params: str) -> dict[str, list[object]]:
    report = REPORTS[name]
    found = report.read(Asked.read(params, report.by))
    lines = [*found.lines, *([found.totals] if found.totals else [])]
    return {line.label: [cell.value for cell in line.cells] for line in lines}


@pytest.mark.usefixtures("some_leads")
def test_what_each_report_says() -> None:
    junk = rows("junk")
    assert junk["Квиз"] == [2, 1, 0.5, 0, 1, 0, 0, 0, 0, 0]
    assert junk["Сайт"] == [3, 1, 1 / 3, 0, 0, 0, 0, 0, 1, 0]
    assert junk["Всего"][:2] == [5, 2]
    assert rows("junk", duplicates="exclude")["Всего"][:2] == [4, 1]
    assert rows("shows")["Сайт"] == [2, 1, 0.5, 1, 0.5, 1]
    assert rows("repeats") == {
        "Квиз": [2, 0, 0.0, 0, 0],
        "Сайт": [3, 1, 1 / 3, 1, 1],
        "Всего": [5, 1, 0.2, None, 1],
    }
    waits = rows("first-touch", by="operator")
    assert waits["Анна Белова"][:4] == [1, 1, timedelta(minutes=10), timedelta(minutes=10)]
    assert rows("first-touch", by="hour")["10:00"][:2] == [1, 1]
    stays = rows("statuses")
    assert stays["Новый"][0] == 4
    assert stays["Прозвон"][3] == timedelta(hours=1, minutes=50)
    assert stays["Брак"] == [0, None, None, None, 1]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.usefixtures("some_leads")
def test_every_number_opens_a_list_of_exactly_that_many(name: str) -> None:
    client = signed_in(ManagerFactory())
    for by in REPORTS[name].by or ("source",):
        page = client.get(f"/reports/{name}/?by={by}&duplicates=exclude&from=2026-11-01").content.decode()
        numbers = re.findall(r'<a href="(/leads/[^"]+)">([^<]+)</a>', page)
        assert numbers
        for address, number in {*numbers}:
            listed = client.get(unescape(address)).content.decode()
            assert len(re.findall(r'<a class="name"', listed)) == int(number), address


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.usefixtures("some_leads")
def test_page_and_files_say_the_same_in_few_queries(name: str) -> None:
    client, report = signed_in(ManagerFactory()), REPORTS[name]
    with at_most(12):
        page = client.get(f"/reports/{name}/")
    assert text_of(page).count(str(report.title)) >= 2  # the heading and its tab
    response = client.get(f"/reports/{name}.xlsx?source=quiz")
    stem = f"{name}_2026-11-01_2026-11-24"
    assert response["Content-Disposition"] == f'attachment; filename="{stem}.xlsx"'
    sheet = list(load_workbook(io.BytesIO(response.content)).active.values)
    assert sheet[0][0].startswith(f"{report.title}: 1 ноября 2026 — 24 ноября 2026; По дате заявки; источник: Квиз")
    found = report.read(Asked.read({"source": "quiz"}, report.by))
    kinds = [heading.kind for heading in found.headings]
    for line, row in zip(found.lines, sheet[2:], strict=False):
        assert [*row] == [line.label, *(cell.for_file(kind) for cell, kind in zip(line.cells, kinds, strict=True))]
        assert all(isinstance(value, int | float | None) for value in row[1:])
    text = client.get(f"/reports/{name}.csv").content.decode("utf-8-sig")
    assert len(text.splitlines()) == 2 + len(rows(name))


@pytest.mark.usefixtures("some_leads")
def test_a_month_in_part_costs_its_days_and_a_filter_by_person_divides_nothing() -> None:
    site, quiz, vk = (Source.objects.get(code=code) for code in ("site", "quiz", "vk_ads"))
    SourceSpend.objects.create(source=site, year=2026, month=11, amount=3000)
    SourceSpend.objects.create(source=site, year=2026, month=10, amount=3100)
    SourceSpend.objects.create(source=vk, year=2026, month=11, amount=300)
    asked = {"from": "2026-10-31", "to": "2026-11-24"}
    cost = rows("cost", **asked)
    assert cost["Сайт"] == [Decimal(2500), 3, Decimal("833.33"), 1, Decimal(2500), 0, None]
    assert cost["VK Реклама"] == [Decimal(240), 0, None, 0, None, 0, None]
    assert cost[quiz.name][:3] == [None, 2, None]
    assert cost["С известным расходом"] == [Decimal(2740), 3, Decimal("913.33"), 1, Decimal(2740), 0, None]
    assert {row[0] for row in rows("cost", responsible="none", **asked).values()} == {None}
    page = text_of(signed_in(ManagerFactory()).get("/reports/cost/", {**asked, "responsible": "none"}))
    assert "стоимость не считается" in page
    assert "VK Реклама" not in rows("cost", source="site", **asked)


@pytest.mark.parametrize("address", ["/reports/junk/", "/reports/cost.xlsx", "/reports/statuses.csv"])
def test_they_are_for_heads_and_administrators(address: str) -> None:
    for stranger in (OperatorFactory(), LawyerFactory()):
        assert signed_in(stranger).get(address).status_code == 403
    for reader in (ManagerFactory(), AdminFactory()):
        assert signed_in(reader).get(address).status_code == 200
    assert signed_in(ManagerFactory()).get("/reports/nothing/").status_code == 404


def test_filters_that_cannot_be_meant_are_named() -> None:
    client = signed_in(ManagerFactory())
    assert client.get("/reports/shows/?from=yesterday").status_code == 400
    assert client.get("/reports/shows.csv?from=yesterday").status_code == 422
    assert client.get("/reports/shows/?by=moon").status_code == 200
    assert "За этот период заявок не было" in text_of(client.get("/reports/junk/"))
    assert Kind.SHARE.value == "share"
