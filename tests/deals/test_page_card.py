"""A deal's card: its contract, stages, tasks and histories, and what is changed on it."""

from decimal import Decimal

import pytest
from django.test import Client

from contacts.actions import set_do_not_call
from deals.actions import edit_deal, move_stage
from deals.models import Deal
from tasks.models import Task
from tests.factories import LawyerFactory, ManagerFactory, OperatorFactory, deal, lead, move, touch
from tests.pages import HOSTILE, at_most, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]

PAGES = ["", "stage/", "edit/", "hand-over/"]


@pytest.fixture
def lawyer() -> object:
    return LawyerFactory(name="Екатерина Зимина")


@pytest.fixture
def one(lawyer: object) -> Deal:
    return deal(prepaid=True, number="2026/11-084")


def typed(row: Deal, **changes: str) -> dict[str, str]:
    form = {"contract_number": "2026/11-084", "contract_date": "2026-11-06", "amount": "150 000", "prepayment": "30000"}
    return {**form, "comment": "", "version": str(row.version), **changes}


def test_it_shows_the_contract(one: Deal, lawyer: object) -> None:
    page = text_of(signed_in(lawyer).get(f"/deals/{one.pk}/"))
    for words in ("Д-", "2026/11-084", "150 000 ₽", "30 000 ₽ 20 %", "Зимина", "Собрать документы", "Позвонить"):
        assert words in page


@pytest.mark.parametrize("page", PAGES)
def test_it_is_hidden_from_whom_it_does_not_concern(client: Client, one: Deal, page: str) -> None:
    assert client.get(f"/deals/{one.pk}/{page}").status_code == 302
    for stranger in (LawyerFactory(), OperatorFactory()):
        assert signed_in(stranger).get(f"/deals/{one.pk}/{page}").status_code == 404
        assert signed_in(stranger).post(f"/deals/{one.pk}/{page}").status_code in (404, 405)


def test_a_deal_that_is_not_there_is_404() -> None:
    client = signed_in(ManagerFactory())
    assert client.get("/deals/999999/").status_code == 404
    assert client.get(f"/deals/{10**30}/").status_code == 404


def test_the_sales_history_is_there_to_read(lawyer: object) -> None:
    operator = OperatorFactory()
    row = lead(by=operator)
    touch(row, "answered", by=operator, comment="Обещали рассрочку")
    move(move(row, "visit", by=operator), "contract", by=operator)
    one = Deal.objects.get(lead=row)
    client = signed_in(lawyer)
    assert "Обещали рассрочку" not in text_of(client.get(f"/deals/{one.pk}/"))
    assert "Обещали рассрочку" in text_of(client.get(f"/deals/{one.pk}/?history=lead"))


def test_a_client_who_asked_not_to_be_called_has_no_call_button(one: Deal, lawyer: object) -> None:
    set_do_not_call(one.contact_id, "Звоните жене", by=None)
    page = signed_in(lawyer).get(f"/deals/{one.pk}/")
    assert "Клиент просил не звонить" in text_of(page)
    assert "tel:" not in page.content.decode()


def test_a_stage_is_a_button_and_history_keeps_the_step(one: Deal, lawyer: object) -> None:
    client = signed_in(lawyer)
    form = {"stage": "filed", "version": one.version}
    page = text_of(client.post(f"/deals/{one.pk}/stage/", form, follow=True))
    assert "Сбор документов → Отправлен в суд" in page
    assert Deal.objects.get(pk=one.pk).stage.code == "filed"


def test_a_late_move_says_so_and_shows_the_deal_as_it_is(one: Deal, lawyer: object) -> None:
    move_stage(one.pk, "hearing_1", by=None)
    response = signed_in(lawyer).post(f"/deals/{one.pk}/stage/", {"stage": "filed", "version": one.version})
    assert response.status_code == 409
    assert "Сделку" in text_of(response) or "сделк" in text_of(response)
    assert Deal.objects.get(pk=one.pk).stage.code == "hearing_1"


@pytest.mark.parametrize("stage", ["", "nowhere", "\x00", "a" * 999])
def test_an_unknown_stage_is_refused(one: Deal, lawyer: object, stage: str) -> None:
    assert signed_in(lawyer).post(f"/deals/{one.pk}/stage/", {"stage": stage}).status_code == 422


def test_the_contract_is_edited(one: Deal, lawyer: object) -> None:
    form = typed(one, amount="180 000,50", contract_number="2026/11-090", comment="Платит по 10 тыс.")
    page = text_of(signed_in(lawyer).post(f"/deals/{one.pk}/edit/", form, follow=True))
    assert "Сохранено" in page
    assert "Номер договора: 2026/11-084 → 2026/11-090" in page
    kept = Deal.objects.get(pk=one.pk)
    assert (kept.amount, kept.comment) == (Decimal("180000.50"), "Платит по 10 тыс.")


