"""The source report by the channel of the sources and by the client's city, and the lists behind its numbers."""

import pytest

from crm.errors import Invalid
from leads.counting import Column
from reports.sources import Filters, leads_behind, source_report
from tests.factories import ManagerFactory, lead
from tests.pages import signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


@pytest.fixture
def _leads(catalogues: None, frozen) -> None:
    for source, city in (("site", "Самара"), ("site", "самара"), ("quiz", "Уфа"), ("vk", "Самара"), ("call", "")):
        lead(source=source, city=city)


def rows(**params: str) -> dict[str, int]:
    report = source_report(Filters.read(params))
    assert report.totals.leads == sum(row.counts.leads for row in report.rows)
    return {row.source.code: row.counts.leads for row in report.rows}


@pytest.mark.usefixtures("_leads")
def test_by_channel() -> None:
    assert rows(channel="web") == {"site": 2, "quiz": 1}
    assert rows(channel="social") == {"vk_ads": 1}


@pytest.mark.usefixtures("_leads")
def test_empty_sources_are_those_of_the_channel() -> None:
    report = source_report(Filters.read({"channel": "web", "city": "Уфа"}))
    assert [source.code for source in report.hidden] == ["site"]


@pytest.mark.usefixtures("_leads")
@pytest.mark.parametrize("city", ["Самара", "самара", "САМАРА"])
def test_by_city_in_any_case(city: str) -> None:
    assert rows(city=city) == {"site": 2, "vk_ads": 1}


def test_a_channel_that_no_source_has_is_an_error() -> None:
    with pytest.raises(Invalid) as wrong:
        Filters.read({"channel": "tv"})
    assert list(wrong.value.fields) == ["channel"]


@pytest.mark.usefixtures("_leads")
def test_the_list_behind_a_number_has_as_many() -> None:
    client = signed_in(ManagerFactory())
    page = client.get("/reports/sources/?channel=web&city=Самара")
    number = page.context["totals"][0]
    assert number.value == 2
    behind = client.get(number.url)
    assert behind.context["count"] == 2
    assert "Город: Самара" in text_of(behind)
    filters = Filters.read({"channel": "web", "city": "Самара"})
    assert leads_behind(filters, None, Column.LEADS).count() == 2
    assert Filters.read(filters.params()) == filters


@pytest.mark.usefixtures("_leads")
def test_a_file_says_what_it_was_asked_about() -> None:
    file = signed_in(ManagerFactory()).get("/reports/sources.csv?channel=web&city=Самара").content.decode("utf-8-sig")
    assert "канал: web" in file.splitlines()[0]
    assert "город: Самара" in file.splitlines()[0]
