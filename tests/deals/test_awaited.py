"""What a deal waits for, and its nearest term, as tables. It is Tuesday 24 November 2026, noon."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from crm import clock
from deals.awaited import line, nearest_term
from deals.documents import Checklist, Item, Progress
from deals.models import Deal, DealDocument, DocumentKind, Stage

pytestmark = pytest.mark.usefixtures("frozen")
STAGES = {
    "documents": "",
    "filed": "filing",
    "hearing_1": "hearing_1",
    "completed": "procedure",
    "hearing_2": "hearing_2",
    "closed": "",
}


def waiting(stage: str = "documents", **fields: object) -> Deal:
    """A deal in a stage; days are counted from now on, as dates or as moments."""
    told = {name: day(value, moment=name.endswith("_at")) for name, value in fields.items()}
    kept = Stage(code=stage, asks=STAGES.get(stage, "decision"), final=stage in ("ruling", "closed"))
    return Deal(pk=1, stage=kept, stage_changed_at=clock.now(), amount=1, **told)


def day(value: object, *, moment: bool) -> object:
    if type(value) is not int:
        return value
    at = clock.now() + timedelta(days=value)
    return at if moment else at.date()


@pytest.mark.parametrize(
    ("stage", "fields", "said", "tone", "below"),
    [
        ("documents", {}, "1 из 14 документов", "", "в стадии с 24.11"),
        ("documents", {"filing_due": 20}, "1 из 14 документов", "", "подача до 14.12"),
        ("documents", {"filing_due": 7}, "1 из 14 документов", "now", "подача до 01.12"),
        ("documents", {"filing_due": 4}, "1 из 14 документов", "overdue", "подача до 28.11"),
        ("documents", {"filed_on": -1}, "Суд 1: даты ещё нет", "", "подано 23.11"),
        ("documents", {"filed_on": -9, "hearing_1_at": -1, "hearing_2_at": 8}, "Суд 2: 2 декабря", "", "суд 1 — 23.11"),
        (
            "documents",
            {"filed_on": -9, "hearing_1_at": -3, "hearing_2_at": -1},
            "Ждём определение",
            "",
            "суд 2 — 23.11",
        ),
        ("filed", {"filed_on": -12}, "Суд 1: даты ещё нет", "", "подано 12.11"),
        ("filed", {"hearing_1_at": 9}, "Суд 1: 3 декабря", "", "в стадии с 24.11"),
        ("filed", {"hearing_1_at": 7}, "Суд 1: 1 декабря", "now", "в стадии с 24.11"),
        ("filed", {"hearing_1_at": -1}, "Суд 1: 23 ноября", "overdue", "в стадии с 24.11"),
        ("hearing_1", {"hearing_1_at": -1}, "Суд 2: даты ещё нет", "", "суд 1 — 23.11"),
        ("completed", {"hearing_2_at": 20}, "Суд 2: 14 декабря", "", "в стадии с 24.11"),
        ("hearing_2", {"hearing_2_at": -5}, "Ждём определение", "", "суд 2 — 19.11"),
        ("ruling", {"decision": "Долги списаны", "decided_on": -8}, "Долги списаны", "ok", "решение от 16.11"),
        ("closed", {}, "Завершено", "ok", "в стадии с 24.11"),
        ("ruling", {}, "Завершено", "ok", "в стадии с 24.11"),
    ],
)
def test_what_is_waited_for_is_said(stage: str, fields: dict[str, object], said: str, tone: str, below: str) -> None:
    found = line(waiting(stage, **fields), Progress(1, 14), clock.now())
    assert (found.text.replace("\u00a0", " "), found.tone, found.below) == (said, tone, below)
    assert found.is_late == (tone == "overdue")


def test_all_documents_are_no_hurry() -> None:
    assert line(waiting(filing_due=-3), Progress(14, 14), clock.now()).tone == "ok"


FILING = "До планового срока подачи в суд — "
LACK = "Не хватает 2 документов, 1 ждём от клиента."


@pytest.mark.parametrize(
    ("stage", "fields", "title", "text", "tone"),
    [
        ("documents", {"filing_due": 6}, f"{FILING}6 дней (30 ноября).", LACK, "warn"),
        ("documents", {"filing_due": 14}, f"{FILING}14 дней (8 декабря).", LACK, ""),
        ("documents", {"filing_due": 0}, "Плановый срок подачи в суд — сегодня.", LACK, "warn"),
        ("documents", {"filing_due": -4}, "Плановый срок подачи в суд прошёл 20 ноября.", LACK, "danger"),
        ("filed", {"filing_due": -4, "hearing_1_at": 9}, "До заседания — 9 дней: Суд 1, 3 декабря, 12:00.", "", ""),
        ("completed", {"hearing_2_at": 0}, "Суд 2 — сегодня в 12:00.", "", "warn"),
        (
            "completed",
            {"hearing_2_at": -1},
            "Суд 2 — дата прошла: 23 ноября.",
            "Запишите, что решено, и смените стадию.",
            "danger",
        ),
        ("ruling", {"next_payment_on": 2}, "Платёж 9 600 ₽ — 26 ноября.", "", ""),
        ("ruling", {"next_payment_on": 0}, "Платёж 9 600 ₽ — сегодня.", "", "warn"),
        (
            "documents",
            {"filing_due": 6, "next_payment_on": -1},
            "Платёж 9 600 ₽ просрочен: ждали 23 ноября.",
            "",
            "danger",
        ),
        ("documents", {"filing_due": 1, "next_payment_on": 2}, f"{FILING}1 день (25 ноября).", LACK, "warn"),
    ],
)
def test_the_nearest_term_is_said(stage: str, fields: dict[str, object], title: str, text: str, tone: str) -> None:
    states = ("received", "needed", "requested", "unneeded")
    lacking = Checklist([Item(DocumentKind(), DealDocument(state=state)) for state in states])
    found = nearest_term(waiting(stage, **fields, next_payment=Decimal(9600)), lacking, clock.now())
    assert found is not None
    assert (found.title.replace("\u00a0", " "), found.text, found.tone) == (title, text, tone)
    assert found.of_documents == bool(text == LACK)


@pytest.mark.parametrize(
    ("stage", "fields"),
    [
        ("documents", {}),
        ("documents", {"filing_due": 15, "hearing_1_at": 1}),
        ("filed", {"filing_due": -1, "hearing_1_at": 15}),
        ("ruling", {"hearing_2_at": 1, "filing_due": 1, "next_payment_on": 4}),
    ],
)
def test_what_is_far_or_done_is_no_term(stage: str, fields: dict[str, object]) -> None:
    assert nearest_term(waiting(stage, **fields, next_payment=Decimal(1)), Checklist([]), clock.now()) is None


def test_a_term_without_documents_to_bring_says_so() -> None:
    found = nearest_term(waiting(filing_due=date(2026, 11, 25)), Checklist([]), clock.now())
    assert found is not None
    assert found.text == "Все документы собраны."
