"""The second factor: a code from an app after the password, for all who may have it and for some who must (S05)."""

import base64
import hashlib
import hmac
import re
import struct

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from crm import clock
from team.models import RecoveryCode, SecondFactor, User
from team.sealing import seal
from tests.conftest import Frozen
from tests.factories import PASSWORD, AdminFactory, LawyerFactory, ManagerFactory, OperatorFactory
from tests.pages import signed_in, text_of
from tests.rest import rest

pytestmark = [pytest.mark.django_db, pytest.mark.shared, pytest.mark.usefixtures("frozen")]
PAGE = "/profile/second-factor/"


def code_of(secret: str, *, steps: int = 0) -> str:
    """What an app shows for a typed secret now, or some half minutes later (RFC 6238, written down once more)."""
    counter = int(clock.now().timestamp()) // 30 + steps
    digest = hmac.digest(base64.b32decode(secret.replace(" ", "")), struct.pack(">Q", counter), hashlib.sha1)
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def set_up(client: Client, frozen: Frozen) -> tuple[str, list[str]]:
    """Set a second factor up on its page; the secret and the recovery codes."""
    page = client.get(PAGE).content.decode()
    secret = re.search(r'<code class="secret">([A-Z2-7 ]+)</code>', page)[1]
    answer = client.post(PAGE, {"code": code_of(secret), "do": "confirm"})
    assert answer.status_code == 200
    frozen.move(seconds=30)
    return secret, re.findall(r"<li><code>([a-z0-9 ]+)</code>", answer.content.decode())


def password(user: User, **more: str) -> Client:
    client = Client()
    assert client.post("/login/", {"username": user.username, "password": PASSWORD, **more}).status_code == 302
    return client


def is_in(client: Client) -> bool:
    return client.get("/profile/").status_code == 200


def test_S05_with_a_second_factor_the_password_alone_opens_nothing(frozen: Frozen) -> None:
    user = OperatorFactory()
    secret, codes = set_up(signed_in(user), frozen)
    assert len(set(codes)) == 10
    client = Client()
    sent = {"username": user.username, "password": PASSWORD, "next": "/contacts/"}
    assert client.post("/login/", sent)["Location"] == "/login/code/"
    assert not is_in(client)
    assert client.get("/login/code/").status_code == 200
    assert client.post("/login/code/", {"code": code_of(secret, steps=5)}).status_code == 422
    assert not is_in(client)
    assert client.post("/login/code/", {"code": code_of(secret)})["Location"] == "/contacts/"
    assert is_in(client)
    assert "Настроен" in text_of(client.get("/profile/"))


def test_a_code_is_asked_for_after_a_password_only_and_not_for_long(frozen: Frozen) -> None:
    user = OperatorFactory()
    secret, _codes = set_up(signed_in(user), frozen)
    assert Client().post("/login/code/", {"code": code_of(secret)})["Location"] == "/login/"
    client = password(user)
    frozen.move(minutes=6)
    assert client.post("/login/code/", {"code": code_of(secret)})["Location"] == "/login/"
    left = password(user)
    User.objects.update(is_active=False)
    assert left.post("/login/code/", {"code": code_of(secret)})["Location"] == "/login/"


def test_a_code_opens_once(frozen: Frozen) -> None:
    user = OperatorFactory()
    secret, codes = set_up(signed_in(user), frozen)
    for code in (code_of(secret), codes[0].upper()):
        assert password(user).post("/login/code/", {"code": code}).status_code == 302
        assert password(user).post("/login/code/", {"code": code}).status_code == 422
    assert password(user).post("/login/code/", {"code": codes[1]}).status_code == 302


def test_five_wrong_codes_close_the_door_for_a_while_also_to_the_right_one(frozen: Frozen) -> None:
    user = OperatorFactory()
    secret, _codes = set_up(signed_in(user), frozen)
    tries = [password(user).post("/login/code/", {"code": "000000"}) for _ in range(5)]
    assert [answer.status_code for answer in tries] == [422, 422, 422, 422, 429]
    assert "Осталась 1 попытка" in text_of(tries[3])
    refused = password(user).post("/login/code/", {"code": code_of(secret)})
    assert (refused.status_code, refused["Retry-After"]) == (429, "900")
    frozen.move(minutes=15, seconds=1)
    assert password(user).post("/login/code/", {"code": code_of(secret)}).status_code == 302


