"""A session that ended while somebody was writing: back to the page they wrote on, and told that the text is kept."""

import pytest
from django.test import Client

from tests import factories
from tests.pages import text_of

pytestmark = pytest.mark.django_db


def test_a_form_leads_over_the_sign_in_back_to_its_page() -> None:
    user = factories.OperatorFactory()
    answer = Client().post("/leads/7/comments/", {"text": "Ждёт"}, headers={"Referer": "http://testserver/leads/7/"})
    assert answer["Location"] == "/login/?ended=1&next=http%3A%2F%2Ftestserver%2Fleads%2F7%2F"
    client = Client()
    assert "Вы вышли из системы. Войдите снова, текст сохранится" in text_of(client.get(answer["Location"]))
    typed = {"username": user.username, "password": factories.PASSWORD, "next": "http://testserver/leads/7/"}
    assert client.post(answer["Location"], typed)["Location"] == "http://testserver/leads/7/"


@pytest.mark.parametrize("before", ["https://evil.example/", "", "http://testserver/leads/7/comments/"])
def test_a_form_without_a_page_of_ours_leads_to_the_start(before: str) -> None:
    answer = Client().post("/leads/7/comments/", headers={"Referer": before})
    assert answer["Location"] == "/login/?ended=1&next=%2F"


def test_a_partial_update_is_told() -> None:
    answer = Client().get("/leads/7/", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.content.decode() == "Вы вышли из системы. Войдите снова, текст сохранится"


def test_a_link_is_not_taken_for_something_typed() -> None:
    assert Client().get("/leads/7/")["Location"] == "/login/?next=/leads/7/"
