"""The card of a lead: what each role sees and may press, its banners, history and number of queries."""

from datetime import UTC, datetime, timedelta

import pytest

from contacts.actions import set_do_not_call
from deals.models import Deal
from leads.editing import set_task
from leads.models import Lead
from leads.remarks import comment
from team.models import User
from tests.conftest import Frozen
from tests.factories import (
    LawyerFactory,
    ManagerFactory,
    OperatorFactory,
    lead,
    lead_in,
    lead_nobody_reached,
    move,
    touch,
)
from tests.pages import HOSTILE, at_most, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


def card(user: User, row: Lead, query: str = "") -> str:
    page = signed_in(user).get(f"/leads/{row.pk}/{query}")
    assert page.status_code == 200
    return text_of(page)


def test_it_shows_the_client_and_the_application() -> None:
    row = lead(name="Андрей Мельников", phone="8 937 000-60-27", city="Самара", debt_amount="760000", source="quiz")
    said = card(ManagerFactory(), row)
    for words in (f"№ {row.pk}", "Андрей Мельников", "+7 937 000-60-27", "Самара", "760 000 ₽", "Квиз", "Новый"):
        assert words in said


def test_times_are_on_the_clients_clock_and_it_says_so(frozen: Frozen) -> None:
    row = lead(city="Уфа")
    move(row, "meeting", meeting_at=datetime(2026, 11, 25, 10, 0, tzinfo=UTC))
    said = card(ManagerFactory(), row)
    assert "у клиента 14:00 другое время" in said
    assert "завтра, 15:00 (в офисе: завтра, 13:00)" in said


@pytest.mark.parametrize(("user", "status"), [("mine", 200), ("other", 404), ("manager", 200), ("lawyer", 404)])
def test_a_lead_that_one_may_not_see_is_not_there(user: str, status: int) -> None:
    mine = OperatorFactory()
    people = {"mine": mine, "other": OperatorFactory(), "manager": ManagerFactory(), "lawyer": LawyerFactory()}
    row = lead(by=mine)
    assert signed_in(people[user]).get(f"/leads/{row.pk}/").status_code == status


@pytest.mark.parametrize("number", ["0", "999999", "9223372036854775807", "99999999999999999999999"])
def test_an_unknown_number_is_not_found(number: str) -> None:
    assert signed_in(ManagerFactory()).get(f"/leads/{number}/").status_code == 404


def test_what_a_role_may_not_do_is_absent() -> None:
    free = lead()
    operator, manager = card(OperatorFactory(), free), card(ManagerFactory(), free)
    assert "Взять в работу" in operator
    assert "Передать…" not in operator
    assert "Передать…" in manager
    assert "Взять в работу" not in manager


def test_a_lawyer_reads_the_lead_of_their_deal() -> None:
    lawyer = LawyerFactory()
    row = move(lead_in("visit"), "contract", lawyer=lawyer.pk)
    page = signed_in(lawyer).get(f"/leads/{row.pk}/")
    said = text_of(page)
    assert Deal.objects.get(lead=row).number in said
    for words in ("Итог звонка", "Изменить", "Сменить статус", "Записать предоплату"):
        assert words not in said
    assert 'type="submit" name="to"' not in page.content.decode()


def test_an_operator_sees_number_and_stage_of_the_deal_but_no_link() -> None:
    operator = OperatorFactory()
    row = move(lead_in("visit", by=operator), "contract", by=operator)
    number = Deal.objects.get(lead=row).number
    page = signed_in(operator).get(f"/leads/{row.pk}/")
    assert f"{number} · Сбор документов" in text_of(page)
    assert "/deals/" not in page.content.decode()
    assert "/deals/" in signed_in(ManagerFactory()).get(f"/leads/{row.pk}/").content.decode()


def test_a_duplicate_leads_to_its_original_and_cannot_be_called() -> None:
    original = lead()
    repeat = lead(phone=original.phone)
    page = signed_in(ManagerFactory()).get(f"/leads/{repeat.pk}/")
    said, html = text_of(page), page.content.decode()
    assert f"Это дубль. Звоните из исходного лида № {original.pk}." in said
    assert f'href="/leads/{original.pk}/"' in html
    assert "tel:" not in html
    assert "wa.me" not in html
    assert "Итог звонка" not in said


def test_the_original_tells_of_the_repeat_application() -> None:
    original = lead()
    repeat = lead(phone=original.phone, source="vk")
    said = card(ManagerFactory(), original)
    assert f"Лид № {repeat.pk} закрыт как «Дубль», работа идёт здесь." in said
    assert "Источник дубля: VK Реклама" in said
    assert "Заявки с этого номера 2" in said


def test_a_lead_without_a_phone_asks_for_one() -> None:
    said = card(ManagerFactory(), lead(phone="12345", email="a@example.org"))
    assert "Звонить некуда. Указано: «12345»." in said
    assert "Указать телефон" in said


def test_who_asked_not_to_be_called_has_no_call_button() -> None:
    row = lead()
    set_do_not_call(row.contact_id, "Просил в суде", by=ManagerFactory())
    page = signed_in(ManagerFactory()).get(f"/leads/{row.pk}/")
    assert "Клиент просил не звонить. Просил в суде" in text_of(page)
    assert "tel:" not in page.content.decode()


def test_at_night_it_says_when_to_call(frozen: Frozen) -> None:
    row = lead(city="Уфа")
    frozen.set(datetime(2026, 11, 24, 17, 10, tzinfo=UTC))
    said = card(ManagerFactory(), row)
    assert "У клиента 22:10. Звонить можно: завтра, 09:00 по его времени." in said


