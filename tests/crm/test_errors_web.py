"""What pages answer when a verb says no and the view had no form for it."""

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpResponse
from django.test import RequestFactory

from crm.errors import Busy, Forbidden, Invalid, Refused
from crm.errors_web import Refusals
from tests.factories import ManagerFactory
from tests.pages import text_of


@pytest.fixture
def refused(db, rf: RequestFactory):
    user = ManagerFactory()

    def answer(error: Exception, path: str = "/leads/1/", **headers: str) -> HttpResponse | None:
        request = rf.post(path, headers=headers)
        request.user, request.htmx = user, "HX-Request" in headers
        return Refusals(lambda _request: HttpResponse()).process_exception(request, error)

    return answer


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (Refused("taken", "Лид взял Орлов"), 409, "Лид взял Орлов"),
        (Invalid({"amount": "Укажите стоимость"}), 422, "Укажите стоимость"),
        (Forbidden("Это делает руководитель"), 403, "Это делает руководитель"),
        (ObjectDoesNotExist(), 404, "Такой страницы нет"),
        (Busy(), 503, "База данных занята"),
    ],
)
def test_each_way_of_saying_no_is_a_page(refused, error: Exception, status: int, said: str) -> None:
    page = refused(error)
    assert page.status_code == status
    assert said in text_of(page)
    assert "<html" in page.content.decode()


def test_a_busy_database_says_when_to_try_again(refused) -> None:
    assert refused(Busy()).headers["Retry-After"] == "5"


def test_for_htmx_it_is_a_banner(refused) -> None:
    piece = refused(Refused("taken", "Лид взял Орлов"), **{"HX-Request": "true"}).content.decode()
    assert "banner--danger" in piece
    assert "<html" not in piece


def test_the_api_and_bugs_are_left_alone(refused) -> None:
    assert refused(Refused("taken", "Лид взял Орлов"), "/api/v1/leads/") is None
    assert refused(ZeroDivisionError()) is None


def test_the_way_back_leads_to_our_own_pages_only(refused) -> None:
    ours = refused(Refused("x", "Нет"), Referer="http://testserver/leads/7/").content.decode()
    theirs = refused(Refused("x", "Нет"), Referer="http://testserver.evil.example/").content.decode()
    assert 'href="http://testserver/leads/7/"' in ours
    assert "evil" not in theirs
