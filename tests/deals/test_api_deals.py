"""GET/PATCH deals/, stages and hand-over."""

from typing import Any

import pytest

from deals.actions import EDITABLE
from deals.models import Deal, Stage
from history.models import Event
from sources.models import Source
from tests import factories
from tests.rest import Rest, queries_of, rest

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


@pytest.fixture
def manager() -> Rest:
    return rest(factories.ManagerFactory())


def ids(client: Rest, **parameters: Any) -> list[int]:
    answer = client.get("deals/", **parameters)
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


def test_a_deal_has_its_fields(manager: Rest) -> None:
    deal = factories.deal(number="12-Б")
    shown = manager.get(f"deals/{deal.pk}/").json()
    assert set(shown) == {
        "id", "number", "version", "created_at", "lead", "contact", "source", "responsible", "stage",
        "stage_changed_at", "amount", "prepayment", "contract_number", "contract_date", "comment", *EDITABLE,
    }  # fmt: skip
    assert shown == manager.get("deals/").json()["results"][0]
    assert (shown["lead"], shown["stage"], shown["amount"]) == (deal.lead_id, "documents", "150000.00")
    assert shown["contact"]["id"] == deal.contact_id
    assert shown["source"]["code"] == "site"


def test_filters(manager: Rest) -> None:
    lawyer = factories.LawyerFactory()
    first = factories.deal()
    second = factories.deal()
    Deal.objects.filter(pk=second.pk).update(
        stage=Stage.objects.get(code="filed"), source=Source.objects.get(code="vk_ads"), responsible=None
    )
    assert ids(manager) == [second.pk, first.pk]
    assert ids(manager, lead=first.lead_id) == [first.pk]
    assert ids(manager, contact=second.contact_id) == [second.pk]
    assert ids(manager, stage="filed") == [second.pk]
    assert ids(manager, source="vk") == [second.pk]
    assert ids(manager, responsible=lawyer.pk) == [first.pk] == ids(rest(lawyer), responsible="me")
    assert ids(manager, responsible="none") == [second.pk]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lead", "abc"), ("lead", "0"), ("lead", "9" * 30), ("lead", "1\x00"), ("lead", "9" * 5000), ("lead", "NaN"),
        ("contact", "-1"), ("stage", "nonsense"), ("stage", "\x00"), ("source", "nonsense %s"),
        ("responsible", "you"), ("ordering", "amount"), ("limit", "1e2"),
    ],
)  # fmt: skip
def test_H04_a_bad_value_is_400(manager: Rest, name: str, value: str) -> None:
    answer = manager.get("deals/", **{name: value})
    assert (answer.status_code, list(answer.json())) == (400, [name])


def test_fields_are_changed_under_a_version(manager: Rest) -> None:
    deal = factories.deal()
    body = {"amount": "200000", "prepayment": 5000, "contract_number": "77", "contract_date": "2026-11-20"}
    answer = manager.patch(f"deals/{deal.pk}/", {**body, "comment": "две\nстроки", "version": deal.version})
    assert answer.status_code == 200, answer.content
    assert answer.json()["amount"] == "200000.00"
    assert answer.json()["contract_date"] == "2026-11-20"
    assert answer.json()["version"] == deal.version + 1
    stale = manager.patch(f"deals/{deal.pk}/", {"comment": "x", "version": deal.version})
    assert (stale.status_code, stale.json()["code"]) == (409, "stale")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", "0"), ("amount", None), ("amount", "x"), ("amount", True), ("amount", "1e20"), ("amount", [1]),
        ("prepayment", "-1"), ("prepayment", "150000.01"), ("contract_number", 5), ("contract_number", "a\x00"),
        ("contract_number", "x" * 51), ("contract_date", "2026-02-30"), ("contract_date", 5), ("contract_date", {}),
        ("contract_date", "20260101T000000"), ("comment", None), ("comment", "\ud800"), ("comment", "x" * 10_001),
        ("version", "a"), ("version", 10**30), ("banks_count", -1), ("banks_count", 10**30), ("debt_total", "-1"),
        ("hearing_1_at", "2026-12-03"), ("filing_due", "soon"), ("next_payment", "0"), ("paid_later", "150000.01"),
        ("paid_later", None), ("court", "x" * 201), ("decision", None),
    ],
)  # fmt: skip
def test_what_is_wrong_is_400_by_field(manager: Rest, field: str, value: Any) -> None:
    deal = factories.deal()
    answer = manager.patch(f"deals/{deal.pk}/", {field: value})
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert Deal.objects.get(pk=deal.pk).version == deal.version


def test_a_contract_number_is_used_once(manager: Rest) -> None:
    first, second = factories.deal(number="12-Б"), factories.deal()
    answer = manager.patch(f"deals/{second.pk}/", {"contract_number": "12-Б"})
    assert (answer.status_code, list(answer.json())) == (400, ["contract_number"])
    assert first.number in answer.json()["contract_number"][0]


