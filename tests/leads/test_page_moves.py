"""Moving a lead on pages: the page of all statuses, «Брак», the contract, and two people at once."""

import re

import pytest

from deals.models import Deal
from leads.models import Lead
from tests.conftest import Frozen
from tests.factories import (
    LawyerFactory,
    ManagerFactory,
    OperatorFactory,
    deal,
    lead,
    lead_in,
    lead_nobody_reached,
    move,
)
from tests.pages import signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


def fresh(row: Lead) -> Lead:
    return Lead.objects.get(pk=row.pk)


def test_a_status_that_asks_for_nothing_is_one_press() -> None:
    row = lead()
    answer = signed_in(ManagerFactory()).post(f"/leads/{row.pk}/status/", {"to": "dialing", "version": row.version})
    assert answer.headers["Location"] == f"/leads/{row.pk}/"
    assert fresh(row).status == "dialing"


def test_all_statuses_are_on_one_page_with_what_they_ask_for() -> None:
    said = text_of(signed_in(ManagerFactory()).get(f"/leads/{lead_in('dialing').pk}/status/"))
    assert "Нужны дата, время и офис" in said
    assert "Из «Прозвон» лид переходит в: Встреча назначена, Решение отложено, Визит, Брак." in said


def test_a_meeting_is_booked_on_the_clients_clock(frozen: Frozen) -> None:
    row = lead(city="Уфа")
    page = signed_in(ManagerFactory()).get(f"/leads/{row.pk}/status/?to=meeting")
    assert "По времени клиента: у него сейчас 14:00." in text_of(page)
    sent = {"to": "meeting", "meeting_at": "2026-11-25T15:00", "office": "main", "version": row.version}
    signed_in(ManagerFactory()).post(f"/leads/{row.pk}/status/", sent)
    assert f"{fresh(row).meeting_at:%d.%m %H:%M}" == "25.11 10:00"


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"to": "meeting"}, "Укажите дату и время встречи"),
        ({"to": "meeting", "meeting_at": "soon"}, "Укажите дату и время"),
        ({"to": "meeting", "meeting_at": "9999-12-31T23:59"}, "Укажите дату и время"),
        ({"to": "meeting", "meeting_at": "2020-01-01T10:00"}, "Это время прошло."),
        ({"to": "postponed"}, "Укажите, когда перезвонить"),
        ({"to": "postponed", "callback_at": "0001-01-01T00:00"}, "Укажите дату и время"),
    ],
)
def test_what_is_missing_is_said_and_nothing_changes(sent: dict, said: str) -> None:
    row = lead()
    page = signed_in(ManagerFactory()).post(f"/leads/{row.pk}/status/", {**sent, "comment": "Звонила жена"})
    assert page.status_code == 422
    assert said in text_of(page)
    assert "Звонила жена" in page.content.decode()
    assert fresh(row).status == "new"


@pytest.mark.parametrize("to", ["", "nothing", "\x00"])
def test_an_unknown_status_shows_the_page_of_all(to: str) -> None:
    assert signed_in(ManagerFactory()).post(f"/leads/{lead().pk}/status/", {"to": to}).status_code == 422


def test_a_move_that_the_table_does_not_have_is_refused_with_what_is_possible() -> None:
    row = lead_in("dialing")
    page = signed_in(ManagerFactory()).post(f"/leads/{row.pk}/status/", {"to": "new"})
    assert page.status_code == 409
    assert "Можно: Встреча назначена" in text_of(page)
    assert "Всё равно сменить" not in text_of(page)


@pytest.mark.parametrize("to", ["contract", "contract_prepaid", "junk"])
def test_statuses_with_a_form_of_their_own_lead_there(to: str) -> None:
    row = lead_in("visit")
    client = signed_in(ManagerFactory())
    address = client.post(f"/leads/{row.pk}/status/", {"to": to}).headers["Location"]
    assert client.get(address).status_code == 200


