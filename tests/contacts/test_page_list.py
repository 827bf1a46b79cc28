"""The directory: found by name and by a number in any spelling or its end; only those one may see."""

import pytest
from django.test import Client

from tests.factories import LawyerFactory, ManagerFactory, OperatorFactory, lead, lead_in, move
from tests.pages import HOSTILE, at_most, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


@pytest.mark.parametrize(
    "query",
    [
        "+7 (937) 000-60-27",
        "8 937 000 60 27",
        "9370006027",
        "6027",
        "60-27",
        "8 937",
        "мельников",
        "Андреи Мельников",
        "семен",
    ],
)
def test_a_card_is_found_by_any_spelling(query: str) -> None:
    lead(phone="+79370006027", name="Андреи Мельников Семён")
    lead(phone="+79160001122", name="Кто-то другой")
    page = text_of(signed_in(ManagerFactory()).get("/contacts/", {"q": query}))
    assert "Андреи Мельников" in page
    assert "Кто-то другой" not in page


def test_each_sees_the_clients_they_work_with(client: Client) -> None:
    mine, other, lawyer = OperatorFactory(), OperatorFactory(), LawyerFactory()
    lead(by=mine, name="Мой клиент")
    lead(by=other, name="Чужой клиент")
    lead(name="Ничей клиент")
    move(lead_in("visit", by=other, name="Клиент юриста"), "contract", by=other, lawyer=lawyer.pk)
    assert client.get("/contacts/").status_code == 302
    page = text_of(signed_in(mine).get("/contacts/"))
    assert "Мой клиент" in page
    assert "Ничей клиент" in page
    assert "Чужой клиент" not in page
    page = text_of(signed_in(lawyer).get("/contacts/"))
    assert "Клиент юриста" in page
    assert "Мой клиент" not in page
    assert "4 контакта" in text_of(signed_in(ManagerFactory()).get("/contacts/"))


def test_nobody_found_offers_the_way_back() -> None:
    assert "Никого не нашлось" in text_of(signed_in(ManagerFactory()).get("/contacts/?q=нет+такого"))
    assert "Контактов пока нет" in text_of(signed_in(ManagerFactory()).get("/contacts/"))


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("q=%00", 400),
        ("q=" + "a" * 300, 400),
        ("q=" + "a+" * 11, 400),
        ("sort=password", 400),
        ("sort=-name", 200),
        ("page=10000000000000000000000", 200),
        ("page=x", 200),
        ("q=%25'--", 200),
    ],
)
def test_odd_parameters_are_no_failure(query: str, status: int) -> None:
    lead()
    assert signed_in(ManagerFactory()).get(f"/contacts/?{query}").status_code == status


def test_more_cards_take_no_more_queries() -> None:
    client = signed_in(OperatorFactory())
    for _ in range(2):
        with at_most(10):
            client.get("/contacts/?q=1")
        for _ in range(5):
            lead()


def test_names_are_shown_as_text() -> None:
    lead(name=HOSTILE, city="<b>Самара")
    page = signed_in(ManagerFactory()).get("/contacts/", {"sort": "name"}).content.decode()
    assert "<script>alert" not in page
    assert "<b>Самара" not in page
