"""People and keys in the admin."""

import re
from datetime import timedelta

import pytest

from crm import clock
from team.models import ApiKey, User
from tests.factories import AdminFactory, ApiKeyFactory, OperatorFactory, header
from tests.pages import signed_in

pytestmark = pytest.mark.django_db

STRONG = "correct horse battery"


def person(**changes: str) -> dict[str, str]:
    return {"username": "orlov", "name": "Денис Орлов", "email": "orlov@example.org", "role": "operator", **changes}


def added(**changes: str) -> dict[str, str]:
    return person(**{"password1": STRONG, "password2": STRONG, **changes})


def test_a_colleague_is_added_with_a_password_and_signs_in() -> None:
    client = signed_in(AdminFactory())
    assert client.post("/admin/team/user/add/", added()).status_code == 302
    user = User.objects.get(username="orlov")
    assert (user.role, user.is_active, user.check_password(STRONG)) == ("operator", True, True)
    assert STRONG not in client.get(f"/admin/team/user/{user.pk}/change/").content.decode()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"password2": "another one entirely"}, "password2"),
        ({"password1": "", "password2": ""}, "password1"),
        ({"password1": "short", "password2": "short"}, "password1"),
        ({"password1": "orlov@example.org", "password2": "orlov@example.org"}, "password1"),
        ({"role": "owner"}, "role"),
        ({"username": "admin\x00"}, "username"),
        ({"email": "TAKEN@example.org"}, "email"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(changes: dict[str, str], field: str) -> None:
    OperatorFactory(email="taken@example.org")
    before = User.objects.count()
    answer = signed_in(AdminFactory()).post("/admin/team/user/add/", added(**changes))
    assert answer.status_code == 200
    assert field in answer.context["adminform"].errors
    assert User.objects.count() == before + 1  # the administrator


def test_a_colleague_changes_role_password_and_is_switched_off() -> None:
    user = OperatorFactory(username="orlov")
    client = signed_in(AdminFactory())
    page = f"/admin/team/user/{user.pk}/change/"
    assert (
        client.post(page, person(role="manager", is_active="on", password1=STRONG, password2=STRONG)).status_code == 302
    )
    user.refresh_from_db()
    assert (user.role, user.is_active, user.check_password(STRONG)) == ("manager", True, True)
    assert client.post(page, person(role="manager")).status_code == 302
    user.refresh_from_db()
    assert not user.is_active
    assert user.check_password(STRONG)
    assert client.post(f"/admin/team/user/{user.pk}/delete/", {"post": "yes"}).status_code == 403


def test_nobody_raises_lowers_or_switches_off_themselves() -> None:
    admin = AdminFactory()
    client = signed_in(admin)
    page = f"/admin/team/user/{admin.pk}/change/"
    sent = person(name="Новое имя", role="operator", is_superuser="", is_staff="", username="other")
    assert client.post(page, sent).status_code == 302
    after = User.objects.get(pk=admin.pk)
    assert (after.name, after.role, after.is_active, after.username) == ("Новое имя", "admin", True, admin.username)


def test_a_key_is_shown_once_and_works() -> None:
    user = OperatorFactory()
    client = signed_in(AdminFactory())
    sent = {"user": user.pk, "kind": "intake", "name": "Лендинг"}
    page = client.post("/admin/team/apikey/add/", sent, follow=True).content.decode()
    secret = re.search(r"Ключ, показывается один раз: ([\w-]{43})", page)[1]
    key = ApiKey.objects.get()
    assert (key.user, key.kind, key.name, key.expires_at) == (user, "intake", "Лендинг", None)
    assert ApiKey.objects.find(secret, clock.now()) == key
    for again in ("/admin/team/apikey/", f"/admin/team/apikey/{key.pk}/change/"):
        shown = client.get(again).content.decode()
        assert secret not in shown
        assert key.digest not in shown


def test_a_key_may_expire_but_not_in_the_past() -> None:
    user = OperatorFactory()
    client = signed_in(AdminFactory())
    for days, keys in ((-1, 0), (10, 1)):
        moment = clock.now() + timedelta(days=days)
        when = {"expires_at_0": moment.strftime("%d.%m.%Y"), "expires_at_1": moment.strftime("%H:%M:%S")}
        answer = client.post("/admin/team/apikey/add/", {"user": user.pk, "kind": "full", "name": "", **when})
        assert ApiKey.objects.count() == keys
        assert ("expires_at" in answer.context["adminform"].errors) if not keys else answer.status_code == 302
    assert ApiKey.objects.get().expires_at is not None


def test_keys_are_withdrawn_and_never_edited(client) -> None:
    key = ApiKeyFactory(name="старый")
    admin = signed_in(AdminFactory())
    assert client.get("/api/v1/me/", headers=header(key)).status_code == 200
    page = f"/admin/team/apikey/{key.pk}/change/"
    assert admin.post(page, {"user": key.user_id, "kind": "full", "name": "x", "digest": "0" * 64}).status_code == 403
    admin.post("/admin/team/apikey/", {"action": "revoke", "_selected_action": key.pk})
    assert client.get("/api/v1/me/", headers=header(key)).status_code == 401
    key.refresh_from_db()
    assert (key.name, key.revoked_at is None) == ("старый", False)
