"""`manage.py apikey`: the key alone on the last line."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from team.models import ApiKey
from tests import factories
from tests.rest import BASE

pytestmark = pytest.mark.django_db


def issue(*arguments: str) -> str:
    out = StringIO()
    call_command("apikey", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue().splitlines()[-1]


def test_a_key_with_the_users_rights(client: object) -> None:
    user = factories.ManagerFactory(username="boris")
    key = issue("boris")
    assert " " not in key
    answer = client.get(BASE + "me/", headers={"Authorization": f"Token {key}"})  # type: ignore[attr-defined]
    assert answer.json()["id"] == user.pk


def test_an_intake_key() -> None:
    factories.AdminFactory(username="admin")
    issue("admin", "--intake", "--name", "landing page")
    key = ApiKey.objects.get()
    assert (key.kind, key.name) == ("intake", "landing page")


def test_nobody_and_somebody_who_left_get_none() -> None:
    factories.OperatorFactory(username="left", is_active=False)
    with pytest.raises(CommandError, match="nobody"):
        issue("nobody")
    with pytest.raises(CommandError, match="switched off"):
        issue("left")
    assert ApiKey.objects.count() == 0
