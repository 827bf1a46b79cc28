"""The language: of the profile, else of the cookie, else Russian, whatever the browser asks for."""

import pytest
from django.test import Client
from django.utils.translation import get_language

from team.models import User
from tests.factories import OperatorFactory
from tests.pages import signed_in, text_of
from tests.rest import rest

pytestmark = pytest.mark.django_db

ENGLISH = {"Accept-Language": "en-GB,en;q=0.9"}


def test_russian_is_what_a_stranger_reads(client: Client) -> None:
    response = client.get("/login/", headers=ENGLISH)
    assert response["Content-Language"] == "ru"
    assert '<html lang="ru"' in response.content.decode()


def test_the_cookie_chooses_for_a_stranger(client: Client) -> None:
    client.cookies["django_language"] = "en"
    assert "Sign in" in text_of(client.get("/login/"))


@pytest.mark.parametrize("nonsense", ["de", "", "ru-RU", "../en", "e" * 4000])
def test_an_unknown_cookie_means_russian(client: Client, nonsense: str) -> None:
    client.cookies["django_language"] = nonsense
    assert client.get("/login/")["Content-Language"] == "ru"


def test_the_profile_goes_before_the_cookie() -> None:
    client = signed_in(OperatorFactory(language="en"))
    client.cookies["django_language"] = "ru"
    assert client.get("/profile/")["Content-Language"] == "en"


def test_a_profile_without_a_language_leaves_it_to_the_cookie() -> None:
    client = signed_in(OperatorFactory())
    assert client.get("/profile/", headers=ENGLISH)["Content-Language"] == "ru"
    client.cookies["django_language"] = "en"
    assert client.get("/profile/")["Content-Language"] == "en"


def test_one_request_leaves_no_language_for_the_next(client: Client) -> None:
    signed_in(OperatorFactory(language="en")).get("/profile/")
    assert client.get("/login/")["Content-Language"] == "ru"


def test_choosing_is_kept_in_the_cookie_and_in_the_profile() -> None:
    user = OperatorFactory()
    client = signed_in(user)
    response = client.post("/language/", {"language": "en", "next": "/profile/"})
    assert (response.status_code, response["Location"]) == (302, "/profile/")
    assert client.cookies["django_language"].value == "en"
    assert User.objects.get(pk=user.pk).language == "en"


def test_a_stranger_chooses_too(client: Client) -> None:
    client.post("/language/", {"language": "en", "next": "/login/"})
    assert client.get("/login/")["Content-Language"] == "en"


@pytest.mark.parametrize("given", [{}, {"language": "de"}, {"language": "\x00"}])
def test_an_unknown_choice_changes_nothing(client: Client, given: dict[str, str]) -> None:
    assert client.post("/language/", given).status_code == 302
    assert "django_language" not in client.cookies


@pytest.mark.parametrize("address", ["//evil.example", "\\\\evil.example", "javascript:alert(1)", "https:evil"])
@pytest.mark.parametrize("form", ["/language/", "/theme/"])
def test_choosing_never_leads_to_another_site(client: Client, form: str, address: str) -> None:
    assert client.post(form, {"language": "en", "theme": "dark", "next": address})["Location"] == "/"


def test_a_page_that_is_not_there_speaks_the_profiles_language() -> None:
    page = signed_in(OperatorFactory(language="en")).get("/no/such/page/")
    assert page.status_code == 404
    assert "No such page" in text_of(page)


def test_the_thread_is_given_back_as_it_was() -> None:
    reader = OperatorFactory(language="en")
    assert signed_in(reader).get("/profile/")["Content-Language"] == "en"
    assert rest(reader).get("me/")["Content-Language"] == "en"
    assert get_language() == "ru"