@pytest.mark.parametrize("factory", [AdminFactory, ManagerFactory])
def test_who_administers_or_exports_gets_nowhere_without_one(frozen: Frozen, settings, factory) -> None:
    settings.SECOND_FACTOR = True
    user = factory()
    client = password(user)
    for page in ("/", "/leads/", "/exports/", "/admin/", "/admin/team/user/"):
        assert client.get(page)["Location"] == PAGE
    assert client.post("/exports/new/leads/", {"format": "csv", "reason": "x"})["Location"] == PAGE
    assert client.get("/api/v1/leads/").json()["code"] == "second_factor_due"
    assert client.get("/notices/news/", headers={"HX-Request": "true"}).status_code == 204
    assert "Настройте второй фактор, чтобы продолжить" in text_of(client.get(PAGE))
    secret, _codes = set_up(client, frozen)
    assert client.get("/exports/").status_code == 200
    assert client.post(PAGE, {"code": code_of(secret), "do": "off"}).status_code == 422
    assert rest(user).get("leads/").status_code == 200, "a key is a secret of its own"


@pytest.mark.parametrize("factory", [OperatorFactory, LawyerFactory])
def test_others_may_go_without(frozen: Frozen, settings, factory) -> None:
    settings.SECOND_FACTOR = True
    assert is_in(password(factory()))


def test_a_session_from_before_it_was_set_up_ends(frozen: Frozen, settings) -> None:
    user = ManagerFactory()
    here, there, forced = password(user), password(user), signed_in(user)
    set_up(here, frozen)
    assert [is_in(client) for client in (here, there)] == [True, False]
    settings.SECOND_FACTOR = True
    assert forced.get(PAGE)["Location"] == "/login/", "not even to the codes"
    assert not is_in(forced)


def test_its_owner_gets_new_codes_and_switches_it_off_with_a_code_only(frozen: Frozen) -> None:
    client = signed_in(user := OperatorFactory())
    secret, old = set_up(client, frozen)
    for do in ("renew", "off"):
        assert client.post(PAGE, {"code": "123456", "do": do}).status_code == 422
    answer = client.post(PAGE, {"code": code_of(secret), "do": "renew"})
    assert len(re.findall(r"<li><code>", answer.content.decode())) == 10
    assert password(user).post("/login/code/", {"code": old[0]}).status_code == 422
    frozen.move(seconds=30)
    assert client.post(PAGE, {"code": code_of(secret), "do": "off"})["Location"] == "/profile/"
    assert is_in(password(user))
    assert SecondFactor.objects.get().ended_by == user


def test_another_administrator_resets_it_which_stays_on_record(frozen: Frozen) -> None:
    user, admin = AdminFactory(), AdminFactory()
    client = password(user)
    set_up(client, frozen)
    factor = SecondFactor.objects.get()
    chosen = {"action": "reset", "_selected_action": factor.pk}
    client.post("/admin/team/secondfactor/", chosen)
    factor.refresh_from_db()
    assert factor.ended_at is None, "not one's own"
    signed_in(admin).post("/admin/team/secondfactor/", chosen)
    factor.refresh_from_db()
    assert (factor.ended_by, factor.sealed, factor.ended_at is None) == (admin, "", False)
    assert not is_in(client)
    assert is_in(password(user))
    assert admin.name in text_of(signed_in(admin).get("/admin/team/secondfactor/?ended_at__isempty=0"))


def test_S11_neither_secret_nor_codes_lie_open_in_the_database_and_SECRET_KEY_can_be_changed(
    frozen: Frozen, settings
) -> None:
    user = OperatorFactory()
    secret, codes = set_up(signed_in(user), frozen)
    stored = f"{SecondFactor.objects.values().get()} {list(RecoveryCode.objects.values())}"
    plain = secret.replace(" ", "")
    for open_form in (plain, base64.b32decode(plain).hex(), codes[0].replace(" ", "")):
        assert open_form not in stored
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another key that signs and seals from now on, 0123456789"
    settings.SECRET_KEY_FALLBACKS = [old]
    assert password(user).post("/login/code/", {"code": code_of(secret)}).status_code == 302
    settings.SECRET_KEY_FALLBACKS = []
    frozen.move(seconds=30)
    assert password(user).post("/login/code/", {"code": code_of(secret)}).status_code == 302, "sealed anew when used"
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = old, [settings.SECRET_KEY]
    call_command("reseal", verbosity=0)
    settings.SECRET_KEY_FALLBACKS = []
    frozen.move(seconds=30)
    assert password(user).post("/login/code/", {"code": code_of(secret)}).status_code == 302
    SecondFactor.objects.update(sealed=seal(b"x" * 20)[:-4])
    assert password(user).post("/login/code/", {"code": code_of(secret)}).status_code == 422
    with pytest.raises(CommandError):
        call_command("reseal", verbosity=0)
