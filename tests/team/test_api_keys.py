"""Who may call: keys, their users, and how far an intake key reaches."""

from datetime import timedelta

import pytest

from crm import clock
from team.actions import revoke_key
from team.models import ApiKey
from tests import factories
from tests.rest import BASE, Rest, intake, rest

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "Token",
        "Token ",
        "Token nonsense",
        "Bearer nonsense",
        "Token \xff",
        "Token " + "x" * 5000,
        "Token a b",
    ],
)
def test_without_a_working_key_it_is_401(value: str | None, client: object) -> None:
    headers = {} if value is None else {"Authorization": value}
    answer = client.get(BASE + "me/", headers=headers)  # type: ignore[attr-defined]
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Token"
    assert set(answer.json()) == {"code", "detail"}


def test_a_key_has_its_users_rights_and_language() -> None:
    user = factories.ManagerFactory(language="en")
    me = rest(user).get("me/")
    assert me.status_code == 200
    assert {"id", "username", "name", "role"} <= set(me.json())
    assert (me.json()["username"], me.json()["role"]) == (user.username, "manager")
    assert rest(user).get("leads/1/").json()["detail"].startswith("There is no")
    russian = rest(factories.ManagerFactory()).get("leads/1/").json()
    assert russian["code"] == "not_found"
    assert russian["detail"].startswith("Такой записи нет")


def test_the_word_token_may_be_written_in_any_case() -> None:
    key = factories.ApiKeyFactory()
    client = Rest()
    for word in ("Token", "token", "TOKEN"):
        headers = {"Authorization": f"{word} {key.secret}"}
        assert client.client.get(BASE + "me/", headers=headers).status_code == 200


def test_a_disabled_user_an_expired_and_a_withdrawn_key_open_nothing() -> None:
    left = rest(factories.ManagerFactory(is_active=False))
    expired = Rest(factories.ApiKeyFactory())
    ApiKey.objects.filter(pk=expired.key.pk).update(expires_at=clock.now() - timedelta(seconds=1))
    withdrawn = factories.ApiKeyFactory()
    revoke_key(withdrawn.pk)
    for client in (left, expired, Rest(withdrawn)):
        assert client.get("me/").status_code == 401


def test_the_next_call_after_being_disabled_or_demoted_is_refused() -> None:
    user = factories.ManagerFactory()
    client = rest(user)
    assert client.get("users/").status_code == 200
    user.role = "operator"
    user.save()
    assert client.get("users/").status_code == 403
    user.is_active = False
    user.save()
    assert client.get("users/").status_code == 401


def test_use_is_noted_at_most_once_a_minute() -> None:
    key = factories.ApiKeyFactory()
    client = Rest(key)
    client.get("me/")
    first = ApiKey.objects.get(pk=key.pk).last_used_at
    assert first is not None
    client.get("me/")
    assert ApiKey.objects.get(pk=key.pk).last_used_at == first
    ApiKey.objects.filter(pk=key.pk).update(last_used_at=first - timedelta(minutes=2))
    client.get("me/")
    assert ApiKey.objects.get(pk=key.pk).last_used_at >= first


def test_a_session_calls_too_and_needs_its_csrf_token_to_write() -> None:
    from django.test import Client

    browser = Client(enforce_csrf_checks=True)
    browser.force_login(factories.ManagerFactory(), backend="django.contrib.auth.backends.ModelBackend")
    assert browser.get(BASE + "me/").status_code == 200
    answer = browser.post(BASE + "shift/", {"state": "on"}, content_type="application/json")
    assert answer.status_code == 403
    assert set(answer.json()) == {"code", "detail"}


def test_an_intake_key_only_posts_leads_and_touches() -> None:
    client = intake()
    lead = factories.lead()
    assert client.post("leads/", {"phone": "+79161234567"}).status_code == 201
    assert client.post(f"leads/{lead.pk}/touches/", {"channel": "call", "outcome": "busy"}).status_code == 201
    for path in ("leads/", f"leads/{lead.pk}/", "contacts/", "deals/", "tasks/", "sources/", "me/", "users/"):
        answer = client.get(path)
        assert (path, answer.status_code, answer.json()["code"]) == (path, 403, "forbidden")
    for path in (f"leads/{lead.pk}/transition/", f"leads/{lead.pk}/take/", f"leads/{lead.pk}/assign/", "shift/"):
        assert client.post(path, {"to": "visit", "state": "on"}).status_code == 403
    assert client.patch(f"leads/{lead.pk}/", {"name": "x"}).status_code == 403


def test_an_intake_key_works_whatever_its_users_role() -> None:
    key = factories.ApiKeyFactory(user=factories.LawyerFactory(), kind=ApiKey.Kind.INTAKE)
    answer = Rest(key).post("leads/", {"phone": "+79161234567"})
    assert (answer.status_code, answer.json()["responsible"]) == (201, None)
