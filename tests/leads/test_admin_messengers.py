"""The catalogue of messengers and texts in the admin: what is refused there, and what is never deleted."""

import pytest

from contacts.models import MessageTemplate, Messenger
from tests.factories import AdminFactory, ManagerFactory
from tests.pages import HOSTILE, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]

TEXTS = "/admin/contacts/messagetemplate"
MESSENGERS = "/admin/contacts/messenger"


def text(**given: str) -> dict[str, str]:
    return {"name": "Новый", "text": "{name}, здравствуйте.", "position": "5", "active": "on", **given}


def test_a_link_of_another_kind_is_refused_with_a_sentence() -> None:
    client = signed_in(AdminFactory())
    row = Messenger.objects.get(code="whatsapp")
    for link, said in (
        ("javascript:alert(1)", "Ссылка начинается с одного из"),
        ("https://wa.me/{number}", "Такой переменной нет: {number}"),
    ):
        page = client.post(f"{MESSENGERS}/{row.pk}/change/", {"name": "WhatsApp", "link": link, "position": "1"})
        assert said in text_of(page)
    row.refresh_from_db()
    assert row.link == "https://wa.me/{digits}?text={text}"


def test_a_messenger_is_edited_switched_off_and_not_deleted() -> None:
    client = signed_in(AdminFactory())
    row = Messenger.objects.get(code="max")
    sent = {"name": "МАКС", "link": "https://max.ru/u/{digits}", "position": "1", "code": "sms"}
    assert client.post(f"{MESSENGERS}/{row.pk}/change/", sent).status_code == 302
    row.refresh_from_db()
    assert (row.code, row.name, row.active) == ("max", "МАКС", False)
    assert client.post(f"{MESSENGERS}/{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_code_is_a_channel_of_touches() -> None:
    Messenger.objects.filter(code="sms").delete()
    client = signed_in(AdminFactory())
    sent = {"name": "Почта", "link": "sms:{phone}", "position": "1", "active": "on"}
    for code in ("call", "email", "viber", ""):
        assert client.post(f"{MESSENGERS}/add/", {**sent, "code": code}).status_code == 200
    assert client.post(f"{MESSENGERS}/add/", {**sent, "code": "sms"}).status_code == 302


@pytest.mark.parametrize("wrong", ["{0.__class__}", "{имя}", "{name", "{{7*7}}"])
def test_a_text_with_another_brace_is_refused(wrong: str) -> None:
    page = signed_in(AdminFactory()).post(f"{TEXTS}/add/", text(text=f"Здравствуйте {wrong}"))
    assert page.status_code == 200
    assert "Возможны: {name}" in text_of(page) or "Скобка стоит отдельно" in text_of(page)


def test_a_text_is_added_with_its_status_and_task() -> None:
    client = signed_in(AdminFactory())
    sent = text(
        name=HOSTILE, status="meeting", task_kind="send_address", text=f"{HOSTILE.replace('{{ 7 }}', '')} {{name}}"
    )
    assert client.post(f"{TEXTS}/add/", sent).status_code == 302
    made = MessageTemplate.objects.get(position=5)
    assert (made.status, made.task_kind, made.messenger) == ("meeting", "send_address", None)
    assert "<script>alert" not in client.get(f"{TEXTS}/").content.decode()
    for wrong in ({"status": "junk"}, {"status": "won"}, {"task_kind": "nonsense"}):
        assert client.post(f"{TEXTS}/add/", text(**wrong)).status_code == 200
    assert "{address}" in text_of(client.get(f"{TEXTS}/add/"))


def test_only_administrators_edit_them() -> None:
    client = signed_in(ManagerFactory())
    assert client.get(f"{TEXTS}/").status_code == 403
    assert client.get(f"{MESSENGERS}/").status_code == 403
