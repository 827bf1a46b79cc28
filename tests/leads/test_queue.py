"""Whom an operator calls next: the order with its reasons, who is left out, and the client held meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from contacts.models import Contact
from crm.errors import Invalid, Refused
from history.models import Event
from leads.models import Lead
from leads.queue import Reason, choose_client, end_of_day, later_today, next_client, queue, skip
from leads.remarks import log_conversation
from leads.touches import NewTouch
from team.actions import set_shift
from team.holds import HELD_FOR, PUT_ASIDE_FOR, held_by, renew_hold, take_hold
from team.models import Hold, User
from tests.conftest import Frozen
from tests.factories import OperatorFactory, lead, lead_in, touch
from tests.pages import at_most

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues", "frozen")]
TUESDAY = Frozen.START


@pytest.fixture
def operator() -> User:
    return on_line()


def on_line(**given: object) -> User:
    person = OperatorFactory(**given)
    set_shift(person.pk, "on")
    return person


def promise(row: Lead, at: datetime, by: User) -> None:
    log_conversation(row.pk, NewTouch("call", "answered"), by=by, call_back_at=at)


def test_the_order_is_that_of_the_domain(operator: User, frozen: Frozen) -> None:
    frozen.move(hours=-1)
    meeting = lead_in("meeting", by=operator)
    postponed = lead(city="Самара")
    touch(postponed, by=operator)
    dialing, promised, missed = lead(), lead(), lead()
    touch(dialing, by=operator, at=frozen.now)
    promise(promised, frozen.now + timedelta(minutes=50), operator)
    touch(missed, by=operator)
    touch(missed, by=operator, direction="incoming")
    frozen.move(hours=1)
    second, first = lead(), lead()
    Lead.objects.filter(pk=first.pk).update(created_at=frozen.now - timedelta(minutes=9))
    row = queue(operator, at=frozen.now)
    told = {offer.lead.pk: offer.reason for offer in row}
    assert [offer.reason for offer in row] == sorted(offer.reason for offer in row)
    assert list(told)[:4] == [missed.pk, promised.pk, first.pk, second.pk]
    assert (told[missed.pk], told[promised.pk], told[first.pk]) == (Reason.MISSED_CALL, Reason.PROMISED, Reason.NEW)
    assert told[meeting.pk] == Reason.MEETING
    assert told[dialing.pk] == Reason.CADENCE


@pytest.mark.parametrize(
    "spoil",
    [
        lambda row: Contact.objects.filter(pk=row.contact_id).update(do_not_call_at=TUESDAY),
        lambda row: Lead.objects.filter(pk=row.pk).update(responsible=OperatorFactory()),
        lambda row: Lead.objects.filter(pk=row.pk).update(client_zone="Asia/Vladivostok"),  # 19:00 there, still open
        lambda row: Lead.objects.filter(pk=row.pk).update(client_zone="America/New_York"),
    ],
    ids=["do not call", "a colleague's", "open elsewhere", "night there"],
)
def test_who_is_left_out(operator: User, spoil: Callable[[Lead], int], request: pytest.FixtureRequest) -> None:
    spoil(lead())
    expected = 1 if "open elsewhere" in request.node.name else 0
    assert len(queue(operator, at=TUESDAY)) == expected
    assert (next_client(by=operator) is not None) == bool(expected)


def test_an_application_without_a_number_and_a_closed_lead_are_nobodys_to_call(operator: User) -> None:
    lead(phone="", email="a@example.ru")
    lead_in("junk")
    assert queue(operator, at=TUESDAY) == []


def test_a_client_held_by_one_is_offered_to_no_other(operator: User, frozen: Frozen) -> None:
    row, other = lead(), on_line()
    offer = next_client(by=operator)
    assert offer is not None
    assert offer.lead == row
    assert next_client(by=other) is None
    with pytest.raises(Refused, match="Лид взял") as refusal:
        choose_client(row.pk, by=other)
    assert refusal.value.code == "held"
    frozen.move(minutes=15)
    assert next_client(by=other) is not None  # nobody renewed it
    assert held_by(operator, at=frozen.now) is None


def test_whom_one_holds_is_answered_again_and_the_hold_is_renewed(operator: User, frozen: Frozen) -> None:
    lead(), lead()
    first = next_client(by=operator)
    frozen.move(minutes=14)
    again = next_client(by=operator)
    assert first is not None
    assert again is not None
    assert again.lead == first.lead
    assert Hold.objects.get().expires_at == frozen.now + HELD_FOR
    assert renew_hold(first.lead.pk, by=operator, at=frozen.now + timedelta(minutes=10)) is not None
    assert renew_hold(first.lead.pk, by=OperatorFactory(), at=frozen.now) is None
    assert renew_hold(first.lead.pk, by=operator, at=frozen.now + timedelta(hours=1)) is None


@pytest.mark.parametrize("state", ["break", "off"])
def test_nobody_is_handed_to_who_is_not_on_line(operator: User, state: str) -> None:
    row = lead()
    next_client(by=operator)
    set_shift(operator.pk, state)
    assert not Hold.objects.exists()  # they let go of the client, too
    for wish in (lambda: next_client(by=operator), lambda: choose_client(row.pk, by=operator)):
        with pytest.raises(Refused) as refusal:
            wish()
        assert refusal.value.code == "not_on_line"
    assert len(queue(operator, at=TUESDAY)) == 1  # they see it


def test_only_ones_own_and_free_clients_in_work_can_be_chosen(operator: User) -> None:
    with pytest.raises(Lead.DoesNotExist):
        choose_client(lead(by=OperatorFactory()).pk, by=operator)
    with pytest.raises(Refused) as refusal:
        choose_client(lead_in("junk", by=operator).pk, by=operator)
    assert refusal.value.code == "not_in_work"
    chosen = lead_in("visit", by=operator)  # its task is of tomorrow
    assert choose_client(chosen.pk, by=operator) is None
    assert Hold.objects.get().lead == chosen


def test_saving_frees_and_skipping_frees_and_puts_aside(operator: User, frozen: Frozen) -> None:
    first, second = lead(), lead()
    next_client(by=operator)
    touch(first, by=operator)
    assert not Hold.objects.exists()
    next_client(by=operator)
    with pytest.raises(Invalid):
        skip(second.pk, "  ", by=operator)
    skip(second.pk, "Сейчас неудобно", by=operator)
    assert not Hold.objects.exists()
    assert second.events.get(kind=Event.Kind.SKIPPED).comment == "Сейчас неудобно"
    assert second.pk not in [offer.lead.pk for offer in queue(operator, at=frozen.now)]
    assert second.pk in [offer.lead.pk for offer in queue(on_line(), at=frozen.now)]
    later = frozen.now + PUT_ASIDE_FOR
    assert second.pk in [offer.lead.pk for offer in queue(operator, at=later)]


def test_one_lead_with_two_due_tasks_is_offered_once(operator: User, frozen: Frozen) -> None:
    row = lead()
    touch(row, by=operator)
    frozen.move(hours=3)
    assert row.tasks.open().filter(due_at__lte=frozen.now).count() == 2
    assert [offer.lead for offer in queue(operator, at=frozen.now)] == [row]
    assert later_today(operator, at=TUESDAY, until=end_of_day(TUESDAY))


def test_those_whom_others_took_meanwhile_do_not_hide_the_rest(operator: User) -> None:
    rows = [lead() for _ in range(3)]
    holders = [on_line(), on_line()]
    for row, holder in zip(rows, holders, strict=False):
        assert take_hold(row.pk, by=holder, at=TUESDAY)
    offer = next_client(by=operator)
    assert offer is not None
    assert offer.lead == rows[2]


def test_the_queries_do_not_grow_with_the_queue(operator: User) -> None:
    for _ in range(12):
        lead()
    with at_most(14):
        next_client(by=operator)
    with at_most(3):
        assert len(queue(operator, at=TUESDAY)) == 12
