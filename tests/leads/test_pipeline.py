"""All 64 pairs of statuses, against a copy of the table that was written down independently of the code."""

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import translation

from crm import clock
from crm.errors import Forbidden, Invalid, Refused
from deals.models import Deal, Stage
from history.models import Event
from leads import pipeline
from leads.actions import change_status
from leads.models import Lead
from leads.pipeline import MOVES, JunkReason, Move, Status
from outbox.models import Mark
from tasks.models import Kind
from tests.factories import LawyerFactory, ManagerFactory, OperatorFactory, lead, lead_in, move, terms

pytestmark = pytest.mark.django_db

TABLE = {
    "new": "dialing meeting postponed visit junk",
    "dialing": "meeting postponed visit junk",
    "postponed": "dialing meeting visit contract contract_prepaid junk",
    "meeting": "visit contract contract_prepaid postponed dialing meeting junk",
    "visit": "contract contract_prepaid postponed meeting junk",
    "contract": "contract_prepaid",
    "contract_prepaid": "",
    "junk": "dialing",
}
STATUSES = ["new", "dialing", "meeting", "postponed", "junk", "visit", "contract", "contract_prepaid"]
PAIRS = [(here, to) for here in STATUSES for to in STATUSES]


def test_there_are_64_pairs() -> None:
    assert len(PAIRS) == 64
    assert sum(to in TABLE[here].split() for here, to in PAIRS) == 29


@pytest.mark.parametrize(("here", "to"), PAIRS)
def test_a_lead_goes_where_the_table_says_and_nowhere_else(here: str, to: str, catalogues: None) -> None:
    row = lead_in(here)
    before = Lead.objects.filter(pk=row.pk).values().get()
    events = row.events.count()
    if to in TABLE[here].split():
        moved = move(row, to)
        assert moved.status == to
        assert Lead.objects.get(pk=row.pk).status == to
        told = row.events.filter(kind=Event.Kind.STATUS).latest("pk")
        assert (told.old, told.new, told.reason) == (here, to, moved.junk_reason)
        assert moved.version > before["version"]
        assert Mark.objects.get(kind="lead", object_id=row.pk).pending
        assert Deal.objects.filter(lead=row).count() == (to in ("contract", "contract_prepaid"))
    else:
        with pytest.raises(Refused) as refusal:
            move(row, to)
        assert refusal.value.code == "transition_not_allowed"
        assert refusal.value.allowed == TABLE[here].split()
        for possible in TABLE[here].split():
            assert str(Status(possible).label) in refusal.value.detail
        assert Lead.objects.filter(pk=row.pk).values().get() == before
        assert row.events.count() == events


@pytest.mark.parametrize("to", STATUSES)
def test_a_duplicate_goes_nowhere(to: str, catalogues: None) -> None:
    original = lead()
    repeat = lead(phone=original.phone)
    assert repeat.is_duplicate
    with pytest.raises(Refused) as refusal:
        move(repeat, to, by=ManagerFactory(), **({"duplicate_of": original.pk} if to == "junk" else {}))
    assert (refusal.value.code, refusal.value.allowed) == ("transition_not_allowed", [])


LABELS = {
    Status: {
        "new": "Новый",
        "dialing": "Прозвон",
        "meeting": "Встреча назначена",
        "postponed": "Решение отложено",
        "junk": "Брак",
        "visit": "Визит",
        "contract": "Договор",
        "contract_prepaid": "Договор с предоплатой",
    },
    JunkReason: {
        "not_applied": "Заявку не оставлял",
        "small_debt": "Маленькая сумма долга",
        "other_city": "Другой город",
        "wrong_number": "Некорректный номер",
        "no_answer": "Недозвон",
        "duplicate": "Дубль",
        "refused": "Отказался, решил проблему",
    },
    Kind: {
        "contact_client": "Связаться с клиентом",
        "write_messenger": "Написать в WhatsApp",
        "send_address": "Отправить адрес",
        "confirm_meeting": "Подтвердить встречу",
        "update_need": "Актуализировать потребность",
        "collect_documents": "Собрать документы",
        "manual": "Задача",
    },
}


@pytest.mark.parametrize(
    ("codes", "code", "label"), [(codes, *row) for codes, rows in LABELS.items() for row in rows.items()]
)
def test_the_customers_words_stand_to_the_letter(codes, code: str, label: str) -> None:
    with translation.override("ru"):
        assert str(codes(code).label) == label


def test_no_code_is_without_its_label() -> None:
    assert {codes: set(codes.values) for codes in LABELS} == {codes: set(rows) for codes, rows in LABELS.items()}


def test_the_stages_stand_to_the_letter(catalogues: None) -> None:
    assert dict(Stage.objects.order_by("position").values_list("code", "name")) == {
        "documents": "Сбор документов",
        "filed": "Отправлен в суд",
        "hearing_1": "Суд 1 состоялся",
        "procedure_completed": "Конкурсное производство завершено",
        "hearing_2": "Суд 2 состоялся",
        "ruling": "Решение/определение получено",
    }


