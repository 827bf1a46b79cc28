"""Who else is in a card: told to who opens it, and to open pages by the poll of the notices."""

import pytest

from leads.queue import choose_client
from team.actions import set_shift
from tests.conftest import Frozen
from tests.factories import LawyerFactory, ManagerFactory, OperatorFactory, lead, lead_in
from tests.pages import HOSTILE, at_most, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]
NEWS = "/notices/news/"


def test_who_opens_a_card_hears_of_a_colleague_for_two_minutes(frozen: Frozen) -> None:
    operator, manager, row = OperatorFactory(name="Денис Орлов"), ManagerFactory(name="Анна Зимина"), lead()
    first, second = signed_in(operator), signed_in(manager)
    assert "сейчас в этой карточке" not in text_of(first.get(f"/leads/{row.pk}/"))
    said = text_of(second.get(f"/leads/{row.pk}/"))
    assert "Денис Орлов сейчас в этой карточке." in said
    assert "Анна Зимина сейчас" not in said
    assert "сейчас в этой карточке" not in text_of(second.get(f"/leads/{lead().pk}/"))
    frozen.move(minutes=2)
    assert "сейчас в этой карточке" not in text_of(second.get(f"/leads/{row.pk}/"))


def test_who_calls_the_client_is_said_to(frozen: Frozen) -> None:
    operator, row = OperatorFactory(name="Денис Орлов"), lead()
    set_shift(operator.pk, "on")
    choose_client(row.pk, by=operator)
    frozen.move(seconds=80)
    page = signed_in(ManagerFactory()).get(f"/leads/{row.pk}/")
    assert "Денис Орлов сейчас в этой карточке. Звонит клиенту 1 мин 20 с." in text_of(page)


def test_an_open_page_hears_who_comes_and_goes(frozen: Frozen) -> None:
    operator, manager, row = OperatorFactory(name=HOSTILE), ManagerFactory(), lead()
    mine, theirs = signed_in(manager), signed_in(operator)
    asked = {"unread": 0, "last": 0, "at": frozen.now.isoformat(), "lead": row.pk, "who": ""}
    mine.get(f"/leads/{row.pk}/")
    with at_most(4):
        assert mine.get(NEWS, asked).status_code == 204
    theirs.get(f"/leads/{row.pk}/")
    told = mine.get(NEWS, asked).json()
    assert told["who"] == str(operator.pk)
    assert "сейчас в этой карточке" in told["here"]
    assert "<script>" not in told["here"]
    frozen.move(seconds=90)
    theirs.get(NEWS, {**asked, "active": ""})
    frozen.move(seconds=60)
    assert mine.get(NEWS, asked).json()["here"], "working in the card goes on"
    frozen.move(minutes=2)
    assert mine.get(NEWS, {**asked, "who": told["who"]}).json() == {"here": "", "who": ""}


def test_who_was_not_let_in_hears_nothing(frozen: Frozen) -> None:
    operator, row = OperatorFactory(), lead()
    row = lead_in("dialing", by=operator)
    signed_in(operator).get(f"/leads/{row.pk}/")
    for user in (OperatorFactory(), LawyerFactory()):
        client = signed_in(user)
        assert client.get(f"/leads/{row.pk}/").status_code == 404
        asked = {"unread": 0, "at": frozen.now.isoformat(), "lead": row.pk, "active": ""}
        assert client.get(NEWS, asked).status_code == 204
    said = text_of(signed_in(ManagerFactory()).get(f"/leads/{row.pk}/"))
    assert f"{operator.name} сейчас в этой карточке." in said, "and nobody beside them"


def test_two_bands_at_most_and_a_colleague_goes_before_the_night(frozen: Frozen) -> None:
    operator, row = OperatorFactory(name="Денис Орлов"), lead(city="Уфа")
    lead(phone=row.phone)
    frozen.move(hours=8, minutes=10)
    signed_in(operator).get(f"/leads/{row.pk}/")
    said = text_of(signed_in(ManagerFactory()).get(f"/leads/{row.pk}/"))
    assert said.index("Клиент оставил ещё одну заявку") < said.index("Денис Орлов сейчас в этой карточке.")
    assert "У клиента 22:10" not in said
