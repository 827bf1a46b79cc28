"""A lead from arrival to a contract with prepayment, on pages alone and without script."""

import re

import pytest
from django.test import Client

from deals.models import Deal
from leads.models import Lead
from tests.factories import LawyerFactory, OperatorFactory
from tests.pages import signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


def send(client: Client, address: str, **typed: str):
    """Open the page of a form and send it as a browser would: with what it hides, and what is typed."""
    page = client.get(address).content.decode()
    form = next(
        form for form in re.findall(r"<form.*?</form>", page, re.DOTALL) if all(f'name="{n}"' in form for n in typed)
    )
    tag = re.match(r"<form[^>]*>", form)[0]
    action = re.search(r'action="([^"]*)"', tag)
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    to = (action[1] if action else "") or address
    return client.post(to, {**hidden, **typed}, follow=True)


def test_from_new_to_a_contract_with_prepayment() -> None:
    lawyer = LawyerFactory()
    client = signed_in(OperatorFactory())
    send(client, "/leads/new/", phone="8 937 000-60-27", source="quiz", name="Андрей Мельников")
    row = Lead.objects.get()
    card = f"/leads/{row.pk}/"
    assert "Прозвон" in text_of(send(client, card, result="no_answer", comment="Гудки"))
    send(client, f"{card}status/?to=meeting", meeting_at="2030-11-25T15:00", office="main")
    assert "Встреча назначена" in text_of(client.get(card))
    send(client, f"{card}status/", to="visit")
    page = send(
        client, f"{card}contract/?to=contract_prepaid", to="contract_prepaid", amount="145 000", prepayment="30 000"
    )
    made = Deal.objects.get()
    assert f"Сделка {made.number} создана" in text_of(page)
    assert (made.lead, made.responsible, made.prepayment) == (row, lawyer, 30000)
    row.refresh_from_db()
    assert row.status == "contract_prepaid"
    milestones = (row.reached_meeting_at, row.reached_visit_at, row.reached_contract_at, row.reached_prepaid_at)
    assert all(milestones)
