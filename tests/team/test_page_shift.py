"""Presence: who is given leads says on the top bar whether they are on line."""

import pytest
from django.test import Client

from team.actions import shift_state
from tests.factories import ManagerFactory, OperatorFactory
from tests.pages import signed_in, text_of

pytestmark = pytest.mark.django_db


def test_an_operator_goes_on_line_and_back() -> None:
    user = OperatorFactory()
    client = signed_in(user)
    assert "Не в сети" in text_of(client.get("/profile/"))
    for state in ("on", "break", "off"):
        assert client.post("/shift/", {"state": state, "next": "/profile/"})["Location"] == "/profile/"
        assert shift_state(user.pk) == state


def test_a_head_has_no_presence_to_show() -> None:
    assert "presence" not in signed_in(ManagerFactory()).get("/profile/").content.decode()


@pytest.mark.parametrize("state", ["", "away", "\x00"])
def test_an_unknown_state_changes_nothing(state: str) -> None:
    user = OperatorFactory()
    assert signed_in(user).post("/shift/", {"state": state}).status_code == 302
    assert shift_state(user.pk) == "off"


def test_it_takes_a_post_of_somebody_signed_in(client: Client) -> None:
    assert client.post("/shift/", {"state": "on"})["Location"].startswith("/login/")
    assert signed_in(OperatorFactory()).get("/shift/").status_code == 405
