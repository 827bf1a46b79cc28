"""The sign-in page: login or e-mail, what is said after a wrong password, and where one lands."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from team.models import User
from tests.factories import (
    PASSWORD,
    AdminFactory,
    LawyerFactory,
    ManagerFactory,
    OperatorFactory,
    UserFactory,
)
from tests.pages import signed_in, text_of

pytestmark = pytest.mark.django_db

FOREIGN = [
    "//evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "https:evil.example",
    "https://evil.example/leads/",
    "http:///evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "///evil.example",
    "\x08//evil.example",
    " //evil.example",
    "https://testserver@evil.example/",
]


def sign_in(client: Client, username: str, password: str = PASSWORD, **more: str):
    return client.post("/login/", {"username": username, "password": password, **more})


def test_the_login_opens_the_door(client: Client) -> None:
    response = sign_in(client, OperatorFactory().username)
    assert (response.status_code, response["Location"]) == (302, "/")


def test_the_work_e_mail_does_too_in_any_case(client: Client) -> None:
    OperatorFactory(email="anna@firm.example")
    assert sign_in(client, "Anna@Firm.example").status_code == 302


def test_an_e_mail_of_two_people_is_nobodys_login(client: Client) -> None:
    OperatorFactory(email="both@firm.example")
    OperatorFactory(email="both@firm.example")
    assert sign_in(client, "both@firm.example").status_code == 422


def test_a_colleague_who_left_stays_out(client: Client) -> None:
    assert sign_in(client, OperatorFactory(is_active=False).username).status_code == 422


def test_a_wrong_password_keeps_the_login_and_says_how_many_tries_are_left(client: Client) -> None:
    user = OperatorFactory()
    response = sign_in(client, user.username, "wrong")
    assert response.status_code == 422
    page = text_of(response)
    assert "Логин или пароль не подошли." in page
    assert "4 попытки" in page
    assert f'value="{user.username}"' in response.content.decode()
    assert "wrong" not in page


def test_an_unknown_login_is_answered_the_same(client: Client) -> None:
    assert "4 попытки" in text_of(sign_in(client, "nobody", "wrong"))


def test_guessing_by_e_mail_and_by_login_is_counted_together(client: Client) -> None:
    user = OperatorFactory(email="anna@firm.example")
    sign_in(client, user.username, "wrong")
    assert "3 попытки" in text_of(sign_in(client, user.email, "wrong"))


def test_a_closed_sign_in_says_until_when(client: Client) -> None:
    user = OperatorFactory()
    for _ in range(5):
        response = sign_in(client, user.username, "wrong")
    assert response.status_code == 429
    until = timezone.localtime(timezone.now() + timedelta(seconds=int(response["Retry-After"])))
    assert f"Вход закрыт до {until:%H:%M}" in text_of(response)


@pytest.mark.parametrize("name", ["\x00", "a" * 5000, "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), ""])
def test_odd_names_are_wrong_names(client: Client, name: str) -> None:
    assert sign_in(client, name, "wrong").status_code == 422


@pytest.mark.parametrize("address", FOREIGN)
def test_next_never_leads_to_another_site(client: Client, address: str) -> None:
    response = sign_in(client, OperatorFactory().username, next=address)
    assert (response.status_code, response["Location"]) == (302, "/")


def test_next_leads_back_to_the_page_that_was_asked_for(client: Client) -> None:
    assert client.get("/contacts/?q=1")["Location"] == "/login/?next=/contacts/%3Fq%3D1"
    assert sign_in(client, OperatorFactory().username, next="/contacts/?q=1")["Location"] == "/contacts/?q=1"


def test_without_remembering_the_session_ends_with_the_browser(client: Client) -> None:
    user = OperatorFactory()
    assert not sign_in(client, user.username).cookies[settings.SESSION_COOKIE_NAME]["max-age"]
    remembered = sign_in(Client(), user.username, remember="on")
    assert remembered.cookies[settings.SESSION_COOKIE_NAME]["max-age"] == 12 * 3600


def test_who_is_signed_in_is_not_asked_again() -> None:
    assert signed_in(OperatorFactory()).get("/login/").status_code == 302


@pytest.mark.parametrize(
    ("factory", "page"),
    [
        (OperatorFactory, "/day/"),
        (ManagerFactory, "/reports/team/"),
        (AdminFactory, "/reports/sources/"),
        (LawyerFactory, "/deals/?view=board&owner=me"),
    ],
)
def test_each_role_starts_on_its_page(factory: type[UserFactory], page: str) -> None:
    assert signed_in(factory()).get("/")["Location"] == page


def test_signing_out_takes_a_post() -> None:
    client = signed_in(OperatorFactory())
    assert client.get("/logout/").status_code == 405
    assert client.get("/profile/").status_code == 200
    assert client.post("/logout/")["Location"] == "/login/"
    assert client.get("/profile/").status_code == 302


def test_a_session_ends_when_its_owner_is_switched_off() -> None:
    user = OperatorFactory()
    client = signed_in(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.get("/profile/").status_code == 302
