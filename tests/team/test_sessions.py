"""Sessions end in time, are seen by their person, and are ended by them, by a new password or another role (S03)."""

import pytest
from django.test import Client

from team.models import SignedIn, User
from team.sessions import browser_of
from tests.factories import PASSWORD, AdminFactory, OperatorFactory
from tests.pages import signed_in, text_of

pytestmark = pytest.mark.django_db
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/109.0 Safari/537.36"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0"


def enter(user: User, agent: str = CHROME, **more: str) -> Client:
    client = Client(headers={"User-Agent": agent})
    form = {"username": user.username, "password": PASSWORD, **more}
    assert client.post("/login/", form).status_code == 302
    return client


def is_in(client: Client) -> bool:
    return client.get("/profile/").status_code == 200


@pytest.fixture
def operator() -> User:
    return OperatorFactory()


def test_an_hour_without_work_ends_it(operator: User, frozen) -> None:
    client = enter(operator)
    frozen.move(minutes=60)
    assert is_in(client)
    frozen.move(minutes=60)
    assert is_in(client), "it worked an hour ago"
    frozen.move(minutes=61)
    assert not is_in(client)
    assert not SignedIn.objects.exists()


def test_what_a_page_asks_by_itself_is_no_work(operator: User, frozen) -> None:
    client = enter(operator)
    for _minute in range(4):
        frozen.move(minutes=16)
        client.get("/notices/news/")
    assert not is_in(client)


def test_who_chose_to_stay_is_in_for_twelve_hours_at_most(operator: User, frozen) -> None:
    client = enter(operator, remember="on")
    frozen.move(hours=12)
    assert is_in(client)
    frozen.move(seconds=1)
    assert not is_in(client)


def test_work_does_not_make_it_longer_than_twelve_hours(operator: User, frozen) -> None:
    client = enter(operator)
    for _half in range(24):
        frozen.move(minutes=30)
        assert is_in(client)
    frozen.move(minutes=1)
    assert not is_in(client)


def test_one_sees_where_one_is_signed_in_and_ends_it_there(operator: User, frozen) -> None:
    here, there, third = enter(operator), enter(operator, FIREFOX), enter(operator)
    stranger = enter(OperatorFactory())
    shown = text_of(here.get("/profile/"))
    assert "Chrome · Windows этот браузер" in shown
    assert "Firefox · Linux" in shown
    place = SignedIn.objects.get(browser="Firefox · Linux").pk
    stranger.post("/profile/sessions/", {"place": place})
    assert is_in(there), "another's session is not theirs to end"
    here.post("/profile/sessions/", {"place": place})
    assert [is_in(client) for client in (here, there, third)] == [True, False, True]
    here.post("/profile/sessions/", {"place": "others"})
    assert [is_in(client) for client in (here, third, stranger)] == [True, False, True]


@pytest.mark.parametrize("place", ["", "x", "9" * 30, "-1", "0", "\x00"])
def test_what_is_no_session_changes_nothing(operator: User, place: str) -> None:
    client = enter(operator)
    assert client.post("/profile/sessions/", {"place": place}).status_code == 302
    assert is_in(client)


def test_a_new_password_ends_the_others_and_this_one_stays(operator: User) -> None:
    here, there = enter(operator), enter(operator)
    new = "twelve letters and more 42"
    here.post("/profile/password/", {"present": PASSWORD, "new": new, "again": new})
    assert [is_in(here), is_in(there)] == [True, False]
    assert "этот браузер" in text_of(here.get("/profile/"))


def test_signing_out_takes_it_off_the_record(operator: User) -> None:
    client = enter(operator)
    client.post("/logout/")
    assert not SignedIn.objects.exists()


def test_another_role_ends_all(operator: User) -> None:
    client = enter(operator)
    admin = signed_in(AdminFactory())
    page = f"/admin/team/user/{operator.pk}/change/"
    form = admin.get(page).context["adminform"].form
    values = {
        name: field
        for name, field in form.initial.items()
        if isinstance(field, str | int | bool) and field is not False
    }
    assert admin.post(page, {**values, "role": "lawyer", "is_active": "on"}).status_code == 302
    assert User.objects.get(pk=operator.pk).role == "lawyer"
    assert not is_in(client)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (CHROME, "Chrome · Windows"),
        ("Mozilla/5.0 (Windows NT 6.1) Chrome/108 YaBrowser/22.11 Safari/537.36", "Yandex Browser · Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 16_0 like Mac OS X) Version/16.0 Safari/604.1", "Safari · iOS"),
        ("curl/8.0", ""),
        ("", ""),
    ],
)
def test_a_browser_is_named_shortly(agent: str, name: str) -> None:
    assert browser_of(agent) == name
