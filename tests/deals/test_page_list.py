"""The list and the board of deals: who sees what, filters in the address, and a fixed number of queries."""

from datetime import date

import pytest
from django.test import Client

from deals.actions import move_stage
from deals.models import Deal
from tests.factories import AdminFactory, LawyerFactory, ManagerFactory, OperatorFactory, deal, lead_in, move
from tests.pages import HOSTILE, at_most, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


def deal_of(name: str, **more: object) -> Deal:
    move(lead_in("visit", name=name), "contract", **more)
    return Deal.objects.latest("pk")


@pytest.mark.parametrize("view", ["list", "board"])
def test_a_stranger_signs_in_first(client: Client, view: str) -> None:
    assert client.get(f"/deals/?view={view}")["Location"].startswith("/login/?next=/deals/")


@pytest.mark.parametrize("view", ["list", "board"])
def test_deals_are_not_an_operators(view: str) -> None:
    client = signed_in(OperatorFactory())
    response = client.get(f"/deals/?view={view}")
    assert response.status_code == 403
    assert "Эта страница не для вашей роли" in text_of(response)
    assert 'href="/deals/"' not in response.content.decode()


@pytest.mark.parametrize("view", ["list", "board"])
def test_a_lawyer_sees_their_own_and_a_head_sees_all(view: str) -> None:
    mine, other = LawyerFactory(), LawyerFactory()
    deal_of("Ольга Фролова", lawyer=mine.pk)
    deal_of("Николай Панов", lawyer=other.pk)
    own = text_of(signed_in(mine).get(f"/deals/?view={view}&owner={other.pk}"))
    assert "Николай Панов" not in own
    assert "Ольга Фролова" in text_of(signed_in(mine).get(f"/deals/?view={view}"))
    everything = text_of(signed_in(ManagerFactory()).get(f"/deals/?view={view}"))
    assert "Ольга Фролова" in everything
    assert "Николай Панов" in everything


def test_each_filter_narrows_the_list() -> None:
    lawyer = LawyerFactory(name="Екатерина Зимина")
    wanted = deal_of("Ольга Фролова", lawyer=lawyer.pk, contract_number="2026/11-084", contract_date=date(2026, 11, 6))
    other = deal_of("Николай Панов", lawyer=LawyerFactory().pk)
    move_stage(wanted.pk, "filed", by=lawyer)
    client = signed_in(ManagerFactory())
    phone = wanted.contact.phone
    for query in (
        "stage=filed",
        f"owner={lawyer.pk}",
        "contract=11-084",
        "q=фролова+ОЛЬГА",
        f"q={phone.replace('+7', '8')}",
        f"q={phone[-4:]}",
        "view=board&q=Фролова",
    ):
        page = text_of(client.get(f"/deals/?{query}"))
        assert "Ольга Фролова" in page, query
        assert other.contact.name not in page, query
    assert "По фильтру сделок нет" in text_of(client.get("/deals/?source=quiz"))
    assert "По фильтру сделок нет" in text_of(client.get("/deals/?owner=none"))


def test_the_order_is_in_the_address() -> None:
    deal_of("Дешёвый", amount=100_000)
    deal_of("Дорогой", amount=200_000)
    client = signed_in(ManagerFactory())
    up, down = text_of(client.get("/deals/?sort=amount")), text_of(client.get("/deals/?sort=-amount"))
    assert up.index("Дешёвый") < up.index("Дорогой")
    assert down.index("Дорогой") < down.index("Дешёвый")
    assert 'aria-sort="descending"' in client.get("/deals/?sort=-amount").content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "stage=nowhere",
        "owner=somebody",
        "owner=99999999999999999999999",
        "source=nothing",
        "sort=password",
        "view=wall",
        "q=" + "a+" * 11,
        "q=" + "a" * 300,
        "contract=" + "9" * 60,
        "q=%00",
        "stage=%00",
    ],
)
def test_what_cannot_be_meant_is_said_and_left_out(query: str) -> None:
    deal_of("Ольга Фролова")
    response = signed_in(ManagerFactory()).get(f"/deals/?{query}")
    assert response.status_code == 400
    assert "Ольга Фролова" in text_of(response)


@pytest.mark.parametrize(
    "query", ["page=0", "page=9999999999999999999", "page=x", "page=%00", "q=%25%27--", "contract=_"]
)
def test_odd_parameters_are_no_error(query: str) -> None:
    deal_of("Ольга Фролова")
    assert signed_in(ManagerFactory()).get(f"/deals/?{query}").status_code == 200


def test_no_deals_says_where_they_come_from() -> None:
    assert "Сделок пока нет" in text_of(signed_in(ManagerFactory()).get("/deals/"))


def test_the_board_has_a_column_per_stage_and_counts_what_it_hides() -> None:
    for _ in range(22):
        deal()
    page = text_of(signed_in(ManagerFactory()).get("/deals/?view=board"))
    assert "Сбор документов 22" in page
    assert "Решение/определение получено 0" in page
    assert "Показать ещё 2" in page


@pytest.mark.parametrize("view", ["list", "board"])
def test_more_deals_take_no_more_queries(view: str) -> None:
    client = signed_in(AdminFactory())
    deal()
    for _ in range(2):
        with at_most(13):
            client.get(f"/deals/?view={view}")
        for _ in range(6):
            deal()


@pytest.mark.parametrize("view", ["list", "board"])
def test_names_are_shown_as_text(view: str) -> None:
    deal_of(HOSTILE, contract_number="<b>1</b>")
    page = signed_in(ManagerFactory(name=HOSTILE)).get(f"/deals/?view={view}&q=<img src=x>").content.decode()
    for dangerous in ("<script>alert", "<b>1", "<img"):
        assert dangerous not in page
