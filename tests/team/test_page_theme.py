"""The theme: as in the system unless chosen, and then rendered by the server so that nothing flashes."""

import pytest
from django.test import Client

from team.models import User
from tests.factories import OperatorFactory
from tests.pages import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.shared]


def test_the_system_decides_at_first(client: Client) -> None:
    assert "data-theme" not in client.get("/login/").content.decode()


def test_a_strangers_choice_is_kept_in_the_cookie(client: Client) -> None:
    client.post("/theme/", {"theme": "dark", "next": "/login/"})
    assert 'data-theme="dark"' in client.get("/login/").content.decode()


def test_a_colleagues_choice_is_kept_in_the_profile() -> None:
    user = OperatorFactory()
    client = signed_in(user)
    client.post("/theme/", {"theme": "dark"})
    assert User.objects.get(pk=user.pk).theme == "dark"
    assert 'data-theme="dark"' in signed_in(user).get("/profile/").content.decode()


def test_a_forged_cookie_is_shown_to_nobody(client: Client) -> None:
    client.cookies["theme"] = '"><script>'
    assert "<script>" not in client.get("/login/").content.decode().replace("<script src", "")
    assert client.post("/theme/", {"theme": "pink"}).status_code == 302


def test_a_get_changes_nothing(client: Client) -> None:
    assert client.get("/theme/").status_code == 405
    assert client.get("/language/").status_code == 405
