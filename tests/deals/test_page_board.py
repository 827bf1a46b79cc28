"""The board of deals: what each waits for, the ready views with true counters, further portions of a column."""

from datetime import date, datetime, timedelta

import pytest

from crm import clock
from deals.actions import edit_deal, move_stage
from deals.documents import set_documents
from deals.models import Deal, DocumentKind
from team.models import User
from tests.factories import LawyerFactory, ManagerFactory, deal
from tests.pages import at_most, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues", "frozen")]


@pytest.fixture(autouse=True)
def lawyer() -> User:
    """The one to whom deals go."""
    return LawyerFactory()


def row(stage: str = "", **fields: object) -> Deal:
    made = deal()
    edit_deal(made.pk, fields, by=None)
    if stage:
        move_stage(made.pk, stage, by=None)
    made.refresh_from_db()
    return made


def in_days(days: int) -> datetime:
    return clock.now() + timedelta(days=days)


def test_a_card_says_what_is_waited_for(lawyer: User) -> None:
    one = row(debt_total=1_240_000, filing_due=date(2026, 11, 28))
    other = row("filed", hearing_1_at=in_days(9))
    set_documents(one.pk, {DocumentKind.objects.get(name="СНИЛС").pk: "received"}, by=None)
    page = signed_in(lawyer).get("/deals/?view=board")
    said = text_of(page)
    for words in (one.number, "1,24 млн ₽", "1 из 14 документов", "подача до 28.11", other.number, "Суд 1: 3 декабря"):
        assert words in said
    assert page.content.decode().count("chip--overdue") == page.content.decode().count("kcard--late") == 1


def test_counters_of_the_ready_views_are_those_of_their_lists(lawyer: User) -> None:
    head = ManagerFactory()
    hearings = [row("filed", hearing_1_at=in_days(days)) for days in (-1, 0, 6, 7)]
    for stage, days in (("", -3), ("", 7), ("", 8), ("filed", 2)):
        row(stage, filing_due=in_days(days).date())
    row("ruling", hearing_2_at=in_days(1), filing_due=in_days(1).date())
    Deal.objects.filter(pk__in=[deal.pk for deal in hearings]).update(responsible=head)
    for person, counts in (
        (head, {"owner=me": 4, "due=hearing": 2, "due=filing": 2}),
        (lawyer, {"owner=me": 5, "due=hearing": 0, "due=filing": 2}),
    ):
        client = signed_in(person)
        page = client.get("/deals/?view=board").context
        assert {tab["url"].split("&")[-1]: tab["count"] for tab in page["tabs"] if "count" in tab} == counts
        for query, count in counts.items():
            assert client.get(f"/deals/?{query}").context["page"].paginator.count == count
            columns = client.get(f"/deals/?view=board&{query}").context["columns"]
            assert sum(column.count for column in columns) == count


def test_what_is_due_first_comes_first_and_the_rest_is_fetched_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deals.board.CARDS", 3)
    late = [row(filing_due=in_days(90 - number).date()).pk for number in range(3)]
    new = [row().pk for _ in range(2)]
    client = signed_in(ManagerFactory())
    first = client.get("/deals/?view=board").context["columns"][0]
    assert [card.deal.pk for card in first.cards] == late[::-1]
    assert (first.count, first.hidden) == (5, 2)
    with at_most(12):
        piece = client.get("/deals/?view=cards&column=documents&start=3")
    assert "<html" not in piece.content.decode()
    rest = piece.context["column"]
    assert [card.deal.pk for card in rest.cards] == new[::-1]
    assert rest.hidden == 0
    assert client.get("/deals/?view=cards&column=nowhere").status_code == 404
    assert client.get("/deals/?view=cards&column=documents&start=x").status_code == 200


def test_the_court_and_the_date_of_the_contract_narrow() -> None:
    one = row(court="АС Самарской области", contract_date=date(2026, 11, 6))
    other = row(court="АС города Москвы", contract_date=date(2026, 10, 6))
    client = signed_in(ManagerFactory())
    for query in (
        "court=АС Самарской области",
        "signed_from=2026-11-01",
        "signed_from=2026-11-06&signed_to=2026-11-06",
    ):
        page = text_of(client.get(f"/deals/?view=board&{query}"))
        assert one.number in page
        assert other.number not in page
    Deal.objects.filter(pk=other.pk).update(responsible=None)
    assert "АС города Москвы" not in text_of(signed_in(one.responsible).get("/deals/"))  # nor as a choice
