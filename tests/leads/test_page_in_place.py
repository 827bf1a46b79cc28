"""A field edited where it stands on the card: its form, its value, a colleague who was faster, and the recordings."""

import json
import re

import pytest
from django.test import Client

from leads.editing import edit_lead
from leads.models import Lead
from tests.factories import LawyerFactory, ManagerFactory, OperatorFactory, lead, lead_in, move, touch
from tests.pages import HOSTILE, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]
PIECE = {"headers": {"HX-Request": "true"}}


@pytest.fixture
def client() -> Client:
    return signed_in(ManagerFactory())


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("name", "Анна Мельникова", "Анна Мельникова"),
        ("debt_amount", "760 000", "760 000 ₽"),
        ("email", "a@example.org", "a@example.org"),
        ("comment", "Пять кредитов", "Пять кредитов"),
        ("source", "quiz", "Квиз"),
        ("city", "Уфа", "Уфа"),
    ],
)
def test_each_field_is_saved_and_shown_in_its_place(name: str, typed: str, said: str, client: Client) -> None:
    row = lead()
    address = f"/leads/{row.pk}/edit/?field={name}"
    form = client.get(address, **PIECE)
    assert form.content.decode().count("<form") == 1
    assert f'name="{name}"' in form.content.decode()
    answer = client.post(address, {name: typed, "version": row.version}, **PIECE)
    assert text_of(answer) == said
    row.refresh_from_db()
    assert json.loads(answer["HX-Trigger"]) == {"crm:version": {"version": row.version}}
    assert ("HX-Refresh" in answer) == (name == "city")
    assert text_of(client.get(f"{address}&show", **PIECE)) == said
    assert said in text_of(client.get(f"/leads/{row.pk}/"))


def test_C11_a_colleague_who_was_faster_is_named_and_the_typed_value_stays(client: Client) -> None:
    row = lead()
    address, seen = f"/leads/{row.pk}/edit/?field=name", row.version
    edit_lead(row.pk, {"debt_amount": 5}, by=ManagerFactory(name="Денис Орлов"))
    answer = client.post(address, {"name": "Анна", "version": seen}, **PIECE)
    assert answer.status_code == 409
    said = text_of(answer)
    assert "Не сохранено. Денис Орлов изменил лид" in said
    assert "Показать изменения" in said
    assert 'value="Анна"' in answer.content.decode()
    version = Lead.objects.get(pk=row.pk).version
    assert f'name="version" value="{version}"' in answer.content.decode()
    client.post(address, {"name": "Анна", "version": version}, **PIECE)
    assert Lead.objects.get(pk=row.pk).name == "Анна"


def test_a_wrong_value_is_told_there_and_a_page_without_script_has_all_fields(client: Client) -> None:
    row = lead(name=HOSTILE)
    address = f"/leads/{row.pk}/edit/?field=debt_amount"
    wrong = client.post(address, {"debt_amount": "много", "version": row.version}, **PIECE)
    assert wrong.status_code == 422
    assert 'aria-invalid="true"' in wrong.content.decode()
    assert "<script>" not in client.get(f"/leads/{row.pk}/edit/?field=name", **PIECE).content.decode()
    assert 'name="comment"' in client.get(address).content.decode()
    assert client.get(f"/leads/{row.pk}/edit/?field=status", **PIECE).content.decode().count("<form") == 1


def test_a_recording_is_played_by_everybody_and_taken_home_by_heads() -> None:
    lawyer, operator = LawyerFactory(), OperatorFactory()
    row = move(lead_in("visit", by=operator), "contract", by=operator, lawyer=lawyer.pk)
    touch(row, by=operator, recording_url="https://pbx.example/7.mp3")
    for user, may in ((operator, False), (lawyer, False), (ManagerFactory(), True)):
        page = signed_in(user).get(f"/leads/{row.pk}/").content.decode()
        assert page.count("data-recording") == 1
        assert ("Скачать" in page) == may
        assert ("pencil" in page) == (user != lawyer)


def test_history_shows_comments_or_changes_alone(client: Client) -> None:
    row = lead_in("dialing")
    touch(row, comment="Гудки")
    client.post(f"/leads/{row.pk}/comments/", {"text": "Замечание"})
    edit_lead(row.pk, {"name": "Анна"}, by=ManagerFactory())
    comments, changes = (
        text_of(client.get(f"/leads/{row.pk}/?history={word}")).split("История")[-1] for word in ("comment", "change")
    )
    assert "Замечание" in comments
    assert "Гудки" not in comments
    assert "Изменено" not in comments
    assert "Новый → Прозвон" in changes
    assert "Замечание" not in changes
    assert "Гудки" not in changes


def test_every_form_of_the_card_can_be_sent() -> None:
    """With the token that the server asks a browser for, which the test client of other tests does without."""
    row, operator = lead(), OperatorFactory()
    touch(row, by=operator, recording_url="https://pbx.example/7.mp3")
    page = signed_in(operator).get(f"/leads/{row.pk}/").content.decode()
    forms = re.findall(r'<form[^>]*method="post".*?</form>', page, re.DOTALL)
    assert len(forms) > 8
    assert [form[:120] for form in forms if "csrfmiddlewaretoken" not in form] == []
