"""The search of the top bar: what it finds, what it opens at once, and what it does not tell."""

import pytest
from django.test import Client

from deals.models import Deal
from leads.search import MOST
from tests.factories import LawyerFactory, ManagerFactory, OperatorFactory, lead, lead_in, move
from tests.pages import HOSTILE, at_most, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]

PHONE = "+79370006027"
SPELLINGS = ["+7 937 000-60-27", "8 (937) 000-60-27", "89370006027", "9370006027", "+79370006027", "8‑937‑000‑60‑27"]


def search(who: object, query: str):
    return signed_in(who).get("/search/", {"q": query})


def test_it_is_for_who_is_signed_in(client: Client) -> None:
    assert client.get("/search/?q=1")["Location"].startswith("/login/")


@pytest.mark.parametrize("query", SPELLINGS)
def test_a_whole_number_opens_the_lead_at_once(query: str) -> None:
    row = lead(phone=PHONE)
    lead(phone=PHONE)
    response = search(ManagerFactory(), query)
    assert (response.status_code, response["Location"]) == (302, f"/leads/{row.pk}/")


def test_a_lawyer_lands_in_the_deal() -> None:
    lawyer = LawyerFactory()
    move(lead_in("visit", phone=PHONE), "contract", lawyer=lawyer.pk)
    assert search(lawyer, PHONE)["Location"] == f"/deals/{Deal.objects.get().pk}/"


@pytest.mark.parametrize("query", ["6027", "00-60-27", "8 937", "мельников", "МЕЛЬНИКОВ андрей", "семен"])
def test_a_piece_of_a_number_or_a_name_lists(query: str) -> None:
    row = lead(phone=PHONE, name="Андрей Мельников Семён")
    lead(phone="+79160001122", name="Другой человек")
    page = text_of(search(ManagerFactory(), query))
    assert f"№ {row.pk} Андрей Мельников" in page
    assert "Другой человек" not in page


def test_who_has_no_number_is_listed_among_the_others() -> None:
    lead(phone="", email="melnikov@example.ru", name="Мельников Андрей")
    lead(phone=PHONE, name="Мельников Пётр")
    assert "Мельников Андрей" in text_of(search(ManagerFactory(), "мельников"))


@pytest.mark.parametrize("sign", ["", "№ ", "#"])
def test_the_number_of_a_lead_comes_first(sign: str) -> None:
    row = lead(name="Андрей Мельников")
    lead(name="Второй")
    assert f"№ {row.pk} Андрей Мельников" in text_of(search(ManagerFactory(), f"{sign}{row.pk}"))


@pytest.mark.parametrize("spelling", ["Д-{:04d}", "д-{}", "д{:04d}", "Д {}"])
def test_the_number_of_a_deal(spelling: str) -> None:
    move(lead_in("visit", name="Ольга Фролова"), "contract")
    one = Deal.objects.get()
    assert f"{one.number} Ольга Фролова" in text_of(search(ManagerFactory(), spelling.format(one.pk)))


def test_the_number_of_a_contract() -> None:
    move(lead_in("visit", name="Ольга Фролова"), "contract", contract_number="2026/11-084")
    assert "Ольга Фролова" in text_of(search(ManagerFactory(), "11-084"))


def test_of_a_colleagues_client_only_with_whom_they_are() -> None:
    row = lead(by=OperatorFactory(name="Денис Черных"), phone=PHONE, name="Андрей Мельников", city="Самара")
    response = search(OperatorFactory(), PHONE)
    page = text_of(response)
    assert response.status_code == 200
    assert "Клиента с этим номером ведёт Денис Черных" in page
    for secret in ("Мельников", "Самара", f"/leads/{row.pk}/", f"/contacts/{row.contact_id}/"):
        assert secret not in response.content.decode()


@pytest.mark.parametrize("query", ["6027", "Мельников", "8 937 000"])
def test_a_piece_tells_nothing_of_a_colleagues_client(query: str) -> None:
    lead(by=OperatorFactory(name="Денис Черных"), phone=PHONE, name="Андрей Мельников")
    page = text_of(search(OperatorFactory(), query))
    assert "Ничего не нашлось" in page
    assert "Черных" not in page


def test_a_lawyer_learns_nothing_of_others_clients() -> None:
    lead(by=OperatorFactory(name="Денис Черных"), phone=PHONE)
    page = text_of(search(LawyerFactory(), PHONE))
    assert "Ничего не нашлось" in page
    assert "Черных" not in page


def test_an_operator_finds_no_deals() -> None:
    operator = OperatorFactory()
    row = move(lead_in("visit", by=operator, name="Ольга Фролова"), "contract", by=operator)
    assert "Ничего не нашлось" in text_of(search(operator, row.deal.number))


@pytest.mark.parametrize("query", ["", "   ", "\u200b"])
def test_an_empty_search_says_what_can_be_searched(query: str) -> None:
    assert "последние четыре цифры" in text_of(search(ManagerFactory(), query))


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("a " * 11, 400),
        ("слово" * 50, 400),
        ("\x00", 200),
        ("9" * 60, 200),
        ("Д-" + "9" * 18, 200),
        ("№" + "9" * 18, 200),
        ("'; DROP TABLE leads;--", 200),
        ("%_\\", 200),
        ("+", 200),
    ],
)
def test_odd_searches_are_no_failure(query: str, status: int) -> None:
    lead()
    assert search(ManagerFactory(), query).status_code == status


def test_what_is_shown_is_text() -> None:
    lead(name=HOSTILE, phone=PHONE)
    for query in (HOSTILE, "script", "<img src=x>"):
        page = search(ManagerFactory(name=HOSTILE), query).content.decode()
        assert "<script>alert" not in page
        assert "<img" not in page


def test_a_search_takes_a_fixed_number_of_queries() -> None:
    client = signed_in(OperatorFactory())
    for _ in range(2):
        with at_most(10):
            client.get("/search/?q=Иван")
        for _ in range(5):
            lead(name="Иван")


def test_a_cut_list_says_that_there_are_more() -> None:
    for _ in range(MOST + 1):
        lead(name="Пётр Сёмин")
    assert f"Лиды {MOST}+" in text_of(search(ManagerFactory(), "сёмин"))
    assert f"{MOST}+" not in text_of(search(ManagerFactory(), "никого"))