def test_the_gate_says_what_no_answer_still_needs(frozen: Frozen) -> None:
    row = lead()
    touch(row)
    said = card(ManagerFactory(), row)
    assert "До статуса «Недозвон» Касания 1 из 6" in said
    assert "Сделано 1 из 6 касаний за 1 из 3 дней; следующее засчитается с 13:00" in said
    assert "Касания сделаны: причину можно выбрать." in card(ManagerFactory(), lead_nobody_reached())


def test_a_rejected_lead_says_why_and_is_reopened_by_the_head() -> None:
    operator = OperatorFactory()
    row = lead_in("junk", by=operator)
    assert "Вернуть в работу…" in card(ManagerFactory(), row)
    said = card(operator, row)
    assert "Брак: Отказался, решил проблему" in said
    assert "Вернуть в работу…" not in said


def test_closed_statuses_say_why() -> None:
    page = signed_in(ManagerFactory()).get(f"/leads/{lead().pk}/").content.decode()
    assert "Из «Новый» лид переходит в: Прозвон, Встреча назначена" in page


def test_tasks_can_be_finished_and_lead_back_here() -> None:
    operator = OperatorFactory()
    row = lead(by=operator)
    task = row.tasks.get()
    client = signed_in(operator)
    address = f"/tasks/{task.pk}/complete/?next=/leads/{row.pk}/"
    assert address in client.get(f"/leads/{row.pk}/").content.decode()
    assert client.post(address).headers["Location"] == f"/leads/{row.pk}/"
    assert "Нет задачи" in card(operator, row)


def test_tasks_of_the_rules_are_told_at_the_move_that_brought_them(frozen: Frozen) -> None:
    row = lead()
    frozen.move(minutes=5)
    touch(row, by=ManagerFactory(), comment="Гудки")
    page = signed_in(ManagerFactory()).get(f"/leads/{row.pk}/")
    titles = [line.title for line in page.context["lines"]]
    assert titles == ["Новый → Прозвон", "Не ответил", "Лид поступил: Сайт"]
    assert "Поставлены задачи: «Написать в WhatsApp», «Связаться с клиентом»" in text_of(page)


def test_older_history_is_on_the_next_page(frozen: Frozen) -> None:
    manager = ManagerFactory()
    row = lead()
    for number in range(40):
        frozen.move(minutes=1)
        comment(row.pk, f"Запись {number}", by=manager)
    client = signed_in(manager)
    page = client.get(f"/leads/{row.pk}/")
    assert "Запись 39" in text_of(page)
    assert "Запись 5 " not in text_of(page)
    older = client.get(f"/leads/{row.pk}/{page.context['older_url'].partition('#')[0]}")
    assert "Запись 5 " in text_of(older)
    assert "Запись 39" not in text_of(older)


def test_touches_alone_can_be_read() -> None:
    row = lead()
    touch(row, comment="Гудки")
    comment(row.pk, "Замечание", by=ManagerFactory())
    said = card(ManagerFactory(), row, "?history=touch")
    assert "Гудки" in said
    assert "Замечание" not in said


@pytest.mark.parametrize("query", ["?before=x", "?before=0001-01-01T00:00:00%2B14:00", "?before=2026-11-24", "?pane=x"])
def test_a_bad_address_shows_the_card(query: str) -> None:
    card(ManagerFactory(), lead(), query)


def test_markup_in_every_field_is_text() -> None:
    manager = ManagerFactory(name=HOSTILE)
    row = lead(
        by=manager,
        name=HOSTILE,
        city=HOSTILE,
        comment=HOSTILE,
        source=HOSTILE,
        utm={HOSTILE: HOSTILE},
        phone="8 937 000-60-27",
    )
    touch(row, by=manager, comment=HOSTILE)
    comment(row.pk, HOSTILE, by=manager)
    client = signed_in(manager)
    for page in ("", "edit/", "junk/", "status/", "status/?to=meeting", "assign/"):
        assert "<script>alert" not in client.get(f"/leads/{row.pk}/{page}").content.decode()


def test_it_takes_seventeen_queries_however_much_happened(frozen: Frozen) -> None:
    operator, manager = OperatorFactory(), ManagerFactory()
    plain = lead(by=operator)
    full = lead(by=operator)
    for _again in range(40):
        frozen.move(hours=2)
        touch(full, by=operator)
        lead(phone=full.phone)
        set_task(full.pk, text="Позвонить", due_at=frozen.now + timedelta(hours=1), by=operator)
    signed = move(lead_in("visit", by=operator), "contract", by=operator)
    for user in (operator, manager):
        client = signed_in(user)
        for row in (plain, full, signed):
            client.get(f"/leads/{row.pk}/")
            with at_most(17):
                client.get(f"/leads/{row.pk}/")


def test_what_a_message_quotes_is_text() -> None:
    row = lead()
    colleague = OperatorFactory(name=HOSTILE)
    page = signed_in(ManagerFactory()).post(f"/leads/{row.pk}/assign/", {"responsible": colleague.pk}, follow=True)
    assert "Ответственный: &lt;script&gt;alert" in page.content.decode()
    assert "<script>alert" not in page.content.decode()


@pytest.mark.parametrize(("status", "times"), [("dialing", 1), ("contract", 0), ("junk", 0)])
def test_a_next_touch_is_promised_only_while_the_lead_is_in_work(status: str, times: int, frozen: Frozen) -> None:
    said = card(ManagerFactory(), lead_in(status))
    assert said.count("следующее касание встанет само") == times
    assert said.count("следующее касание встанет само: сегодня, 14:00") == times


def test_quotation_marks_are_those_of_the_language() -> None:
    row = lead()
    assert "Поставлены задачи: «Связаться с клиентом»" in card(ManagerFactory(), row)
    assert "Tasks set: “Contact the client”" in card(ManagerFactory(language="en"), row)
