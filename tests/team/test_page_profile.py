"""The profile: what a colleague says of themselves, and their password."""

import pytest
from django.test import Client

from team.models import User
from tests.factories import PASSWORD, OperatorFactory
from tests.pages import HOSTILE, signed_in, text_of

pytestmark = pytest.mark.django_db

ABOUT = {"name": "Анна Седова", "email": "anna@firm.example", "language": "ru", "theme": "light"}


def test_it_is_for_who_is_signed_in(client: Client) -> None:
    assert client.get("/profile/")["Location"].startswith("/login/")
    assert client.post("/profile/", ABOUT)["Location"].startswith("/login/")


def test_what_is_changed_is_kept_and_shown() -> None:
    user = OperatorFactory()
    client = signed_in(user)
    response = client.post("/profile/", ABOUT, follow=True)
    assert "Сохранено" in text_of(response)
    kept = User.objects.get(pk=user.pk)
    assert {name: getattr(kept, name) for name in ABOUT} == ABOUT


def test_a_new_language_speaks_at_once() -> None:
    response = signed_in(OperatorFactory()).post("/profile/", {**ABOUT, "language": "en"}, follow=True)
    assert response["Content-Language"] == "en"
    assert "Saved" in text_of(response)


def test_an_e_mail_belongs_to_one_colleague() -> None:
    OperatorFactory(email="Anna@firm.example")
    response = signed_in(OperatorFactory()).post("/profile/", ABOUT)
    assert response.status_code == 422
    assert "Эта почта уже у другого сотрудника" in text_of(response)


@pytest.mark.parametrize(
    "wrong",
    [{"name": ""}, {"name": "\x00"}, {"email": "x"}, {"language": "de"}, {"theme": "pink"}, {"name": "a" * 999}],
)
def test_wrong_values_are_told_and_change_nothing(wrong: dict[str, str]) -> None:
    user = OperatorFactory()
    assert signed_in(user).post("/profile/", {**ABOUT, **wrong}).status_code == 422
    assert User.objects.get(pk=user.pk).email == ""


def test_role_and_login_are_not_ones_own_to_change() -> None:
    user = OperatorFactory()
    signed_in(user).post("/profile/", {**ABOUT, "role": "admin", "username": "boss", "is_active": "0"})
    kept = User.objects.get(pk=user.pk)
    assert (kept.role, kept.username, kept.is_active) == ("operator", user.username, True)


def test_a_name_is_shown_as_text() -> None:
    page = signed_in(OperatorFactory(name=HOSTILE)).get("/profile/").content.decode()
    assert "<script>alert" not in page


def password(client: Client, present: str = PASSWORD, new: str = "другая длинная фраза", again: str = "") -> int:
    form = {"present": present, "new": new, "again": again or new}
    return client.post("/profile/password/", form).status_code


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one() -> None:
    user = OperatorFactory()
    here, elsewhere = signed_in(user), signed_in(user)
    assert password(here) == 302
    assert here.get("/profile/").status_code == 200
    assert elsewhere.get("/profile/").status_code == 302
    assert User.objects.get(pk=user.pk).check_password("другая длинная фраза")


@pytest.mark.parametrize(
    "wrong",
    [
        {"present": "wrong"},
        {"new": "short"},
        {"new": "password1234"},
        {"again": "ещё одна длинная фраза"},
        {"new": "x" * 200},
        {"new": "\x00" * 20},
    ],
)
def test_a_bad_password_changes_nothing(wrong: dict[str, str]) -> None:
    user = OperatorFactory()
    assert password(signed_in(user), **wrong) == 422
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)


def test_single_keys_work_until_they_are_switched_off() -> None:
    user = OperatorFactory()
    client = signed_in(user)
    assert user.shortcuts
    assert 'data-shortcuts="on"' in client.get("/profile/").content.decode()
    client.post("/profile/", ABOUT)
    assert 'data-shortcuts="off"' in client.get("/profile/").content.decode()
