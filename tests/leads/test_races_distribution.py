"""Distribution against itself and against people who leave: one responsible each, evenly, none to the absent."""

from datetime import time
from functools import partial

import pytest

from history.models import Event
from leads import jobs
from leads.distribution import hand_out
from leads.editing import take
from leads.models import Lead
from leads.queue import next_client
from tasks.models import CallingHours, Task
from team.actions import set_shift
from tests.factories import OperatorFactory, lead
from tests.promises import broken
from tests.races import Hands, failures, without_locks
from tests.sizes import size

pytestmark = pytest.mark.django_db(transaction=True)

LEADS, OPERATORS, ROUNDS = size(30, 100), 10, size(2, 50)


@pytest.fixture
def daytime(catalogues: None) -> None:
    """Clients may be called whenever this test runs."""
    CallingHours.objects.update(start=time(0), end=time(23, 59, 59))


def a_round(hands: Hands) -> list[str]:
    """Two jobs hand the same leads out at once; what went wrong in words."""
    people = [OperatorFactory() for _ in range(OPERATORS)]
    absent = OperatorFactory()
    for person in people:
        set_shift(person.pk, "on")
    rows = [lead().pk for _ in range(LEADS)]
    wrong = failures(hands.at_once([jobs.hand_out, jobs.hand_out]))
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


def leaving(hands: Hands) -> list[str]:
    """Somebody goes off line while leads are handed out; what they got after "off" had been answered, in words."""
    person, staying = OperatorFactory(), OperatorFactory()
    for one in (person, staying):
        set_shift(one.pk, "on")
    for _ in range(6):
        lead()

    def leave() -> int:
        set_shift(person.pk, "off")
        return Lead.objects.filter(responsible=person).count()

    answers = hands.at_once([hand_out, leave])
    wrong = failures(answers)
    lead()
    hand_out()
    had = Lead.objects.filter(responsible=person).count()
    if not wrong and had != answers[1]:
        wrong.append(f"had {answers[1]} leads on leaving and {had} in the end")
    set_shift(staying.pk, "off")
    return wrong


def test_who_leaves_meanwhile_gets_none_afterwards(catalogues: None) -> None:
    """Whatever comes first: after "off" has been answered nobody gives them a lead."""
    with Hands(2) as hands:
        assert [said for _ in range(size(4, 100)) for said in leaving(hands)] == []


def test_they_would_without_the_lock(catalogues: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with without_locks(monkeypatch), Hands(2) as hands:
        assert any(leaving(hands) for _ in range(size(40, 100)))


def calling(hands: Hands) -> list[str]:
    """Somebody takes the next client from the queue while it is handed out; whether another got it, in words."""
    person, other = OperatorFactory(), OperatorFactory()
    for one in (person, other):
        set_shift(one.pk, "on")
    for _ in range(3):
        lead(by=person)  # so that distribution would choose the other
    row = lead()
    Task.objects.exclude(lead=row).delete()
    answers = hands.at_once([hand_out, partial(next_client, by=person)])
    row.refresh_from_db()
    wrong = failures(answers)
    if not wrong and answers[1] is not None and row.responsible == other:
        wrong.append("one is calling and another is responsible")
    for one in (person, other):
        set_shift(one.pk, "off")
    return wrong


def test_a_client_who_is_being_called_is_handed_to_nobody_else(catalogues: None, daytime: None) -> None:
    with Hands(2) as hands:
        assert [said for _ in range(size(4, 100)) for said in calling(hands)] == []


def test_they_would_be_without_the_lock(catalogues: None, daytime: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with without_locks(monkeypatch), Hands(2) as hands:
        assert any(calling(hands) for _ in range(size(40, 100)))


def taking(hands: Hands) -> list[str]:
    """Somebody takes a lead while it is handed out; whether it has not gone to exactly one of them, in words."""
    person, taker = OperatorFactory(), OperatorFactory()
    set_shift(person.pk, "on")
    row = lead()
    wrong = failures(hands.at_once([hand_out, partial(take, row.pk, by=taker)]))
    row.refresh_from_db()
    told = [event.new for event in row.events.filter(kind=Event.Kind.RESPONSIBLE)]
    if told != [str(row.responsible_id)] or row.responsible not in (person, taker):
        wrong.append(f"{row.responsible_id} has it, given to {told}")
    set_shift(person.pk, "off")
    return wrong


def test_a_lead_taken_meanwhile_has_one_responsible(catalogues: None) -> None:
    with Hands(2) as hands:
        assert [said for _ in range(size(10, 200)) for said in taking(hands)] == []
    assert broken() == {}


def test_it_would_have_two_without_the_lock(catalogues: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with without_locks(monkeypatch), Hands(2) as hands:
        assert any(taking(hands) for _ in range(size(60, 200)))
