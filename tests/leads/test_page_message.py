"""Writing to the client from a lead: messenger, text, link, and the touch once it was sent; without script."""

import re
from html import unescape
from urllib.parse import quote

import pytest
from django.test import Client

from contacts.actions import edit_contact
from contacts.models import MessageTemplate, Messenger
from leads.editing import stop_calling
from leads.models import Lead, Office, Touch
from team.actions import set_shift
from tests.conftest import Frozen
from tests.factories import LawyerFactory, ManagerFactory, OperatorFactory, lead, lead_in, move
from tests.pages import HOSTILE, at_most, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]

TEXT = "Пётр, здравствуйте."


def links_of(page: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'href="((?:https://|sms:)[^"]*)"', page)]


def written(page: str) -> str:
    """What stands in the text area."""
    return unescape(re.search(r"<textarea[^>]*>\s*(.*?)</textarea>", page, re.DOTALL)[1])


@pytest.fixture
def operator() -> OperatorFactory:
    return OperatorFactory(name="Анна Орлова")


def send(client: Client, row: Lead, do: str, **given: str):
    return client.post(f"/leads/{row.pk}/message/", {"messenger": "whatsapp", "text": TEXT, "do": do, **given})


def test_the_texts_of_the_status_are_offered_with_the_first_one_written(operator) -> None:
    row = lead_in("dialing", name="Пётр", by=operator)
    client = signed_in(operator)
    with at_most(7):
        page = client.get(f"/leads/{row.pk}/message/")
    assert "Не дозвонились" in text_of(page)
    assert "Адрес офиса" not in text_of(page)
    assert written(page.content.decode()).startswith("Пётр, здравствуйте. Меня зовут Анна Орлова.")
    for name in ("WhatsApp", "Telegram", "MAX", "SMS"):
        assert name in text_of(page)


def test_the_link_carries_the_edited_text_and_opens_apart(operator) -> None:
    row = lead(name="Пётр", phone="8 937 000-60-27")
    client = signed_in(operator)
    page = send(client, row, "open", text="До встречи, 5 % & ко").content.decode()
    wanted = f"https://wa.me/79370006027?text={quote('До встречи, 5 % & ко', safe='')}"
    assert set(links_of(page)) == {wanted}
    assert page.count('target="_blank" rel="noopener noreferrer"') >= 2
    assert "Сообщение отправлено?" in page
    assert not Touch.objects.exists()


def test_only_yes_records_the_touch(operator) -> None:
    row = lead(name="Пётр")
    client = signed_in(operator)
    send(client, row, "open")
    send(client, row, "fill")
    assert not Touch.objects.exists()
    page = client.get(f"/leads/{row.pk}/message/").content.decode()
    sent = {"token": re.search(r'name="token" value="([^"]+)"', page)[1]}
    for _press in range(2):
        answer = send(client, row, "sent", messenger="telegram", **sent)
        assert answer["Location"] == f"/leads/{row.pk}/"
    made = Touch.objects.get()
    assert (made.channel, made.direction, made.outcome, made.comment) == ("telegram", "outgoing", "sent", TEXT)
    assert made.by == operator
    assert "Касание 1 записано" in text_of(client.get(f"/leads/{row.pk}/"))


def test_without_script_another_text_is_taken_by_a_button(operator) -> None:
    row = lead_in("meeting", name="Пётр", by=operator)
    other = MessageTemplate.objects.get(name="Напоминание о встрече")
    page = send(signed_in(operator), row, "fill", template=str(other.pk), messenger="sms").content.decode()
    assert "Напоминаем о встрече" in written(page)
    assert re.search(r'value="sms"[^>]* checked', page)


def test_it_goes_on_where_it_was_asked_to_but_never_elsewhere(operator) -> None:
    row, client = lead(by=operator), signed_in(operator)
    assert send(client, row, "sent", next="/leads/?view=board")["Location"] == "/leads/?view=board"
    for evil in (
        "//evil.example",
        "\\\\evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "https://evil.example/",
    ):
        assert send(client, row, "sent", next=evil)["Location"].startswith("/leads/")
        page = client.get(f"/leads/{row.pk}/message/", {"next": evil}).content.decode()
        assert f'href="{evil}"' not in page


def test_no_header_comes_in_by_the_way_back(operator) -> None:
    answer = send(signed_in(operator), lead(by=operator), "sent", next="/leads/\r\nSet-Cookie: a=b")
    assert answer.status_code == 302
    assert "\n" not in answer["Location"]
    assert "a" not in answer.cookies


def test_the_address_goes_out_at_its_task(operator, frozen: Frozen) -> None:
    Office.objects.update(address="Самара, улица Молодогвардейская, 1")
    row = lead_in("meeting", name="Пётр", city="Уфа", by=operator)
    client = signed_in(operator)
    card = client.get(f"/leads/{row.pk}/").content.decode()
    assert f"/leads/{row.pk}/message/?task=send_address" in card
    page = client.get(f"/leads/{row.pk}/message/?task=send_address").content.decode()
    assert "ждём вас 25 ноября в 14:00. Адрес: Самара, улица Молодогвардейская, 1." in written(page)
    send(client, row, "sent", task="send_address")
    assert set(row.tasks.open().values_list("kind", flat=True)) == {"confirm_meeting"}


def test_another_message_does_not_stand_for_the_address(operator, frozen: Frozen) -> None:
    row = lead_in("meeting", by=operator)
    send(signed_in(operator), row, "sent")
    assert row.tasks.open().filter(kind="send_address").exists()


