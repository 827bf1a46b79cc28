"""Entering a lead by hand: the source is mandatory, a refused number is asked again, a known one is told at once."""

import re
import threading

import pytest
from django.db import connection

from contacts.models import Contact
from leads.models import IntakePolicy, Lead
from tests.conftest import Frozen
from tests.factories import LawyerFactory, ManagerFactory, OperatorFactory, lead, lead_in
from tests.pages import HOSTILE, at_most, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


def typed(**changes: str) -> dict[str, str]:
    return {"phone": "8 937 000 60 27", "source": "quiz", "name": "Андрей", **changes}


def token_of(page) -> str:
    return re.search(r'name="token" value="([^"]+)"', page.content.decode())[1]


def test_a_lead_is_made_and_is_theirs_who_entered_it() -> None:
    operator = OperatorFactory()
    answer = signed_in(operator).post(
        "/leads/new/", typed(city="Самара", debt_amount="760 000", email="a@example.org", comment="Ждёт звонка")
    )
    row = Lead.objects.get()
    assert answer.headers["Location"] == f"/leads/{row.pk}/"
    assert (row.phone, row.source.code, row.responsible, row.status) == ("+79370006027", "quiz", operator, "new")
    assert (row.city, row.debt_amount, row.comment) == ("Самара", 760000, "Ждёт звонка")


def test_the_page_asks_for_the_phone_first_and_takes_one_from_the_address() -> None:
    page = signed_in(OperatorFactory()).get("/leads/new/?phone=8+937+000-60-27").content.decode()
    assert 'value="8 937 000-60-27"' in page
    assert page.index('name="phone"') < page.index('name="source"')
    assert '<option value="" selected>Выберите источник</option>' in page


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"source": ""}, "Без источника лид не сохранить"),
        ({"phone": "12345"}, "Номер не распознан. Нужно 11 цифр, например 8 937 000-60-27"),
        ({"phone": ""}, "Номер не распознан. Нужно 11 цифр, например 8 937 000-60-27"),
        ({"debt_amount": "много"}, "Укажите сумму в рублях, например 870 000"),
        ({"email": "не почта"}, "адрес"),
    ],
)
def test_what_is_wrong_stands_beside_the_field_and_what_was_typed_stays(changes: dict, said: str) -> None:
    page = signed_in(OperatorFactory()).post("/leads/new/", typed(comment="Ждёт звонка", **changes))
    assert page.status_code == 422
    assert said in text_of(page)
    assert "Ждёт звонка" in page.content.decode()
    assert not Lead.objects.exists()


@pytest.mark.parametrize("source", ["nowhere", "\x00", HOSTILE])
def test_a_source_that_is_not_there_is_refused(source: str) -> None:
    page = signed_in(OperatorFactory()).post("/leads/new/", typed(source=source))
    assert page.status_code == 422
    assert not Lead.objects.exists()


def test_a_number_in_work_is_told_and_written_down_as_a_duplicate_only_on_purpose() -> None:
    operator = OperatorFactory(name="Марина Ковалёва")
    original = lead(by=operator, phone="8 937 000-60-27", name="Мельников")
    client = signed_in(operator)
    page = client.post("/leads/new/", typed())
    assert page.status_code == 409
    said = text_of(page)
    assert "Этот номер уже в работе Новый лид сразу станет «Дублем»." in said
    assert f"№ {original.pk}, Мельников" in said
    assert f"Открыть лид № {original.pk}" in said
    assert Lead.objects.count() == 1
    client.post("/leads/new/", {**typed(), "duplicate": "1", "token": token_of(page)})
    repeat = Lead.objects.latest("pk")
    assert (repeat.status, repeat.junk_reason, repeat.duplicate_of) == ("junk", "duplicate", original)


def test_of_a_colleagues_lead_only_the_number_and_the_name_of_who_has_it_are_told() -> None:
    original = lead(by=OperatorFactory(name="Денис Орлов"), phone="8 937 000-60-27", name="Мельников", source="vk")
    client = signed_in(OperatorFactory())
    page = client.post("/leads/new/", typed(name=""))
    said = text_of(page)
    assert f"№ {original.pk}" in said
    assert "Денис Орлов" in said
    assert "Мельников" not in said
    assert f"/leads/{original.pk}/" not in page.content.decode()
    answer = client.post("/leads/new/", {**typed(), "duplicate": "1"}, follow=True)
    assert answer.redirect_chain == [("/leads/", 302)]
    assert f"Исходный — № {original.pk}." in text_of(answer)


def test_an_original_closed_long_ago_does_not_stop_a_new_one(frozen: Frozen) -> None:
    IntakePolicy.objects.update_or_create(pk=1, defaults={"new_original_after_days": 30})
    lead_in("junk", phone="8 937 000-60-27")
    operator = signed_in(OperatorFactory())
    assert operator.post("/leads/new/", typed()).status_code == 409
    frozen.move(days=31)
    assert operator.post("/leads/new/", typed()).status_code == 302


def test_a_form_sent_twice_makes_one_lead_and_answers_alike() -> None:
    client = signed_in(OperatorFactory())
    sent = typed(token=token_of(client.get("/leads/new/")))
    first, second = client.post("/leads/new/", sent), client.post("/leads/new/", sent)
    assert Lead.objects.count() == 1
    assert first.headers["Location"] == second.headers["Location"] == f"/leads/{Lead.objects.get().pk}/"


