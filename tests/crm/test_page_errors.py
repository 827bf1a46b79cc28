"""What a person sees when a page cannot be shown, and the rules that every page keeps."""

import re

import pytest
from django.test import Client
from django.urls import path

from crm import urls
from tests.factories import ManagerFactory, OperatorFactory
from tests.pages import signed_in, text_of


def broken(request: object) -> None:
    raise RuntimeError("secret of the machine")


class Urls:
    urlpatterns = [*urls.urlpatterns, path("broken/", broken)]
    handler500 = urls.handler500


@pytest.mark.django_db
def test_a_failure_names_a_code_and_no_secret(settings) -> None:
    settings.ROOT_URLCONF = Urls
    client = Client(raise_request_exception=False)
    response = client.get("/broken/")
    assert response.status_code == 500
    assert re.search(r"код [0-9A-F]{4}", text_of(response))
    assert "secret" not in response.content.decode()


@pytest.mark.django_db
def test_an_unknown_page_offers_the_search() -> None:
    response = signed_in(OperatorFactory()).get("/no/such/page/")
    assert response.status_code == 404
    assert "Такой страницы нет. Попробуйте поиск по телефону" in text_of(response)
    assert 'action="/search/"' in response.content.decode()


@pytest.mark.django_db
def test_a_stranger_gets_the_same_without_the_search(client: Client) -> None:
    response = client.get("/no/such/page/")
    assert response.status_code == 404
    assert 'action="/search/"' not in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "said"), [("ru", "Запрос слишком большой"), ("en", "The request is too large")])
@pytest.mark.parametrize("path", ["/leads/new/", "/api/v1/leads/"])
def test_too_large_a_body_is_refused_in_the_callers_language(path: str, language: str, said: str) -> None:
    client = signed_in(OperatorFactory(language=language))
    signed_in(OperatorFactory(language="ru" if language == "en" else "en")).get("/profile/")  # the one served before
    response = client.post(path, "comment=" + "x" * 300_000, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 413
    assert said in response.content.decode()
    assert response["Content-Language"] == language


@pytest.mark.django_db
def test_a_request_that_cannot_be_read_is_told_in_words(client: Client) -> None:
    response = client.get("/login/", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert "Запрос не читается" in text_of(response)


@pytest.mark.django_db
@pytest.mark.usefixtures("catalogues")
@pytest.mark.parametrize("page", ["/login/", "/profile/", "/deals/", "/deals/?view=board", "/contacts/", "/search/"])
def test_pages_run_under_a_strict_policy_and_are_kept_by_no_cache(page: str) -> None:
    client = Client() if page == "/login/" else signed_in(ManagerFactory())
    response = client.get(page)
    assert "unsafe" not in response["Content-Security-Policy"]
    html = response.content.decode()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", html)
    if page != "/login/":
        assert response["Cache-Control"] == "no-store"


@pytest.mark.django_db
@pytest.mark.usefixtures("catalogues")
@pytest.mark.parametrize("page", ["/", "/profile/", "/deals/", "/contacts/", "/search/", "/reports/sources/"])
def test_a_page_to_read_takes_no_other_method(page: str) -> None:
    client = signed_in(ManagerFactory())
    assert client.delete(page).status_code == 405