def test_somebody_who_was_faster_is_named_and_the_typed_text_stays() -> None:
    row = lead()
    seen = row.version
    move(row, "visit", by=ManagerFactory(name="Денис Орлов"))
    client = signed_in(ManagerFactory())
    sent = {"to": "postponed", "callback_at": "2030-11-25T15:00", "comment": "Просил подумать", "version": seen}
    page = client.post(f"/leads/{row.pk}/status/", sent)
    assert page.status_code == 409
    said = text_of(page)
    assert "Статус не изменён. Денис Орлов перевёл лид в «Визит»" in said
    assert "Показать изменения" in said
    assert "Всё равно сменить" in said
    assert "Просил подумать" in page.content.decode()
    now = re.search(r'name="version" value="(\d+)"', page.content.decode())[1]
    assert client.post(f"/leads/{row.pk}/status/", {**sent, "version": now}).status_code == 302
    assert fresh(row).status == "postponed"


def test_junk_needs_a_reason() -> None:
    row = lead()
    client = signed_in(OperatorFactory())
    page = client.post(f"/leads/{row.pk}/junk/", {})
    assert page.status_code == 422
    assert "Выберите причину брака" in text_of(page)
    client.post(f"/leads/{row.pk}/junk/", {"junk_reason": "other_city"})
    assert (fresh(row).status, fresh(row).junk_reason) == ("junk", "other_city")


def test_no_answer_is_closed_until_it_is_earned() -> None:
    row = lead()
    client = signed_in(ManagerFactory())
    page = client.get(f"/leads/{row.pk}/junk/")
    assert re.search(r'<input[^>]*value="no_answer"[^>]*disabled', page.content.decode())
    assert "«Недозвон» пока закрыт. Сделано 0 из 6 касаний за 0 из 3 дней" in text_of(page)
    forced = client.post(f"/leads/{row.pk}/junk/", {"junk_reason": "no_answer"})
    assert forced.status_code == 409
    assert "Сделано 0 из 6 касаний" in text_of(forced)
    earned = lead_nobody_reached()
    client.post(f"/leads/{earned.pk}/junk/", {"junk_reason": "no_answer"})
    assert fresh(earned).junk_reason == "no_answer"


def test_a_duplicate_names_its_original() -> None:
    original, row = lead(), lead()
    client = signed_in(ManagerFactory())
    for number, status in (("", 422), ("какой-то", 422), ("999999", 422), (str(row.pk), 422), ("9" * 40, 422)):
        page = client.post(f"/leads/{row.pk}/junk/", {"junk_reason": "duplicate", "duplicate_of": number})
        assert page.status_code == status, number
    client.post(f"/leads/{row.pk}/junk/", {"junk_reason": "duplicate", "duplicate_of": f"№ {original.pk}"})
    assert fresh(row).duplicate_of == original


def test_a_lead_that_left_with_its_original_leads_back_to_the_list() -> None:
    operator = OperatorFactory()
    original, row = lead(by=OperatorFactory()), lead(by=operator)
    answer = signed_in(operator).post(
        f"/leads/{row.pk}/junk/", {"junk_reason": "duplicate", "duplicate_of": str(original.pk)}, follow=True
    )
    assert answer.redirect_chain == [("/leads/", 302)]


def test_reopening_is_the_heads_and_needs_a_comment() -> None:
    operator = OperatorFactory()
    row = lead_in("junk", by=operator)
    assert signed_in(operator).post(f"/leads/{row.pk}/status/", {"to": "dialing"}).status_code in (403, 409)
    client = signed_in(ManagerFactory())
    page = client.post(f"/leads/{row.pk}/status/", {"to": "dialing"})
    assert page.status_code == 422
    assert "почему" in text_of(page)
    client.post(f"/leads/{row.pk}/status/", {"to": "dialing", "comment": "Передумал"})
    assert fresh(row).status == "dialing"


