"""POST leads/ with what nobody should send: the lead is taken, or the body is no JSON object at all."""

import time

import pytest

from leads.models import Lead
from tests import factories
from tests.rest import intake, rest

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]

PHONE = b'"phone": "+79161234567"'


def taken(body: bytes) -> Lead:
    answer = intake().send("POST", "leads/", b"{" + PHONE + b", " + body + b"}")
    assert answer.status_code == 201, answer.content
    lead = Lead.objects.get()
    assert lead.phone == "+79161234567"
    assert rest(factories.AdminFactory()).get("leads/").status_code == 200
    return lead


def nested(levels: int) -> bytes:
    return b'{"a":' * levels + b"1" + b"}" * levels


@pytest.mark.parametrize("deep", [b"[" * 100_000 + b"]" * 100_000, nested(21), nested(30_000)], ids=len)
def test_H01_a_utm_too_deep_becomes_null_and_the_rest_is_taken(deep: bytes) -> None:
    lead = taken(b'"utm": ' + deep + b', "city": "Ufa"')
    assert lead.utm is None
    assert lead.raw["utm"]
    assert lead.city == "Ufa"


def test_H01_a_utm_of_twenty_levels_is_kept() -> None:
    assert taken(b'"utm": ' + nested(20)).utm is not None


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"phone":' * 25_000, b"[" * 100_000 + b"]" * 100_000])
def test_H01_what_is_only_brackets_is_refused_at_once(body: bytes) -> None:
    client = intake()
    client.send("POST", "leads/", b"[]")
    began = time.perf_counter()
    answer = client.send("POST", "leads/", body)
    assert answer.status_code == 400
    assert set(answer.json()) == {"code", "detail"}
    assert time.perf_counter() - began < 0.5  # 0.1 s on a quiet machine


def test_H02_nul_inside_free_form_json_is_cleaned() -> None:
    lead = taken(rb'"utm": {"a\u0000": "b\u0000c", "n": ["\u0000"]}, "name": "\u0000Olga\u0000"')
    assert lead.utm == {"a": "bc", "n": [""]}
    assert lead.name == "Olga"


def test_H03_lone_surrogates_are_cleaned() -> None:
    lead = taken(rb'"utm": {"\udfff": "x\ud800y"}, "comment": "a\ud83d b", "external_id": "\ud800e1"')
    assert lead.utm == {"": "xy"}
    assert lead.comment == "a b"
    assert lead.external_id == "e1"


def test_H07_a_byte_order_mark_is_accepted() -> None:
    answer = intake().send("POST", "leads/", b"\xef\xbb\xbf{" + PHONE + b"}")
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{" + PHONE + b"}", "application/json; charset=windows-1251", 415),
        (b"{" + PHONE + b"}", "application/json; charset=nonsense", 415),
        (b"{" + PHONE + b"}", "", 415),
        (b"{" + PHONE + b"}", "text/plain", 415),
        (b"{" + PHONE + b"}", "*/*", 415),
        (b"phone=%2B79161234567", "application/x-www-form-urlencoded", 415),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x", 415),
        (b"--x\r\nbroken", "multipart/form-data", 415),
        (b'{"phone": "\xff\xfe"}', "application/json", 400),
        ('{"phone": "+79161234567"}'.encode("utf-16"), "application/json", 400),
        (b'{"phone": ', "application/json", 400),
        (b"", "application/json", 400),
        (b"not json", "application/json", 400),
    ],
)
def test_H08_nothing_is_guessed_about_the_encoding(body: bytes, content_type: str, status: int) -> None:
    answer = intake().send("POST", "leads/", body, content_type)
    assert answer.status_code == status
    assert answer["Content-Type"].startswith("application/json")
    assert Lead.objects.count() == 0


@pytest.mark.parametrize("number", [b"NaN", b"-Infinity", b"1e400", b"5" * 5000, b"-1", b"1e13", b"true", b'"much"'])
def test_H09_a_bad_number_becomes_null_and_is_kept_raw(number: bytes) -> None:
    lead = taken(b'"debt_amount": ' + number)
    assert lead.debt_amount is None
    assert "debt_amount" in lead.raw
    assert lead.raw["debt_amount"] is not None


def test_H09_a_bad_number_inside_utm_does_not_lose_the_rest_of_it() -> None:
    assert taken(b'"utm": {"a": NaN, "b": "c"}').utm == {"a": None, "b": "c"}


@pytest.mark.parametrize("wrong", [b'{"a": 1}', b"[1]", b"true", b"12", b"[[]]"])
@pytest.mark.parametrize("field", ["name", "email", "comment", "city", "source", "utm"])
def test_H10_a_wrong_typed_field_is_left_empty_and_kept_raw(field: str, wrong: bytes) -> None:
    if field == "utm" and wrong == b'{"a": 1}':
        return
    lead = taken(f'"{field}": '.encode() + wrong)
    assert field in lead.raw
    assert lead.source.code == "unknown"


def test_H10_null_is_no_value() -> None:
    assert taken(b'"name": null, "utm": null, "debt_amount": null, "arrived_at": null').raw == {}


def test_H10_of_equal_keys_the_last_wins() -> None:
    assert taken(b'"name": "A", "name": "B"').name == "B"


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"12", b"true", b"[{}]"])
def test_H10_what_is_no_object_is_refused(body: bytes) -> None:
    answer = intake().send("POST", "leads/", body)
    assert answer.status_code == 400
    assert set(answer.json()) == {"code", "detail"}


def test_H10_a_phone_may_be_a_number() -> None:
    answer = intake().send("POST", "leads/", b'{"phone": 79161234567}')
    assert answer.json()["phone"] == "+79161234567"


@pytest.mark.parametrize("phone", [b"{}", b"[1]", b"true", b"NaN", b"1e400", b"5" * 5000])
def test_H10_an_odd_phone_makes_a_lead_without_a_card(phone: bytes) -> None:
    answer = intake().send("POST", "leads/", b'{"phone": ' + phone + b"}")
    assert answer.status_code in {201, 400}
    if answer.status_code == 400:
        assert set(answer.json()) == {"phone", "email"}


def test_H14_an_over_long_text_is_cut_and_kept_raw() -> None:
    lead = taken(b'"name": "' + b"x" * 10_000 + b'"')
    assert len(lead.name) == 200
    assert len(lead.raw["name"]) == 10_000


def test_H20_what_the_server_decides_is_ignored() -> None:
    lead = taken(
        b'"id": 777, "status": "contract", "version": 9, "created_at": "2001-01-01T00:00:00Z", "duplicate_of": 1,'
        b' "responsible": 1, "owner": 1, "role": "admin", "contact": 5, "reached_contract_at": "2001-01-01T00:00:00Z",'
        b' "milestones": {"contract": "2001-01-01T00:00:00Z"}, "junk_reason": "refused"'
    )
    assert lead.pk != 777
    assert (lead.status, lead.version, lead.junk_reason, lead.duplicate_of_id) == ("new", 1, "", None)
    assert lead.responsible_id is None
    assert lead.reached_contract_at is None
    assert lead.created_at.year > 2001