def test_what_is_not_known_is_left_out_and_told(operator) -> None:
    Office.objects.update(address="")
    row = lead_in("meeting", by=operator)
    page = signed_in(operator).get(f"/leads/{row.pk}/message/?task=send_address")
    assert "Неизвестно, поэтому в тексте нет: имя, адрес офиса" in text_of(page)
    assert written(page.content.decode()).startswith("Ждём вас ")
    assert "Адрес" not in written(page.content.decode())


def test_a_switched_off_messenger_is_no_choice_and_its_touches_keep_their_name(operator) -> None:
    row, client = lead(by=operator), signed_in(operator)
    send(client, row, "sent", messenger="telegram")
    Messenger.objects.filter(code="telegram").update(active=False)
    assert "Telegram: Сообщение отправлено" in text_of(client.get(f"/leads/{row.pk}/"))
    page = client.get(f"/leads/{row.pk}/message/?messenger=telegram").content.decode()
    assert 'value="telegram"' not in page
    assert send(client, row, "sent", messenger="telegram").status_code == 422
    assert (
        client.post(
            f"/leads/{row.pk}/touches/", {"pane": "message", "channel": "telegram", "outcome": "sent"}
        ).status_code
        == 422
    )
    Messenger.objects.update(active=False)
    assert "Ни один мессенджер не включён" in text_of(client.get(f"/leads/{row.pk}/message/"))


def test_who_is_not_to_be_written_to_gets_no_link(operator) -> None:
    asked, no_number, closed = lead(), lead(phone="", email="a@example.org"), lead_in("junk")
    stop_calling(asked.contact_id, "жалоба", by=ManagerFactory())
    client = signed_in(ManagerFactory())
    for row, said in (
        (asked, "Клиент просил не звонить."),
        (no_number, "Нет номера, на который можно написать."),
        (closed, "Лид в браке."),
    ):
        for page in (client.get(f"/leads/{row.pk}/message/"), send(client, row, "open")):
            assert said in text_of(page)
            assert links_of(page.content.decode()) == []
        card = client.get(f"/leads/{row.pk}/").content.decode()
        assert f"/leads/{row.pk}/message/" not in card
        assert 'href="tel:' not in card


def test_a_duplicate_is_not_written_to() -> None:
    repeat = lead(phone=lead().phone)
    client = signed_in(ManagerFactory())
    for page in (client.get(f"/leads/{repeat.pk}/message/"), send(client, repeat, "sent")):
        assert page.status_code == 409
        assert "Это дубль" in text_of(page)
    assert not Touch.objects.exists()


def test_it_follows_what_a_person_may_see(operator) -> None:
    row = lead(by=OperatorFactory())
    assert signed_in(operator).get(f"/leads/{row.pk}/message/").status_code == 404
    assert send(signed_in(operator), row, "sent").status_code == 404
    assert signed_in(LawyerFactory()).get(f"/leads/{row.pk}/message/").status_code == 403


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"text": " "}, "Напишите сообщение"),
        ({"messenger": "email"}, "Выберите мессенджер"),
        ({"text": "я" * 2001}, "2000"),
    ],
)
def test_a_wrong_message_is_shown_again(operator, given: dict[str, str], said: str) -> None:
    row = lead(by=operator)
    for do in ("open", "sent"):
        page = send(signed_in(operator), row, do, **given)
        assert page.status_code == 422
        assert said in text_of(page)
    assert not Touch.objects.exists()


def test_hostile_names_are_text_in_page_link_and_history() -> None:
    operator = OperatorFactory(name=HOSTILE)
    row = lead(name=HOSTILE + " {operator} {0.__class__}", by=operator)
    client = signed_in(operator)
    page = client.get(f"/leads/{row.pk}/message/").content.decode()
    assert "<script>alert" not in page
    assert "{operator} {0.__class__}, здравствуйте" in written(page)
    send(client, row, "sent", text=written(page))
    assert "<script>alert" not in client.get(f"/leads/{row.pk}/").content.decode()


def test_the_name_of_the_card_is_used_where_the_lead_has_none(operator) -> None:
    row = lead(by=operator)
    edit_contact(row.contact_id, {"name": "Ольга"}, by=ManagerFactory())
    assert written(signed_in(operator).get(f"/leads/{row.pk}/message/").content.decode()).startswith("Ольга, ")


def test_clients_are_written_to_in_russian_whatever_the_reader_speaks(frozen: Frozen) -> None:
    english = OperatorFactory(language="en")
    row = move(lead(name="Пётр", by=english), "meeting", by=english)
    page = signed_in(english).get(f"/leads/{row.pk}/message/?task=confirm_meeting").content.decode()
    assert "Напоминаем о встрече 25 ноября в 12:00." in written(page)
    assert "Was the message sent?" in page


def test_from_my_day_it_goes_on_with_the_same_client(operator, frozen: Frozen) -> None:
    row = lead_in("meeting", name="Пётр", by=operator)
    set_shift(operator.pk, "on")
    client = signed_in(operator)
    page = client.get(f"/day/?lead={row.pk}", follow=True).content.decode()
    address = unescape(re.search(r'href="(/leads/\d+/message/[^"]+)"', page)[1])
    assert "task=send_address" in address
    form = client.get(address).content.decode().partition("data-message")[2]
    assert "ждём вас 25 ноября" in written(form)
    on = unescape(re.search(r'name="next" value="([^"]+)"', form)[1])
    assert send(client, row, "sent", next=on, task="send_address")["Location"] == f"/day/?lead={row.pk}"
    assert not row.tasks.open().filter(kind="send_address").exists()
