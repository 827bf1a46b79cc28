"""Distribution against itself and against people who leave: one responsible each, evenly, none to the absent."""

from functools import partial

import pytest

from history.models import Event
from leads.distribution import hand_out
from leads.editing import take
from leads.models import Lead
from team.actions import set_shift
from tests.factories import OperatorFactory, lead
from tests.promises import broken
from tests.races import Hands, failures, without_locks
from tests.sizes import size

pytestmark = pytest.mark.django_db(transaction=True)

LEADS, OPERATORS, ROUNDS = size(30, 100), 10, size(2, 50)


def a_round(hands: Hands) -> list[str]:
    """Two jobs hand the same leads out at once; what went wrong in words."""
    people = [OperatorFactory() for _ in range(OPERATORS)]
    absent = OperatorFactory()
    for person in people:
        set_shift(person.pk, "on")
    rows = [lead().pk for _ in range(LEADS)]
    wrong = failures(hands.at_once([hand_out, hand_out]))
    shares = [Lead.objects.filter(pk__in=rows, responsible=person).count() for person in people]
    told = Event.objects.filter(kind=Event.Kind.RESPONSIBLE, lead__in=rows).count()
    if sum(shares) != LEADS or max(shares) - min(shares) > 1:
        wrong.append(f"shares are {shares}")
    if told != LEADS:
        wrong.append(f"{told} hand-overs are told of {LEADS} leads")
    if Lead.objects.filter(responsible=absent).exists():
        wrong.append("the absent one got a lead")
    for person in people:
        set_shift(person.pk, "off")
    return wrong


def test_two_distributions_at_once_give_each_lead_to_one_and_evenly(catalogues: None) -> None:
    with Hands(2) as hands:
        assert [said for _ in range(ROUNDS) for said in a_round(hands)] == []
    assert broken() == {}


def test_they_do_not_without_their_locks(catalogues: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with without_locks(monkeypatch), Hands(2) as hands:
        assert any(a_round(hands) for _ in range(size(20, 100)))


def test_who_leaves_meanwhile_gets_none_afterwards(catalogues: None) -> None:
    """Whatever comes first: after "off" has been answered nobody gives them a lead."""
    with Hands(2) as hands:
        for _ in range(size(5, 100)):
            leaving, staying = OperatorFactory(), OperatorFactory()
            for person in (leaving, staying):
                set_shift(person.pk, "on")
            for _ in range(6):
                lead()
            assert failures(hands.at_once([hand_out, partial(set_shift, leaving.pk, "off")])) == []
            had = Lead.objects.filter(responsible=leaving).count()
            for _ in range(4):
                lead()
            hand_out()
            assert Lead.objects.filter(responsible=leaving).count() == had
            set_shift(staying.pk, "off")


def test_a_lead_taken_meanwhile_has_one_responsible(catalogues: None) -> None:
    with Hands(2) as hands:
        for _ in range(size(10, 200)):
            person, taker = OperatorFactory(), OperatorFactory()
            set_shift(person.pk, "on")
            row = lead()
            assert failures(hands.at_once([hand_out, partial(take, row.pk, by=taker)])) == []
            row.refresh_from_db()
            assert row.responsible in (person, taker)
            assert row.events.filter(kind=Event.Kind.RESPONSIBLE).count() == 1
            set_shift(person.pk, "off")
    assert broken() == {}