def test_a_contract_opens_the_deal_and_says_its_number() -> None:
    lawyer, operator = LawyerFactory(), OperatorFactory()
    row = lead_in("visit", by=operator)
    sent = {
        "to": "contract_prepaid",
        "contract_number": "2026/11-091",
        "contract_date": "2026-11-24",
        "amount": "145 000",
        "prepayment": "30000",
        "lawyer": lawyer.pk,
        "version": fresh(row).version,
    }
    answer = signed_in(operator).post(f"/leads/{row.pk}/contract/", sent, follow=True)
    made = Deal.objects.get(lead=row)
    assert (made.amount, made.prepayment, made.contract_number) == (145000, 30000, "2026/11-091")
    assert (made.responsible, made.source) == (lawyer, row.source)
    assert f"Сделка {made.number} создана" in text_of(answer)
    head = move(lead_in("visit"), "contract")
    assert f'href="/deals/{head.deal.pk}/"' in signed_in(ManagerFactory()).get(f"/leads/{head.pk}/").content.decode()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"amount": ""}, "Укажите стоимость, целые рубли"),
        ({"amount": "0"}, "Укажите стоимость, целые рубли"),
        ({"amount": "дорого"}, "Укажите сумму в рублях"),
        ({"amount": "1e400"}, "Укажите сумму в рублях"),
        ({"prepayment": ""}, "Укажите предоплату"),
        ({"prepayment": "999999"}, "Предоплата больше стоимости договора"),
        ({"contract_number": "занят"}, "Договор с таким номером уже есть: сделка Д-"),
        ({"contract_date": "вчера"}, "дат"),
    ],
)
def test_a_wrong_contract_keeps_what_was_typed(changes: dict, said: str) -> None:
    deal(number="занят")
    LawyerFactory()
    row = lead_in("visit")
    sent = {"to": "contract_prepaid", "amount": "145000", "prepayment": "30000", "contract_number": "2026/11-091"}
    page = signed_in(ManagerFactory()).post(f"/leads/{row.pk}/contract/", {**sent, **changes})
    assert page.status_code == 422
    assert said in text_of(page)
    for value in {**sent, **changes}.values():
        assert f'value="{value}"' in page.content.decode() or value == ""
    assert not Deal.objects.filter(lead=row).exists()


def test_a_skipped_visit_is_warned_of() -> None:
    client = signed_in(ManagerFactory())
    skipped = "Визита ещё не было: лид перейдёт из «Встреча назначена», и в отчёте договор посчитается без визита."
    assert skipped in text_of(client.get(f"/leads/{lead_in('meeting').pk}/contract/"))
    assert "Визита ещё не было" not in text_of(client.get(f"/leads/{lead_in('visit').pk}/contract/"))


def test_the_form_offers_the_least_busy_lawyer_first_and_shows_the_load() -> None:
    busy = LawyerFactory(name="Екатерина Зимина")
    move(lead_in("visit"), "contract", lawyer=busy.pk)
    LawyerFactory(name="Артём Левченко")
    said = text_of(signed_in(ManagerFactory()).get(f"/leads/{lead_in('visit').pk}/contract/"))
    assert "Артём Левченко — 0 сделок Екатерина Зимина — 1 сделка" in said


def test_a_contract_becomes_prepaid_in_the_same_deal() -> None:
    made = deal(number="2026/11-091")
    client = signed_in(ManagerFactory())
    page = client.get(f"/leads/{made.lead_id}/contract/").content.decode()
    assert 'value="150 000"' in page
    client.post(
        f"/leads/{made.lead_id}/contract/", {"to": "contract_prepaid", "amount": "150 000", "prepayment": "5000"}
    )
    assert Deal.objects.get().prepayment == 5000


def test_a_lead_that_cannot_be_signed_says_what_is_possible() -> None:
    page = signed_in(ManagerFactory()).get(f"/leads/{lead().pk}/contract/")
    assert page.status_code == 409
    assert "Из «Новый» лид переходит в: Прозвон" in text_of(page)


@pytest.mark.parametrize("page", ["status", "junk", "contract", "edit"])
def test_lawyers_move_no_leads_and_colleagues_leads_are_not_there(page: str) -> None:
    row = lead_in("visit", by=OperatorFactory())
    row.responsible = OperatorFactory()
    row.save()
    assert signed_in(LawyerFactory()).get(f"/leads/{row.pk}/{page}/").status_code == 403
    assert signed_in(OperatorFactory()).get(f"/leads/{row.pk}/{page}/").status_code == 404


def test_a_form_without_its_proof_of_origin_is_refused() -> None:
    client = signed_in(ManagerFactory())
    client.handler.enforce_csrf_checks = True
    assert client.post(f"/leads/{lead().pk}/status/", {"to": "dialing"}).status_code == 403