def test_a_refused_form_keeps_its_token_and_can_be_sent_again() -> None:
    client = signed_in(OperatorFactory())
    token = token_of(client.get("/leads/new/"))
    assert token_of(client.post("/leads/new/", typed(source="", token=token))) == token
    client.post("/leads/new/", typed(token=token))
    assert Lead.objects.count() == 1


def test_lawyers_do_not_enter_leads() -> None:
    client = signed_in(LawyerFactory())
    assert client.get("/leads/new/").status_code == 403
    assert client.post("/leads/new/", typed()).status_code == 403


def test_for_htmx_it_is_a_drawer_and_caches_tell_them_apart() -> None:
    client = signed_in(ManagerFactory())
    piece = client.get("/leads/new/", headers={"HX-Request": "true"})
    assert "dialog--drawer" in piece.content.decode()
    assert "<html" not in piece.content.decode()
    assert "HX-Request" in client.get("/leads/new/").headers["Vary"]


def check(user, phone: str) -> str:
    """What the piece under the field says."""
    client = signed_in(user)
    with at_most(10):
        page = client.get("/leads/check-phone/", {"phone": phone})
    assert page.status_code == 200
    return text_of(page)


@pytest.mark.parametrize(
    "spelling",
    ["8 937 000 60 27", "+7(937)000-60-27", "9370006027", "тел. 8-937-000-60-27 доб. 12", "\u202a+7 937 0006027"],
)
def test_while_it_is_typed_a_number_is_read_in_any_spelling(spelling: str) -> None:
    operator = OperatorFactory()
    original = lead(by=operator, phone="+79370006027", name="Мельников")
    said = check(operator, spelling)
    assert "Распознан как +7 937 000-60-27" in said
    assert f"№ {original.pk}, Мельников" in said
    assert f"Записать как дубль Открыть лид № {original.pk}" in said
    assert "Создать лид" not in said


def test_nothing_is_said_of_what_is_not_typed_to_the_end() -> None:
    operator = OperatorFactory()
    for typed_so_far in ("", "8", "8 937 000 6", "Иван", "\x00"):
        assert check(operator, typed_so_far) == "Создать лид"
    assert "Номер не распознан" in check(operator, "8 937 000 60 271 5")
    assert len(check(operator, "9" * 50_000)) < 200


def test_a_landline_tells_its_city_and_what_time_it_is_there(frozen: Frozen) -> None:
    said = check(OperatorFactory(), "8 (3472) 12-34-56")
    assert "по коду: Уфа · там 14:00 По этому номеру лидов в работе нет" in said
    assert "там" not in check(OperatorFactory(), "8 495 123-45-67")
    page = signed_in(OperatorFactory()).get("/leads/new/?phone=8+3472+123456").content.decode()
    assert 'name="city" value="Уфа"' in page


def test_a_card_without_a_lead_in_work_is_led_to_by_those_who_may_open_it() -> None:
    card = Contact.objects.create(phone="+79370006027", name="Светлана Мельникова", do_not_call_reason="Просила")
    said = check(ManagerFactory(), "8 937 000 60 27")
    assert "Светлана Мельникова карточка есть, лида в работе нет" in said
    assert "Светлана" not in check(OperatorFactory(), "8 937 000 60 27")
    IntakePolicy.objects.update_or_create(pk=1, defaults={"new_original_after_days": 0})
    old = lead_in("junk", phone=card.phone)
    said = check(ManagerFactory(), card.phone)
    assert f"№ {old.pk}" in said
    assert "Брак: Отказался" in said
    assert "уже в работе" not in said


def test_of_a_colleagues_client_the_check_tells_no_more_than_the_form() -> None:
    original = lead(by=OperatorFactory(name="Денис Орлов"), phone="8 937 000-60-27", name="Мельников", source="vk")
    operator = OperatorFactory()
    page = signed_in(operator).get("/leads/check-phone/?phone=8+937+000-60-27")
    said = text_of(page)
    assert f"№ {original.pk}" in said
    assert "Денис Орлов" in said
    for secret in ("Мельников", "VK", "Открыть", f"/leads/{original.pk}/", f"/contacts/{original.contact_id}/"):
        assert secret not in page.content.decode()
    assert "Мельников" in check(ManagerFactory(), "8 937 000-60-27")
    lawyer = signed_in(LawyerFactory())
    assert lawyer.get("/leads/check-phone/?phone=8+937+000-60-27").status_code == 403


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_the_same_moment_make_one_lead() -> None:
    operator = OperatorFactory()
    sent = typed(token="one-time-token-of-this-form")
    both = threading.Barrier(2)
    answers: list[str] = []

    def press() -> None:
        client = signed_in(operator)
        both.wait()
        answers.append(client.post("/leads/new/", sent).headers.get("Location", ""))
        connection.close()

    presses = [threading.Thread(target=press) for _press in range(2)]
    for thread in presses:
        thread.start()
    for thread in presses:
        thread.join()
    assert Lead.objects.count() == 1
    assert set(answers) == {f"/leads/{Lead.objects.get().pk}/"}