def test_H20_what_has_calls_of_its_own_is_not_patched(manager: Rest) -> None:
    deal = factories.deal()
    other = factories.lead()
    before = Deal.objects.filter(pk=deal.pk).values().get()
    body = {
        "id": 9, "lead": other.pk, "contact": other.contact_id, "source": "vk", "responsible": 1, "stage": "ruling",
        "created_at": "2001-01-01T00:00:00Z", "owner": 1,
    }  # fmt: skip
    assert manager.patch(f"deals/{deal.pk}/", body).status_code == 200
    assert Deal.objects.filter(pk=deal.pk).values().get() == before


def test_a_move_takes_what_its_stage_goes_with_and_the_rest_is_patched(manager: Rest) -> None:
    deal = factories.deal()
    told = {"filed_on": "2026-11-12", "case_number": "А55-1/2026", "decision": "рано"}
    moved = manager.post(f"deals/{deal.pk}/stage/", {"stage": "filed", **told}).json()
    assert (moved["filed_on"], moved["case_number"], moved["decision"]) == ("2026-11-12", "А55-1/2026", "")
    fields = {
        "hearing_1_at": "2026-12-03T10:30:00+03:00", "court": "АС Самарской области", "debt_total": "1240000.00",
        "banks_count": 5, "paid_later": "7500.00", "next_payment_on": "2026-12-06", "filed_on": None,
    }  # fmt: skip
    shown = manager.patch(f"deals/{deal.pk}/", fields).json()
    assert {name: shown[name] for name in fields} == fields


def test_any_stage_may_follow_any_and_history_keeps_it(manager: Rest) -> None:
    deal = factories.deal()
    for stage in ("ruling", "filed", "hearing_2", "documents"):
        answer = manager.post(f"deals/{deal.pk}/stage/", {"stage": stage})
        assert (answer.status_code, answer.json()["stage"]) == (200, stage)
    assert Event.objects.filter(kind="stage", deal=deal).count() == 4
    stale = manager.post(f"deals/{deal.pk}/stage/", {"stage": "ruling", "version": 1})
    assert (stale.status_code, stale.json()["code"]) == (409, "stale")


@pytest.mark.parametrize("stage", [None, "", "nonsense", 5, [], "a\x00", "x" * 51])
def test_an_unknown_stage_is_400(manager: Rest, stage: Any) -> None:
    deal = factories.deal()
    answer = manager.post(f"deals/{deal.pk}/stage/", {"stage": stage})
    assert (answer.status_code, list(answer.json())) == (400, ["stage"])


def test_the_stages_come_in_their_order() -> None:
    rows = rest(factories.OperatorFactory()).get("deals/stages/").json()["results"]
    assert [row["code"] for row in rows] == [
        "documents",
        "filed",
        "hearing_1",
        "procedure_completed",
        "hearing_2",
        "ruling",
    ]
    assert rows[0]["name"] == "Сбор документов"


def test_a_manager_hands_a_deal_over(manager: Rest) -> None:
    deal, lawyer = factories.deal(), factories.LawyerFactory()
    answer = manager.post(f"deals/{deal.pk}/assign/", {"responsible": lawyer.pk})
    assert answer.json()["responsible"]["id"] == lawyer.pk
    operator = factories.OperatorFactory()
    assert manager.post(f"deals/{deal.pk}/assign/", {"responsible": operator.pk}).status_code == 400
    assert manager.post(f"deals/{deal.pk}/assign/", {"responsible": 10**30}).status_code == 400
    assert rest(lawyer).post(f"deals/{deal.pk}/assign/", {}).status_code == 403


def test_a_lawyer_works_own_deals_only() -> None:
    lawyer = factories.LawyerFactory()
    mine = factories.deal()
    theirs = factories.deal()
    Deal.objects.filter(pk=theirs.pk).update(responsible=factories.LawyerFactory())
    client = rest(lawyer)
    assert ids(client) == [mine.pk]
    assert client.patch(f"deals/{mine.pk}/", {"comment": "x"}).status_code == 200
    assert client.post(f"deals/{mine.pk}/stage/", {"stage": "filed"}).status_code == 200
    assert client.get(f"deals/{theirs.pk}/").status_code == 404
    assert client.patch(f"deals/{theirs.pk}/", {"amount": []}).status_code == 404
    assert client.post(f"deals/{theirs.pk}/stage/", {}).status_code == 404


def test_an_operator_has_no_deals() -> None:
    operator = factories.OperatorFactory()
    lead = factories.lead_in("contract", by=operator)
    client = rest(operator)
    assert client.get("deals/").status_code == 403
    assert client.get(f"deals/{lead.deal.pk}/").status_code == 404
    assert client.patch(f"deals/{lead.deal.pk}/", {"amount": 1}).status_code == 404
    assert client.get(f"leads/{lead.pk}/").json()["deal"] == {"id": lead.deal.pk, "stage": "documents"}


def test_many_deals_take_as_many_queries_as_few(manager: Rest, django_assert_num_queries: Any) -> None:
    factories.deal()
    manager.get("deals/")
    few = queries_of(lambda: manager.get("deals/"))
    for _ in range(5):
        factories.deal()
    with django_assert_num_queries(few):
        assert len(ids(manager)) == 6
