"""The main job, in a real browser and by keyboard alone: a lead posted by a landing page becomes a deal, and the source
report counts it.
"""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from deals.models import Deal
from leads.models import Lead
from team.models import ApiKey, User
from tests import factories
from tests.browser.keyboard import choose, open_beside, press, type_into, type_moment

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("catalogues"),
]
NUMBERS = ".rep tbody tr:has-text('Квиз') .v a"


def post(page: Page, live_server: LiveServer) -> Lead:
    """What a landing page sends."""
    key = factories.ApiKeyFactory(kind=ApiKey.Kind.INTAKE)
    body = {"phone": "8 (937) 000-60-27", "source": "quiz", "name": "Андрей Мельников", "debt_amount": "870000"}
    answer = page.request.post(f"{live_server.url}/api/v1/leads/", data=body, headers=factories.header(key))
    assert answer.status == 201
    return Lead.objects.get(pk=answer.json()["id"])


def work_until_visit(page: Page) -> None:
    """From the list through the first touch and the meeting to the visit."""
    page.goto("/leads/")
    press(page, page.get_by_role("link", name="Андрей Мельников", exact=True))
    call = page.locator("form.composer__pane--call")
    choose(page, call.get_by_role("group", name="Чем закончился звонок"), "Не ответил")
    press(page, call.get_by_role("button", name="Сохранить"))
    expect(page.locator(".steps [aria-current=step]")).to_have_text("Прозвон")
    press(page, page.locator(".steps").get_by_role("link", name="Встреча назначена"))
    type_moment(page, page.locator("[name=meeting_at]:visible"))
    page.keyboard.press("Enter")
    expect(page.locator(".steps [aria-current=step]")).to_have_text("Встреча назначена")
    press(page, page.locator(".steps").get_by_role("button", name="Визит"))
    expect(page.locator(".steps [aria-current=step]")).to_have_text("Визит")


def counts(page: Page) -> list[int]:
    """The five numbers of the source's row."""
    return [int(text) for text in page.locator(NUMBERS).all_inner_texts()]


def test_a_posted_lead_walks_to_a_prepaid_contract_and_into_the_report(
    as_user: Callable[[User], Page], live_server: LiveServer
) -> None:
    chief, lawyer = factories.ManagerFactory(), factories.LawyerFactory()
    factories.lead_in("meeting", source="quiz", name="Кто был раньше")
    page = as_user(chief)
    page.goto("/reports/sources/")
    before = counts(page)
    assert before == [1, 1, 0, 0, 0]

    lead = post(page, live_server)
    as_user(factories.OperatorFactory())
    work_until_visit(page)
    press(page, page.locator(".steps").get_by_role("link", name="Договор", exact=True))
    type_into(page, page.get_by_label("Стоимость, ₽"), "145 000")
    page.keyboard.press("Enter")
    expect(page.locator(".steps [aria-current=step]")).to_have_text("Договор")
    press(page, page.get_by_role("link", name="Записать предоплату"))
    type_into(page, page.get_by_label("Предоплата, ₽"), "30 000")
    page.keyboard.press("Enter")
    expect(page.locator(".steps [aria-current=step]")).to_have_text("Договор с предоплатой")
    deal = Deal.objects.get()
    assert (deal.lead, deal.contact, deal.source.code) == (lead, lead.contact, "quiz")
    assert (deal.amount, deal.prepayment, deal.responsible) == (145_000, 30_000, lawyer)

    as_user(chief)
    page.goto("/reports/sources/")
    assert [now - then for now, then in zip(counts(page), before, strict=True)] == [1, 1, 1, 1, 1]
    for place, number in enumerate(counts(page)):
        behind = open_beside(page, page.locator(NUMBERS).nth(place))
        expect(behind.locator("tbody tr")).to_have_count(number)
        expect(behind.get_by_role("link", name="Андрей Мельников", exact=True)).to_be_visible()
        behind.close()


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_without_script_a_lead_walks_to_a_contract_as_well(
    as_user: Callable[[User], Page], live_server: LiveServer
) -> None:
    factories.LawyerFactory()
    page = as_user(factories.OperatorFactory())
    lead = post(page, live_server)
    work_until_visit(page)
    press(page, page.get_by_role("link", name="Создать сделку"))
    expect(page).to_have_title(f"№ {lead.pk}: Договор с клиентом — CRM")
    type_into(page, page.get_by_label("Стоимость, ₽"), "145 000")
    page.keyboard.press("Enter")
    expect(page.locator(".steps [aria-current=step]")).to_have_text("Договор")
    assert Deal.objects.get().lead == lead