def test_the_refusal_says_what_is_possible(catalogues: None) -> None:
    with pytest.raises(Refused) as refusal:
        move(lead_in("dialing"), "contract")
    assert refusal.value.detail == (
        "Из статуса «Прозвон» лид не переводят в «Договор». Можно: Встреча назначена, Решение отложено, Визит, Брак."
    )


# --- what each status asks for ---------------------------------------------------------------------------------------
ASKED = [
    ("meeting", {"meeting_at": None}, "meeting_at", "Укажите дату и время встречи"),
    ("meeting", {"meeting_at": timedelta(0)}, "meeting_at", "Это время прошло. Выберите время позже 12:00"),
    ("meeting", {"meeting_at": timedelta(days=4000)}, "meeting_at", "Это слишком далёкое время"),
    ("meeting", {"office": "nowhere"}, "office", "Такого офиса нет: nowhere"),
    ("postponed", {"callback_at": None}, "callback_at", "Укажите, когда перезвонить"),
    ("postponed", {"callback_at": timedelta(hours=-1)}, "callback_at", "Это время прошло. Выберите время позже 12:00"),
    ("junk", {"junk_reason": ""}, "junk_reason", "Выберите причину брака"),
    ("junk", {"junk_reason": "bored"}, "junk_reason", "Выберите причину брака"),
    ("junk", {"junk_reason": "duplicate"}, "duplicate_of", "Выберите исходный лид"),
    ("contract", {"amount": None}, "amount", "Укажите стоимость, целые рубли"),
    ("contract", {"amount": Decimal(0)}, "amount", "Укажите стоимость, целые рубли"),
    ("contract", {"prepayment": Decimal(-1)}, "prepayment", "Предоплата не может быть отрицательной"),
    ("contract_prepaid", {"amount": None}, "amount", "Укажите стоимость, целые рубли"),
    ("contract_prepaid", {"prepayment": None}, "prepayment", "Укажите предоплату"),
    ("contract_prepaid", {"prepayment": Decimal(0)}, "prepayment", "Укажите предоплату"),
    ("contract_prepaid", {"prepayment": Decimal(150_001)}, "prepayment", "Предоплата больше стоимости договора"),
]


@pytest.mark.parametrize(("to", "given", "field", "said"), ASKED)
def test_what_a_status_asks_for(to: str, given: dict, field: str, said: str, catalogues: None, frozen) -> None:
    row = lead_in("meeting")
    given = {name: frozen.now + value if isinstance(value, timedelta) else value for name, value in given.items()}
    with pytest.raises(Invalid) as invalid:
        move(row, to, **given)
    assert invalid.value.fields == {field: [said]}
    assert Lead.objects.get(pk=row.pk).status == "meeting"
    assert not Deal.objects.exists()


def test_the_office_is_the_first_one_unless_named(catalogues: None) -> None:
    assert move(lead(), "meeting").office.code == "main"


def test_an_amount_may_be_left_out_when_a_contract_becomes_prepaid(catalogues: None) -> None:
    row = lead_in("contract")
    move(row, "contract_prepaid", amount=None, prepayment=Decimal(150_000))
    deal = Deal.objects.get()
    assert (deal.amount, deal.prepayment) == (150_000, 150_000)


def test_the_prepayment_is_measured_against_the_amount_that_stands(catalogues: None) -> None:
    row = lead_in("contract")
    with pytest.raises(Invalid, match="больше стоимости"):
        move(row, "contract_prepaid", amount=None, prepayment=Decimal(150_001))


# --- the table, then who, then the data ------------------------------------------------------------------------------
def test_the_table_speaks_before_the_role_and_the_data() -> None:
    row = lead_in("junk", by=(operator := OperatorFactory()))
    with pytest.raises(Refused):
        change_status(row.pk, Move(Status.MEETING), by=operator)


def test_the_role_speaks_before_the_data() -> None:
    row = lead_in("junk", by=(operator := OperatorFactory()))
    with pytest.raises(Forbidden, match="руководитель"):
        change_status(row.pk, Move(Status.DIALING), by=operator)


def test_a_manager_reopens_with_a_comment() -> None:
    row = lead_in("junk")
    manager = ManagerFactory()
    with pytest.raises(Invalid, match="comment"):
        change_status(row.pk, Move(Status.DIALING, comment=" "), by=manager)
    assert change_status(row.pk, Move(Status.DIALING, comment="позвонил сам"), by=manager).status == "dialing"


def test_reopening_starts_the_count_of_touches_anew(frozen) -> None:
    row = lead_in("junk")
    moment = frozen.move(days=1)
    assert move(row, "dialing").opened_at == moment


def test_a_lawyer_sees_their_deals_lead_and_moves_nothing(catalogues: None) -> None:
    lawyer = LawyerFactory()
    row = lead_in("contract")
    assert Deal.objects.get().responsible == lawyer
    with pytest.raises(Forbidden):
        move(row, "contract_prepaid", by=lawyer)


