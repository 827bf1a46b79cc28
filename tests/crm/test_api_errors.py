"""Every refusal of the API is JSON of one shape, whatever went wrong and wherever."""

import io
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client, override_settings

from crm.errors import Busy
from tests import factories
from tests.rest import BASE, Rest, intake, rest

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


def error(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"].startswith("application/json")
    assert {"code", "detail"} <= set(answer.json())
    return answer.json()


@pytest.mark.parametrize(
    "path", ["nonsense/", "leads", "leads/abc/", "leads/1", "leads/" + "9" * 30 + "/", "leads/-1/", "", "leads/1/x/"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_address_is_404(path: str, method: str) -> None:
    assert error(Rest().send(method, path, b"{}"), 404)["code"] == "not_found"
    assert error(rest(factories.AdminFactory()).send(method, path, b"{}"), 404)


def test_an_unknown_version_of_the_api_is_404() -> None:
    assert error(Client().get("/api/v2/leads/"), 404)
    assert error(Client().get("/api/"), 404)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "leads/"), ("DELETE", "leads/"), ("PATCH", "leads/"), ("DELETE", "leads/1/"), ("PUT", "leads/1/"),
        ("GET", "leads/1/transition/"), ("GET", "leads/1/touches/"), ("DELETE", "deals/1/"), ("GET", "shift/"),
        ("POST", "tasks/"), ("OPTIONS", "leads/"), ("TRACE", "leads/"), ("POST", "me/"), ("FOO", "leads/"),
    ],
)  # fmt: skip
def test_a_wrong_method_is_405(method: str, path: str) -> None:
    assert error(rest(factories.AdminFactory()).send(method, path, b"{}"), 405)["code"] == "method_not_allowed"


def test_an_answer_that_is_not_json_is_406() -> None:
    client = rest(factories.AdminFactory()).client
    assert error(client.get(BASE + "leads/", headers={"Accept": "text/html"}), 406)
    assert client.get(BASE + "leads/", headers={"Accept": "text/html, */*;q=0.1"}).status_code == 200


@pytest.mark.parametrize("size", [256 * 1024 + 1, 10 * 1024 * 1024])
@pytest.mark.parametrize("path", ["leads/", "leads/1/", "nonsense/", "shift/"])
def test_H06_a_body_over_the_limit_is_413(size: int, path: str) -> None:
    body = b'{"phone": "+79161234567", "comment": "' + b"x" * size + b'"}'
    assert error(intake().send("POST", path, body), 413)["code"] == "too_large"
    assert error(Rest().send("POST", path, body), 413)


@pytest.mark.parametrize(("language", "said"), [("ru", "Запрос слишком большой"), ("en", "The request is too large")])
def test_too_large_a_body_is_refused_in_the_language_of_the_keys_user(language: str, said: str) -> None:
    client = rest(factories.OperatorFactory(language=language)).client
    client.cookies["django_language"] = "ru" if language == "en" else "en"
    answer = client.post(BASE + "leads/", b"x" * 300_000, content_type="application/json")
    assert said in error(answer, 413)["detail"]
    assert answer["Content-Language"] == language


def test_H06_a_body_at_the_limit_is_taken() -> None:
    start, end = b'{"phone": "+79161234567", "comment": "', b'"}'
    body = start + b"x" * (256 * 1024 - len(start) - len(end)) + end
    assert intake().send("POST", "leads/", body).status_code == 201


class Endless(io.RawIOBase):
    """A chunked body that never ends; counts what was read of it."""

    def __init__(self) -> None:
        self.taken = 0

    def read(self, size: int = -1) -> bytes:
        assert size >= 0, "nobody may ask for all of it"
        self.taken += size
        return b"x" * size


def test_H06_a_body_without_content_length_is_bounded_too() -> None:
    body = Endless()
    key = factories.ApiKeyFactory(kind="intake")
    answer = Client().post(
        BASE + "leads/",
        content_type="application/json",
        headers=factories.header(key),
        **{"wsgi.input": body, "wsgi.input_terminated": True, "CONTENT_LENGTH": ""},
    )
    assert error(answer, 413)
    assert body.taken < 20 * 1024 * 1024


def test_H06_a_short_body_without_content_length_is_read() -> None:
    key = factories.ApiKeyFactory(kind="intake")
    answer = Client().post(
        BASE + "leads/",
        content_type="application/json",
        headers=factories.header(key),
        **{
            "wsgi.input": io.BytesIO(b'{"phone": "+79161234567"}'),
            "wsgi.input_terminated": True,
            "CONTENT_LENGTH": "",
        },
    )
    assert answer.status_code == 201


@pytest.mark.parametrize("failure", [Busy(), OperationalError("gone")])
def test_a_database_that_is_away_is_503_with_a_time_to_come_back(
    failure: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = intake()

    def fail(*_: Any, **__: Any) -> None:
        raise failure

    monkeypatch.setattr("leads.api.register_lead", fail)
    answer = client.post("leads/", {"phone": "+79161234567"})
    assert error(answer, 503)["code"] == "busy"
    assert int(answer["Retry-After"]) > 0


def test_a_database_that_is_away_already_at_the_key_is_503(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OperationalError("gone")

    client = intake()
    monkeypatch.setattr("team.authentication.ApiKey.objects.find", fail)
    assert error(client.post("leads/", {"phone": "+79161234567"}), 503)


@override_settings(DEBUG=True)
def test_a_bug_is_500_as_json_without_its_innards(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret innards")

    monkeypatch.setattr("leads.api.register_lead", fail)
    key = factories.ApiKeyFactory(kind="intake")
    client = Client(raise_request_exception=False, headers=factories.header(key))
    answer = client.post(BASE + "leads/", {"phone": "+79161234567"}, content_type="application/json")
    assert error(answer, 500)["code"] == "error"
    assert "innards" not in answer.content.decode()


def test_answers_with_personal_data_are_not_kept_by_anybody() -> None:
    assert rest(factories.AdminFactory()).get("leads/")["Cache-Control"] == "no-store"