def test_a_conflict_keeps_what_was_typed_and_says_what_is_stored(one: Deal, lawyer: object) -> None:
    edit_deal(one.pk, {"amount": Decimal(170_000)}, by=None)
    client = signed_in(lawyer)
    response = client.post(f"/deals/{one.pk}/edit/", typed(one, amount="160 000", comment="Моя правка"))
    assert response.status_code == 409
    page = response.content.decode()
    assert "Моя правка" in page
    assert 'value="160 000"' in page
    assert "170 000 ₽" in text_of(response)
    assert Deal.objects.get(pk=one.pk).amount == 170_000
    now = Deal.objects.get(pk=one.pk)
    assert client.post(f"/deals/{one.pk}/edit/", typed(now, amount="160 000")).status_code == 302


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": ""},
        {"amount": "много"},
        {"amount": "-5"},
        {"amount": "1e400"},
        {"amount": "9" * 40},
        {"amount": "NaN"},
        {"prepayment": "200000"},
        {"contract_date": "завтра"},
        {"contract_date": "0000-00-00"},
        {"contract_number": "9" * 51},
        {"comment": "x" * 10_001},
    ],
)
def test_wrong_terms_stand_beside_the_field_and_change_nothing(
    one: Deal, lawyer: object, wrong: dict[str, str]
) -> None:
    response = signed_in(lawyer).post(f"/deals/{one.pk}/edit/", typed(one, **wrong))
    assert response.status_code == 422
    assert Deal.objects.get(pk=one.pk).version == one.version


def test_a_contract_number_in_use_names_the_other_deal(one: Deal, lawyer: object) -> None:
    other = deal(number="2026/11-085")
    response = signed_in(lawyer).post(f"/deals/{one.pk}/edit/", typed(one, contract_number="2026/11-085"))
    assert response.status_code == 422
    assert f"сделка {other.number}" in text_of(response).replace("сделке", "сделка")


@pytest.mark.parametrize("version", ["x", "-1", "9" * 60, "\x00"])
def test_a_version_that_cannot_be_is_stale(one: Deal, lawyer: object, version: str) -> None:
    assert signed_in(lawyer).post(f"/deals/{one.pk}/edit/", typed(one, version=version)).status_code == 409


def test_fields_of_others_are_not_set_by_the_form(one: Deal, lawyer: object) -> None:
    extra = {"responsible": "1", "stage": "ruling", "source": "quiz", "lead": "1"}
    signed_in(lawyer).post(f"/deals/{one.pk}/edit/", typed(one, **extra))
    kept = Deal.objects.get(pk=one.pk)
    assert (kept.stage.code, kept.source.code, kept.responsible) == ("documents", "site", lawyer)


def test_a_head_hands_the_deal_over_with_its_tasks(one: Deal) -> None:
    other = LawyerFactory(name="Артём Левченко")
    client = signed_in(ManagerFactory())
    assert "Артём Левченко" in text_of(client.get(f"/deals/{one.pk}/hand-over/"))
    page = text_of(client.post(f"/deals/{one.pk}/hand-over/", {"responsible": other.pk}, follow=True))
    assert "Левченко" in page
    assert Task.objects.get(deal=one).assignee == other


def test_a_lawyer_does_not_hand_over(one: Deal, lawyer: object) -> None:
    client = signed_in(lawyer)
    assert client.get(f"/deals/{one.pk}/hand-over/").status_code == 403
    assert client.post(f"/deals/{one.pk}/hand-over/", {"responsible": LawyerFactory().pk}).status_code == 403
    assert "Передать" not in text_of(client.get(f"/deals/{one.pk}/"))


@pytest.mark.parametrize("person", ["", "0", "x", "99999999999999999999"])
def test_nobody_is_no_lawyer(one: Deal, person: str) -> None:
    response = signed_in(ManagerFactory()).post(f"/deals/{one.pk}/hand-over/", {"responsible": person})
    assert response.status_code == 422


def test_a_task_is_finished_from_the_card(one: Deal, lawyer: object) -> None:
    task = Task.objects.get(deal=one)
    card = f"/deals/{one.pk}/"
    response = signed_in(lawyer).post(f"/tasks/{task.pk}/complete/", {"next": card}, follow=True)
    assert response.redirect_chain == [(card, 302)]
    assert "Задача выполнена: Собрать документы" in text_of(response)
    assert Task.objects.get(pk=task.pk).state == "done"


def test_a_form_is_a_piece_for_the_dialog_and_a_page_without_script(one: Deal, lawyer: object) -> None:
    client = signed_in(lawyer)
    for page in ("edit/", "stage/"):
        piece = client.get(f"/deals/{one.pk}/{page}", headers={"HX-Request": "true"})
        assert "<html" not in piece.content.decode()
        assert "HX-Request" in piece["Vary"]
        assert f'action="/deals/{one.pk}/{page}"' in piece.content.decode()
        assert "<html" in client.get(f"/deals/{one.pk}/{page}").content.decode()


@pytest.mark.parametrize("history", ["", "?history=lead", "?history=%00"])
def test_a_card_takes_a_fixed_number_of_queries(one: Deal, lawyer: object, history: str) -> None:
    client = signed_in(lawyer)
    for stage in ("filed", "hearing_1", "documents"):
        with at_most(16):
            client.get(f"/deals/{one.pk}/{history}")
        move_stage(one.pk, stage, by=lawyer)


def test_texts_of_the_deal_are_shown_as_text(one: Deal, lawyer: object) -> None:
    edit_deal(one.pk, {"comment": HOSTILE, "contract_number": "<b>"}, by=lawyer)
    for page in ("", "edit/", "?history=lead"):
        assert "<script>alert" not in signed_in(lawyer).get(f"/deals/{one.pk}/{page}").content.decode()