def test_an_operator_does_not_know_of_anothers_lead() -> None:
    row = lead_in("dialing", by=OperatorFactory())
    with pytest.raises(Lead.DoesNotExist):
        move(row, "visit", by=OperatorFactory())


def test_an_operator_who_moves_an_unassigned_lead_takes_it(catalogues: None) -> None:
    operator = OperatorFactory()
    row = move(lead(), "dialing", by=operator)
    assert row.responsible == operator
    assert {task.assignee for task in row.tasks.open()} == {operator}
    assert row.events.filter(kind=Event.Kind.RESPONSIBLE, new=str(operator.pk)).exists()


def test_a_stale_version_is_refused_with_who_was_faster(catalogues: None, frozen) -> None:
    row = lead()
    faster = OperatorFactory(name="Орлов")
    move(row, "meeting", by=faster)
    with pytest.raises(Refused) as refusal:
        move(row, "dialing", by=ManagerFactory(), version=row.version)
    assert refusal.value.code == "stale"
    assert refusal.value.detail == "Статус не изменён. Орлов перевёл лид в «Встреча назначена» в 12:00"
    assert refusal.value.allowed == TABLE["meeting"].split()


def test_whoever_signed_faster_is_named_with_the_contract(catalogues: None, frozen) -> None:
    row = lead_in("visit")
    move(row, "contract", by=OperatorFactory(name="Орлов"))
    with pytest.raises(Refused, match="Орлов перевёл лид в «Договор» в 12:00"):
        move(row, "contract", version=row.version)


# --- milestones ------------------------------------------------------------------------------------------------------
def milestones(row: Lead) -> list[str]:
    names = ("meeting", "visit", "contract", "prepaid")
    return [name for name in names if getattr(row, f"reached_{name}_at")]


def test_a_milestone_is_stamped_the_first_time_only(frozen) -> None:
    row = move(lead(), "meeting")
    first = row.reached_meeting_at
    frozen.move(hours=1)
    row = move(move(row, "postponed"), "meeting")
    assert row.reached_meeting_at == first == frozen.START
    assert row.meeting_at == frozen.now + timedelta(days=1)


@pytest.mark.parametrize(
    ("road", "facts"),
    [
        (["dialing", "postponed"], []),
        (["visit"], ["visit"]),
        (["postponed", "contract"], ["contract"]),
        (["postponed", "contract_prepaid"], ["contract", "prepaid"]),
        (["meeting", "contract", "contract_prepaid"], ["meeting", "contract", "prepaid"]),
        (["meeting", "visit", "junk", "dialing"], ["meeting", "visit"]),
    ],
)
def test_a_skipped_status_leaves_no_milestone(road: list[str], facts: list[str], catalogues: None) -> None:
    row = lead()
    for step in road:
        row = move(row, step)
    assert milestones(row) == facts


def test_a_contract_that_is_prepaid_later_keeps_its_date(catalogues: None, frozen) -> None:
    row = lead_in("contract")
    signed = row.reached_contract_at
    frozen.move(days=3)
    row = move(row, "contract_prepaid")
    assert row.reached_contract_at == signed
    assert row.reached_prepaid_at == frozen.now


def test_a_moved_meeting_keeps_the_old_time_in_history(frozen) -> None:
    row = lead_in("meeting")
    old = row.meeting_at
    later = frozen.now + timedelta(days=5)
    move(row, "meeting", meeting_at=later)
    told = row.events.filter(kind=Event.Kind.STATUS).latest("pk").data
    assert (told["old_meeting_at"], told["meeting_at"]) == (old.isoformat(), later.isoformat())


def test_nothing_is_left_of_a_move_that_fails_half_way(catalogues: None) -> None:
    row = lead_in("visit")
    events, tasks = row.events.count(), list(row.tasks.open())
    Stage.objects.update(active=False)
    with pytest.raises(Invalid, match="стадий"):
        move(row, "contract")
    row.refresh_from_db()
    assert (row.status, row.reached_contract_at, row.events.count()) == ("visit", None, events)
    assert list(row.tasks.open()) == tasks


# --- the picture -----------------------------------------------------------------------------------------------------
def page() -> str:
    return (Path(__file__).resolve().parents[2] / "docs" / "pipeline.md").read_text()


def test_the_diagram_in_the_docs_is_the_table() -> None:
    assert f"```mermaid\n{pipeline.diagram()}\n```" in page()
    drawn = set(re.findall(r"^    (\w+) --> (\w+)$", page(), re.MULTILINE))
    assert drawn == {(here, to) for here, to in PAIRS if to in TABLE[here].split()}


def test_the_table_in_the_docs_is_the_table() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", page(), re.MULTILINE)
    assert {here: re.findall(r"`(\w+)`", to) for here, to in rows} == {here: to.split() for here, to in TABLE.items()}


def test_every_status_has_its_row_in_the_moves() -> None:
    assert set(MOVES) == set(Status) == set(TABLE)


def test_terms_of_the_tests_fit_the_clock() -> None:
    assert terms("meeting")["meeting_at"] > clock.now()
