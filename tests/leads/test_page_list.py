"""The list of leads: who sees what, every filter in the address, and no address that breaks it."""

import pytest

from leads.counting import Basis, Column, Counted, Period, Scope, this_day
from leads.models import Lead
from leads.touches import NewTouch, log_touch
from team.models import User
from tests.conftest import Frozen
from tests.factories import LawyerFactory, ManagerFactory, OperatorFactory, lead, lead_in, move
from tests.pages import HOSTILE, at_most, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


def names(user: User, query: str = "") -> set[str]:
    """The names of the rows that the list shows."""
    page = signed_in(user).get(f"/leads/{query}")
    assert page.status_code == 200
    return {row.lead.name for row in page.context["rows"]}


def test_an_operator_sees_their_own_and_nobodys() -> None:
    mine, other = OperatorFactory(), OperatorFactory()
    lead(by=mine, name="Мой")
    lead(by=other, name="Чужой")
    lead(name="Ничей")
    assert names(mine) == {"Мой", "Ничей"}
    assert names(ManagerFactory()) == {"Мой", "Чужой", "Ничей"}


def test_a_lawyer_sees_the_leads_of_their_deals() -> None:
    lawyer = LawyerFactory()
    lead(name="Новый")
    move(lead_in("visit", name="Подписан"), "contract", lawyer=lawyer.pk)
    assert names(lawyer) == {"Подписан"}


def test_a_stranger_signs_in_first(client) -> None:
    assert client.get("/leads/").headers["Location"] == "/login/?next=/leads/"


def test_by_itself_it_shows_what_is_in_work() -> None:
    lead(name="Новый")
    lead_in("junk", name="Отказ")
    manager = ManagerFactory()
    assert names(manager) == {"Новый"}
    assert names(manager, "?show=all") == {"Новый", "Отказ"}
    assert names(manager, "?status=junk&junk_reason=refused") == {"Отказ"}


def test_each_filter_narrows_it(frozen: Frozen) -> None:
    manager, operator = ManagerFactory(), OperatorFactory()
    lead(by=operator, name="Пётр Ёлкин", city="Самара", source="vk", phone="8 917 000-41-86")
    frozen.move(days=2)
    lead(name="Другой", city="Уфа")
    today = f"{frozen.now:%Y-%m-%d}"
    for query in (
        f"?responsible={operator.pk}",
        "?source=vk",
        "?city=самара",
        "?search=елкин",
        "?phone=%2B7 917 000 41 86",
        "?to=2026-11-24",
        "?task=overdue",
    ):
        assert names(manager, query) == {"Пётр Ёлкин"}, query
    assert names(manager, f"?from={today}") == {"Другой"}


def test_a_lead_without_a_task_is_found() -> None:
    bare = lead(name="Без задачи")
    bare.tasks.all().delete()
    lead(name="С задачей")
    manager = ManagerFactory()
    assert names(manager, "?task=none") == {"Без задачи"}
    assert "Нет задачи" in text_of(signed_in(manager).get("/leads/"))


@pytest.mark.parametrize("column", list(Column))
@pytest.mark.parametrize("basis", list(Basis))
def test_it_shows_exactly_the_leads_that_a_number_of_the_report_counts(column: Column, basis: Basis) -> None:
    repeated = lead(name="Первый")
    lead(phone=repeated.phone, name="Повтор")
    for status in ("meeting", "visit", "contract", "contract_prepaid", "junk"):
        lead_in(status, name=status)
    today = this_day()
    number = Counted(column, Scope(Period(today, today), basis, with_duplicates=True))
    query = "?" + "&".join(f"{name}={value}" for name, value in number.params().items())
    counted = set(Lead.objects.filter(number.condition()).values_list("name", flat=True))
    manager = ManagerFactory()
    assert names(manager, query) == counted
    assert "Число отчёта" in text_of(signed_in(manager).get(f"/leads/{query}"))


@pytest.mark.parametrize(
    "query",
    [
        "status=nothing",
        "status=%00",
        "source=nowhere",
        "responsible=everybody",
        "responsible=99999999999999999999",
        "phone=letters",
        "from=yesterday",
        "from=2026-13-45",
        "from=2026-11-24&to=2026-11-01",
        "created_after=soon",
        "task=maybe",
        "meeting=never",
        "duplicates=some",
        "counted=everything",
        "counted=visits&basis=mood&from=x&source=nowhere&responsible=who",
        "search=" + "x" * 300,
        "search=%00%00",
        "city=%00",
        "sort=secret",
        "sort=-",
        "page=0",
        "page=-5",
        "page=many",
        "page=99999999999999999999999",
    ],
)
def test_a_bad_value_is_told_and_breaks_nothing(query: str) -> None:
    lead(name="Есть")
    page = signed_in(ManagerFactory()).get(f"/leads/?{query}")
    assert page.status_code == 200


def test_what_is_wrong_with_a_filter_stands_beside_it() -> None:
    page = signed_in(ManagerFactory()).get("/leads/?source=nowhere&status=new")
    assert "nowhere" in page.context["leads"].errors["source"]
    assert page.context["leads"].errors["source"] in text_of(page)
    assert [chip.wrong != "" for chip in page.context["chips"]] == [False, True]


def test_a_chip_leads_to_the_list_without_its_filter() -> None:
    page = signed_in(ManagerFactory()).get("/leads/?status=new&city=Уфа&page=2&sort=name")
    chip = next(chip for chip in page.context["chips"] if chip.label == "Статус")
    assert "status" not in chip.url
    assert "page" not in chip.url
    assert "sort=name" in chip.url


@pytest.mark.parametrize("sort", ["name", "status", "task", "touches", "debt", "source", "city", "created"])
def test_it_sorts_by_any_column_both_ways(sort: str) -> None:
    lead(name="А", city="Уфа", debt_amount="1")
    lead(name="Б", city="Самара", debt_amount="2")
    manager = signed_in(ManagerFactory())
    for order, said in ((sort, "ascending"), (f"-{sort}", "descending")):
        page = manager.get(f"/leads/?sort={order}")
        assert len(page.context["rows"]) == 2
        assert f'aria-sort="{said}"' in page.content.decode()


def test_fifty_are_on_a_page() -> None:
    for _row in range(51):
        lead()
    manager = signed_in(ManagerFactory())
    assert len(manager.get("/leads/").context["rows"]) == 50
    assert len(manager.get("/leads/?page=2").context["rows"]) == 1
    assert "51–51 из 51" in text_of(manager.get("/leads/?page=2"))


def test_it_takes_ten_queries_however_many_rows_there_are() -> None:
    operator = OperatorFactory()
    for place in range(30):
        row = lead(by=operator, name=f"Клиент {place}", source="vk")
        log_touch(row.pk, NewTouch("call", "no_answer"), by=operator)
    for user in (operator, ManagerFactory()):
        client = signed_in(user)
        for query in ("", "?show=all&source=vk&sort=task", "?counted=leads&source=vk"):
            client.get(f"/leads/{query}")
            with at_most(10):
                client.get(f"/leads/{query}")


def test_markup_in_a_lead_is_text() -> None:
    lead(name=HOSTILE, city=HOSTILE, source=HOSTILE, phone=HOSTILE, email="a@example.org")
    page = signed_in(ManagerFactory()).get(f"/leads/?search={HOSTILE}&city={HOSTILE}&show=all").content.decode()
    assert "<script>alert" not in page
    assert "<script>alert" not in signed_in(ManagerFactory()).get("/leads/").content.decode()
