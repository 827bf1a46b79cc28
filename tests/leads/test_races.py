"""People who work on one lead at one moment. Each race is seen to fail with its guard taken out."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from decimal import Decimal
from functools import partial
from itertools import combinations_with_replacement

import pytest

from crm.errors import Refused
from deals.models import Deal
from history.models import Event
from leads import access, actions
from leads.actions import change_status
from leads.editing import edit_lead, take
from leads.models import Lead, Touch
from leads.pipeline import MOVES, Move, Status
from leads.touch_policy import Policy, progress
from leads.touches import NewTouch, log_touch
from tests.factories import (
    ApiKeyFactory,
    LawyerFactory,
    ManagerFactory,
    OperatorFactory,
    lead,
    lead_in,
    lead_nobody_reached,
    move,
    touch,
)
from tests.promises import broken
from tests.races import ON_POSTGRES, Hands, failures, no, without_locks, without_unique_column, yes
from tests.rest import rest
from tests.sizes import size

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = size(30, 500)


def wrong_rounds(attempt: Callable[[int], list[str]], rounds: int = ROUNDS) -> list[str]:
    """What was wrong in any of the rounds."""
    return [said for number in range(rounds) for said in attempt(number)]


def breaks(attempt: Callable[[int], list[str]], most: int = 300) -> bool:
    """Does a round go wrong at last?"""
    return any(attempt(number) for number in range(most))


def after(seconds: float, wish: Callable[[], object]) -> object:
    """Wait a moment, then wish."""
    time.sleep(seconds)
    return wish()


# --- C04: two operators take one lead --------------------------------------------------------------------------------
def take_at_once(people: Hands, number: int) -> list[str]:
    row = lead()
    answers = people.at_once([partial(take, row.pk, by=OperatorFactory()) for _ in range(people.count)])
    handed = row.events.filter(kind=Event.Kind.RESPONSIBLE).count()
    wrong = failures(answers)
    if (len(yes(answers)), len(no(answers)), handed) != (1, people.count - 1, 1):
        wrong.append(f"{len(yes(answers))} took it, {handed} hand-overs are told")
    return wrong


def test_C04_one_of_three_takes_the_lead(catalogues: None) -> None:
    with Hands(3) as people:
        assert wrong_rounds(partial(take_at_once, people)) == []
    assert broken() == {}


def test_C04_breaks_without_the_lock(catalogues: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with without_locks(monkeypatch), Hands(3) as people:
        assert breaks(partial(take_at_once, people))


# --- C05: two movers -------------------------------------------------------------------------------------------------
TARGETS = list(combinations_with_replacement(MOVES[Status.MEETING], 2))  # all pairs, and each with itself


def move_at_once(people: Hands, number: int) -> list[str]:
    """Two managers send the version they saw: one is right, the other hears that somebody was faster."""
    row = lead_in("meeting")
    pair = TARGETS[number % len(TARGETS)]
    answers = people.at_once([partial(move, row, to, version=row.version) for to in pair])
    wrong = failures(answers)
    told = row.events.filter(kind=Event.Kind.STATUS, old="meeting").count()
    if (len(yes(answers)), [refusal.code for refusal in no(answers)], told) != (1, ["stale"], 1):
        wrong.append(f"{pair}: {len(yes(answers))} moved it, {told} rows of history")
    return wrong


def test_C05_of_two_movers_who_saw_one_version_one_is_refused(catalogues: None) -> None:
    assert len(TARGETS) == 28
    with Hands(2) as people:
        assert wrong_rounds(partial(move_at_once, people)) == []
    assert broken() == {}


def test_C05_through_http_one_is_200_and_one_is_409(catalogues: None) -> None:
    callers = [rest(ManagerFactory()) for _ in range(2)]
    with Hands(2) as people:
        for _ in range(size(5, 100)):
            row = lead_in("visit")
            body = {"to": "contract", "amount": "150000", "version": row.version}
            answers = people.at_once([partial(caller.post, f"leads/{row.pk}/transition/", body) for caller in callers])
            assert failures(answers) == []
            assert sorted(answer.status_code for answer in answers) == [200, 409]
            stale = next(answer.json() for answer in answers if answer.status_code == 409)
            assert (stale["code"], stale["allowed"]) == ("stale", ["contract_prepaid"])


def test_C05_without_a_version_the_second_is_judged_from_the_new_status(catalogues: None) -> None:
    with Hands(2) as people:
        for _ in range(ROUNDS):
            row = lead_in("meeting")
            answers = people.at_once([partial(move, row, to) for to in ("visit", "contract")])
            assert failures(answers) == []
            row.refresh_from_db()
            assert row.status == "contract"  # visit, then contract; or contract, from where there is no visit
            assert row.reached_contract_at
    assert broken() == {}


def test_C05_breaks_without_the_lock(catalogues: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with without_locks(monkeypatch), Hands(2) as people:
        assert breaks(partial(move_at_once, people))


def test_C05_breaks_without_the_version(catalogues: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def blind(lead_id: int, *, by, version=None, moving=False) -> Lead:
        return access.lock_lead(lead_id, by=by)

    monkeypatch.setattr(actions, "lock_lead", blind)
    with Hands(2) as people:
        assert breaks(partial(move_at_once, people))


# --- C06: contracts --------------------------------------------------------------------------------------------------
def sign_at_once(people: Hands, number: int) -> list[str]:
    """Contracts and prepaid contracts of one lead at once make one deal, with the sums of one winner."""
    row = lead_in("visit")
    wishes = []
    for hand in range(people.count):
        prepaid = number % 2 and hand % 2
        sums = {"amount": Decimal(1000 + hand), "contract_number": f"{row.pk}-{hand}"}
        to = "contract_prepaid" if prepaid else "contract"
        wishes.append(partial(move, row, to, **sums, **({"prepayment": Decimal(500 + hand)} if prepaid else {})))
    answers = people.at_once(wishes)
    wrong = failures(answers)
    deals = list(Deal.objects.filter(lead=row))
    row.refresh_from_db()
    told = row.events.filter(kind=Event.Kind.STATUS, new__in=["contract", "contract_prepaid"]).count()
    opened = row.events.filter(kind=Event.Kind.DEAL_OPENED).count()
    if (len(deals), opened) != (1, 1) or told != len(yes(answers)):
        return [*wrong, f"{len(deals)} deals, opened {opened} times, {told} moves told, {len(yes(answers))} granted"]
    (deal,) = deals
    if deal.contract_number != f"{row.pk}-{deal.amount - 1000:.0f}":
        wrong.append("the sums are of one winner and the number of another")
    if row.status == "contract_prepaid" and (deal.prepayment != deal.amount - 500 or not row.reached_prepaid_at):
        wrong.append("prepaid, but not by the one whose sums stand")
    if not row.reached_contract_at or len(yes(answers)) > 2:
        wrong.append(f"{len(yes(answers))} signed")
    return wrong


def test_C06_ten_contracts_at_once_make_one_deal(catalogues: None) -> None:
    LawyerFactory()
    with Hands(10) as people:
        assert wrong_rounds(partial(sign_at_once, people)) == []
    assert broken() == {}


def test_C06_breaks_without_the_guards(catalogues: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with ExitStack() as stack:
        if ON_POSTGRES:
            stack.enter_context(without_unique_column(Deal, "lead_id"))
        stack.enter_context(without_locks(monkeypatch))
        people = stack.enter_context(Hands(10))
        assert breaks(partial(sign_at_once, people))


# --- C07: «Недозвон» while the client answers ------------------------------------------------------------------------
def answer_against_no_answer(people: Hands, number: int) -> list[str]:
    """The client answers one operator while another gives the lead up: never both."""
    row = lead_nobody_reached()
    starts = (0, number % 5 * 0.006) if number % 2 else (number % 5 * 0.006, 0)
    give_up = partial(move, row, "junk", junk_reason="no_answer")
    moment = row.last_touch_at + timedelta(hours=1)  # the conversation was before either of them began to save
    answered = partial(
        log_touch, row.pk, NewTouch("call", "answered", at=moment), by=None, key=ApiKeyFactory(kind="intake")
    )
    answers = people.at_once([partial(after, starts[0], answered), partial(after, starts[1], give_up)])
    wrong = failures(answers)
    row.refresh_from_db()
    reached = row.touches.filter(outcome="answered").exists()
    if (row.status == "junk") == reached or len(yes(answers)) != 1:
        wrong.append(f"{row.status}, reached: {reached}")
    return wrong


def test_C07_a_client_who_answers_is_not_given_up(catalogues: None) -> None:
    with Hands(2) as people:
        assert wrong_rounds(partial(answer_against_no_answer, people)) == []


def test_C07_breaks_without_the_lock(catalogues: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with without_locks(monkeypatch), Hands(2) as people:
        assert breaks(partial(answer_against_no_answer, people))


def touches_in_one_gap(people: Hands, number: int) -> list[str]:
    """Ten touches inside one gap are all recorded and count once."""
    row = lead_in("dialing")
    wrong = failures(people.at_once([partial(touch, Lead(pk=row.pk)) for _ in range(people.count)]))
    row.refresh_from_db()
    done = progress(Policy(), row.touches.all(), opened_at=row.opened_at, zone=row.zone, at=row.last_touch_at)
    if (row.touches_count, row.touches.count(), done.touches) != (people.count, people.count, 1):
        wrong.append(f"{row.touches_count} counted of {row.touches.count()}")
    return wrong


def test_C07_touches_made_at_once_are_counted_exactly(catalogues: None) -> None:
    with Hands(10) as people:
        assert wrong_rounds(partial(touches_in_one_gap, people), size(10, 300)) == []
    assert broken() == {}


def test_C07_counting_breaks_without_the_lock(catalogues: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with without_locks(monkeypatch), Hands(10) as people:
        assert breaks(partial(touches_in_one_gap, people))


# --- C09: marking duplicates -----------------------------------------------------------------------------------------
def as_duplicate(row: Lead, original: Lead) -> Callable[[], Lead]:
    wish = Move(Status.JUNK, junk_reason="duplicate", duplicate_of=original.pk)
    return partial(change_status, row.pk, wish, by=None)


def mark_at_once(people: Hands, number: int) -> list[str]:
    """Marks that would make a cycle or a chain, beside work on the lead that is marked."""
    a, b, c = lead(), lead(), lead_in("visit")
    schedules = [
        [as_duplicate(a, b), as_duplicate(b, a)],
        [as_duplicate(a, b), as_duplicate(b, c)],
        [as_duplicate(b, c), as_duplicate(c, a), as_duplicate(a, b)],
        [as_duplicate(c, a), partial(move, c, "contract")],
        [as_duplicate(a, b), partial(touch, Lead(pk=a.pk))],
        [as_duplicate(a, b), partial(lead, phone=a.phone), partial(lead, phone=b.phone)],
        [as_duplicate(a, b), partial(take, a.pk, by=OperatorFactory())],
    ]
    answers = people.at_once(schedules[number % len(schedules)])
    return failures(answers) + [f"{name}: {rows}" for name, rows in broken().items()]


def test_C09_marks_make_no_cycle_and_no_chain(catalogues: None) -> None:
    with Hands(3) as people:
        assert wrong_rounds(partial(mark_at_once, people), size(21, 500)) == []


def test_C09_breaks_without_the_lock(catalogues: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with without_locks(monkeypatch), Hands(3) as people:
        assert breaks(partial(mark_at_once, people))


# --- C11: edits ------------------------------------------------------------------------------------------------------
def edit_at_once(people: Hands, number: int) -> list[str]:
    row = lead()
    wishes = [
        partial(edit_lead, row.pk, {"name": f"Имя {n}"}, by=None, version=row.version) for n in range(people.count)
    ]
    answers = people.at_once(wishes)
    wrong = failures(answers)
    stale = [refusal.code for refusal in no(answers) if isinstance(refusal, Refused)]
    row.refresh_from_db()
    if (len(yes(answers)), stale) != (1, ["stale"] * (people.count - 1)) or row.version != 2:
        wrong.append(f"{len(yes(answers))} saved")
    return wrong


def test_C11_of_edits_of_one_version_one_is_saved(catalogues: None) -> None:
    with Hands(4) as people:
        assert wrong_rounds(partial(edit_at_once, people)) == []
    assert broken() == {}


def test_C11_breaks_without_the_lock(catalogues: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with without_locks(monkeypatch), Hands(4) as people:
        assert breaks(partial(edit_at_once, people))


# --- C20: telephony says it five times -------------------------------------------------------------------------------
def tell_one_touch(people: Hands, number: int) -> list[str]:
    row, key = lead(), ApiKeyFactory(kind="intake")
    new = NewTouch("call", "busy", external_id="call-1")
    answers = people.at_once([partial(log_touch, row.pk, new, by=None, key=key) for _ in range(people.count)])
    wrong = failures(answers)
    row.refresh_from_db()
    if (row.touches_count, Touch.objects.filter(api_key=key).count()) != (1, 1):
        wrong.append(f"{row.touches_count} touches")
    return wrong


def test_C20_one_touch_told_five_times_is_one(catalogues: None) -> None:
    with Hands(5) as people:
        assert wrong_rounds(partial(tell_one_touch, people), size(10, 300)) == []
    assert broken() == {}
