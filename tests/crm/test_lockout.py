"""Guessing a password: five tries per name and address, then 429 with the time to wait."""

from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from tests.factories import PASSWORD, OperatorFactory

pytestmark = pytest.mark.django_db


def sign_in(client: Client, username: str, password: str, address: str = "192.0.2.1") -> HttpResponse:
    return client.post("/login/", {"username": username, "password": password}, REMOTE_ADDR=address)


def test_the_sixth_guess_is_told_to_wait_even_with_the_right_password(client: Client) -> None:
    user = OperatorFactory()
    tries = [sign_in(client, user.username, "wrong").status_code for _ in range(4)]
    assert 429 not in tries
    sign_in(client, user.username, "wrong")
    refused = sign_in(client, user.username, PASSWORD)
    assert refused.status_code == 429
    assert 895 <= int(refused["Retry-After"]) <= 900
    until = timezone.localtime(timezone.now() + timedelta(seconds=int(refused["Retry-After"])))
    assert f"Вход закрыт до {until:%H:%M}" in refused.content.decode()


def test_other_names_and_other_addresses_are_not_locked(client: Client) -> None:
    one, other = OperatorFactory(), OperatorFactory()
    for _ in range(6):
        sign_in(client, one.username, "wrong")
    assert sign_in(client, other.username, PASSWORD).status_code == 302
    assert sign_in(Client(), one.username, PASSWORD, address="192.0.2.2").status_code == 302


def test_a_forged_address_does_not_help_the_guesser(client: Client) -> None:
    user = OperatorFactory()
    for n in range(6):
        answer = client.post(
            "/login/",
            {"username": user.username, "password": "wrong"},
            REMOTE_ADDR="192.0.2.1",
            HTTP_X_FORWARDED_FOR=f"198.51.100.{n}",
        )
    assert answer.status_code == 429


def test_a_success_forgets_the_failures_before_it(client: Client) -> None:
    user = OperatorFactory()
    for _ in range(3):
        for _ in range(4):
            sign_in(client, user.username, "wrong")
        assert sign_in(client, user.username, PASSWORD).status_code == 302
