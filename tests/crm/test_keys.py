"""One list of keys for the page that shows them and for the pages that obey them, so that the two cannot differ."""

import re
from pathlib import Path

import pytest
from django.test import Client

from crm.keys import EVERYWHERE, KEYS, PLACES, keys_on
from leads.models import Lead
from team.actions import set_shift
from team.roles import Role
from tests import factories
from tests.pages import signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues", "frozen")]
TEMPLATES = Path(__file__).resolve().parent.parent.parent / "templates"
# What needs no element: windows close by themselves, rows are walked by static/js/rows.js, the message that is up has
# its own sign, the caller's card is opened from the message while it rings, and forms are saved from within.
WITHOUT = {"Escape", "KeyU", "KeyO", "KeyJ", "KeyK", "KeyX", "Control+Enter"}


def page(client: Client, where: str) -> tuple[set[str], set[str]]:
    """The keys that a page obeys and those that its elements carry."""
    html = client.get(where, follow=True).content.decode()
    obeyed = re.search(r'data-keys="([^"]*)"', html)
    assert obeyed, where
    return {*obeyed[1].split(",")}, {*re.findall(r'data-key="([^"]*)"', html)}


@pytest.fixture
def places() -> dict[str, str]:
    deal = factories.deal()
    lead = factories.lead(responsible=None)
    return {
        "day": "/day/",
        "lead": f"/leads/{lead.pk}/",
        "deal": f"/deals/{deal.pk}/",
        "contact": f"/contacts/{lead.contact_id}/",
        "list": "/leads/",
        EVERYWHERE: "/notices/",
    }


def test_every_key_has_its_element_on_its_pages(places: dict[str, str]) -> None:
    operator, admin = factories.OperatorFactory(), factories.AdminFactory()
    set_shift(operator.pk, "on")
    seen = {}
    for place, where in places.items():
        user = operator if place == "day" else admin
        obeyed, carried = page(signed_in(user), where)
        # A lead that awaits no meeting has five results of a call, the day always six.
        assert obeyed - WITHOUT - carried <= ({"Digit6"} if place == "lead" else set()), place
        assert carried - {*(key.code for key in KEYS)} == set()
        seen[place] = obeyed
    for key in KEYS:
        for place in key.where:
            assert key.code in seen[place] or key.right, (key.code, place)


def test_no_template_carries_a_key_that_is_not_in_the_list() -> None:
    carried = {
        key for file in TEMPLATES.rglob("*.html") for key in re.findall(r'data-key="([^"{]*)"', file.read_text())
    }
    assert carried - {key.code for key in KEYS} == set()
    assert {place for key in KEYS for place in key.where} == {EVERYWHERE, *PLACES.values()}


def test_the_list_says_what_the_reader_can_use() -> None:
    operator, lawyer = factories.OperatorFactory(), factories.UserFactory(role=Role.LAWYER)
    shown = text_of(signed_in(operator).get("/keys/"))
    assert "1 – 6 Итог звонка, дальше стрелки Мой день, Лид" in shown
    assert "G D К «Мой день»" in shown
    assert "К отчёту по источникам" not in shown
    assert "Новый лид" not in text_of(signed_in(lawyer).get("/keys/", headers={"HX-Request": "true"}))
    assert "KeyN" not in {key.code for key in keys_on(lawyer, "lead-list")}


def test_the_list_is_a_page_without_script_and_a_piece_with_it() -> None:
    client = signed_in(factories.OperatorFactory(shortcuts=False))
    whole, piece = client.get("/keys/"), client.get("/keys/", headers={"HX-Request": "true"})
    assert "<nav" in whole.content.decode()
    assert "<nav" not in piece.content.decode()
    assert "Клавиши-сокращения выключены" in text_of(whole)
    assert Lead.objects.count() == 0
