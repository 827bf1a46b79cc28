"""The board of leads: columns in the customer's order, true counts, cards in portions, and refusals in words."""

from datetime import timedelta

import pytest

from leads import kanban
from leads.pipeline import Status
from tests.factories import LawyerFactory, ManagerFactory, OperatorFactory, lead, lead_in, move
from tests.pages import at_most, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


def test_columns_stand_in_the_customers_order_with_true_counts(frozen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kanban, "CARDS", 2)
    for status in ("new", "new", "new", "dialing", "junk", "contract"):
        lead_in(status)
    page = signed_in(ManagerFactory()).get("/leads/?view=board")
    columns = page.context["board"].columns
    assert [str(column.status.label) for column in columns] == [
        "Новый",
        "Прозвон",
        "Встреча назначена",
        "Решение отложено",
        "Визит",
        "Договор",
        "Договор с предоплатой",
        "Брак",
    ]
    assert [column.count for column in columns] == [3, 1, 0, 0, 0, 1, 0, 1]
    assert (len(columns[0].rows), columns[0].hidden) == (2, 1)
    assert page.context["board"].in_work == 4
    assert "Показать ещё 1" in text_of(page)


def test_a_further_portion_ends_the_column(frozen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kanban, "CARDS", 2)
    rows = [lead(name=f"Клиент {number}") for number in range(3)]
    client = signed_in(ManagerFactory())
    piece = client.get("/leads/?view=cards&column=new&start=2")
    assert rows[2].name in text_of(piece)
    assert rows[0].name not in text_of(piece)
    assert "Показать ещё" not in text_of(piece)


@pytest.mark.parametrize(
    "address", ["column=won&start=2", "column=new&start=-1", "column=new", "start=5", "column=new&start=9999999"]
)
def test_a_portion_that_cannot_be_is_not_found(address: str) -> None:
    assert signed_in(ManagerFactory()).get(f"/leads/?view=cards&{address}").status_code == 404


def test_what_has_no_task_comes_first_then_what_is_due_first(frozen) -> None:
    late, later, bare = lead(), lead(), lead()
    late.tasks.update(due_at=frozen.now - timedelta(hours=2))
    later.tasks.update(due_at=frozen.now + timedelta(hours=2))
    bare.tasks.all().delete()
    page = signed_in(ManagerFactory()).get("/leads/?view=board")
    assert [row.lead.pk for row in page.context["board"].columns[0].rows] == [bare.pk, late.pk, later.pk]
    assert "Нет задачи" in text_of(page)


def test_filters_of_the_list_narrow_the_board(frozen) -> None:
    operator = OperatorFactory()
    lead(by=operator)
    lead()
    page = signed_in(ManagerFactory()).get(f"/leads/?view=board&responsible={operator.pk}")
    assert page.context["board"].columns[0].count == 1


def test_an_operator_sees_the_own_and_the_unassigned_only(frozen) -> None:
    mine = OperatorFactory()
    lead(by=mine), lead(by=OperatorFactory()), lead()
    assert signed_in(mine).get("/leads/?view=board").context["board"].columns[0].count == 2


def test_a_column_says_where_its_cards_may_go(frozen) -> None:
    lead()
    page = signed_in(OperatorFactory()).get("/leads/?view=board")
    columns = {column.status: column for column in page.context["board"].columns}
    assert Status.CONTRACT not in columns[Status.NEW].allowed
    assert columns[Status.JUNK].allowed == []  # reopening is the head's
    assert 'data-allowed="dialing meeting postponed visit junk "' in page.content.decode()


def test_a_lawyer_moves_no_cards(frozen) -> None:
    page = signed_in(LawyerFactory()).get("/leads/?view=board")
    assert page.status_code == 200
    assert "data-board" not in page.content.decode()


def test_the_queries_do_not_grow_with_the_cards(frozen) -> None:
    client = signed_in(ManagerFactory())
    for status in ("new", "new", "dialing", "meeting", "postponed", "visit", "contract", "contract_prepaid", "junk"):
        lead_in(status)
    client.get("/leads/?view=board")
    with at_most(17):
        client.get("/leads/?view=board")
    for _ in range(5):
        lead_in("dialing")
    with at_most(17):
        client.get("/leads/?view=board")


def test_a_drop_that_the_table_forbids_is_refused_with_what_is_possible(frozen) -> None:
    row = lead()
    client = signed_in(ManagerFactory())
    for answer in (
        client.post(
            f"/leads/{row.pk}/status/", {"to": "contract", "version": row.version}, headers={"HX-Request": "true"}
        ),
        client.get(f"/leads/{row.pk}/status/?to=contract", headers={"HX-Request": "true"}),
    ):
        assert answer.status_code == 409
        assert "Из статуса «Новый» лид не переводят в «Договор»" in text_of(answer)
    row.refresh_from_db()
    assert row.status == "new"


def test_a_drop_moves_the_lead_once(frozen) -> None:
    row = lead()
    client = signed_in(ManagerFactory())
    answer = client.post(f"/leads/{row.pk}/status/", {"to": "dialing", "version": row.version})
    assert answer.status_code == 302
    seen = row.version
    row.refresh_from_db()
    assert row.status == "dialing"
    stale = client.post(f"/leads/{row.pk}/status/", {"to": "visit", "version": seen})
    assert stale.status_code == 409


def test_the_menu_of_a_card_leads_to_the_same_statuses(frozen) -> None:
    row = move(lead(), "dialing")
    page = signed_in(ManagerFactory()).get("/leads/?view=board").content.decode()
    assert f'href="/leads/{row.pk}/status/"' in page
