"""The timeline of a lead: everything in one row, newest first, in the language of the reader, in few queries."""

import json
from collections.abc import Callable

import pytest
from django.utils import translation

from leads.editing import assign, edit_lead
from leads.models import Lead
from leads.timeline import Entry, timeline
from tests import factories
from tests.conftest import Frozen

pytestmark = pytest.mark.django_db


@pytest.fixture
def eventful(catalogues: None, frozen: Frozen) -> Lead:
    """A lead that was touched, edited, handed over, applied again, met and signed."""
    operator, manager = factories.OperatorFactory(name="Марина Ковалёва"), factories.ManagerFactory()
    lead = factories.lead(name="Андрей")
    frozen.move(minutes=5)
    factories.touch(lead, by=operator, comment="Гудки до автоответчика")
    frozen.move(minutes=5)
    edit_lead(lead.pk, {"name": "Андрей Мельников", "source": "vk"}, by=operator)
    assign(lead.pk, manager.pk, by=manager)
    frozen.move(minutes=5)
    factories.lead(phone=lead.phone)
    frozen.move(minutes=5)
    factories.move(lead, "meeting", by=manager)
    factories.move(lead, "contract_prepaid", by=manager)
    return Lead.objects.with_card().get(pk=lead.pk)


def texts(entries: list[Entry]) -> list[str]:
    return [entry.text for entry in entries]


def test_it_tells_everything_newest_first(eventful: Lead) -> None:
    entries = timeline(eventful)
    moments = [entry.at for entry in entries]
    assert moments == sorted(moments, reverse=True)
    assert {entry.kind for entry in entries} == {"status", "touch", "task", "change"}
    assert entries[-1].text == "Лид поступил: Сайт"
    assert "Звонок: Не ответил" in texts(entries)
    assert "Изменено: имя: Андрей → Андрей Мельников; источник: Сайт → VK Реклама" in texts(entries)


def test_what_the_product_did_has_no_author(eventful: Lead) -> None:
    by = {entry.text: entry.by for entry in timeline(eventful)}
    assert by["Лид поступил: Сайт"] is None
    assert str(by["Звонок: Не ответил"]) == "Марина Ковалёва"


def test_it_speaks_the_readers_language(eventful: Lead) -> None:
    with translation.override("en"):
        said = texts(timeline(eventful))
    assert "Call: No answer" in said
    assert "New → Calling" in said


def test_its_data_is_plain_json(eventful: Lead) -> None:
    data = json.loads(json.dumps([entry.data for entry in timeline(eventful)]))
    assert {"channel": "call", "outcome": "no_answer", "number": 1}.items() <= next(
        row.items() for row in data if "channel" in row
    )
    deal = next(row for row in data if row.get("event") == "deal_opened")
    assert not {"amount", "prepayment"} & deal.keys()


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_pages_of_any_size_lose_and_double_nothing(eventful: Lead, limit: int) -> None:
    paged: list[Entry] = []
    page = timeline(eventful, limit=limit)
    while page:
        paged += page
        page = timeline(eventful, limit=limit, before=page[-1].at)
    assert texts(paged) == texts(timeline(eventful, limit=1000))


def test_it_takes_four_queries_however_much_happened(
    eventful: Lead, frozen: Frozen, django_assert_max_num_queries: Callable
) -> None:
    original = factories.lead()
    for _again in range(40):
        frozen.move(hours=1)
        factories.touch(original)
        factories.lead(phone=original.phone)
    original = Lead.objects.with_card().get(pk=original.pk)
    for lead in (eventful, original):
        with django_assert_max_num_queries(4):
            timeline(lead)


def test_touches_alone_keep_their_numbers(eventful: Lead) -> None:
    factories.touch(other := factories.lead())
    factories.touch(other, channel="whatsapp", outcome="sent")
    shown = timeline(Lead.objects.with_card().get(pk=other.pk), only="touch")
    assert [(entry.kind, entry.data["number"]) for entry in shown] == [("touch", 2), ("touch", 1)]
