"""Taking back at the moment in which somebody else acts: against a second mover, a double click, and «Недозвон»."""

from functools import partial

import pytest

from history.models import Event
from leads.models import Lead
from leads.undo import last_action, undo
from tests.factories import ManagerFactory, OperatorFactory, lead, lead_nobody_reached, move, touch
from tests.leads.test_races import breaks, wrong_rounds
from tests.promises import broken
from tests.races import Hands, failures, no, without_locks, yes
from tests.sizes import size

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("catalogues")]
ROUNDS = size(6, 300)


def against_a_mover(people: Hands, number: int) -> list[str]:
    """The later one meets what the first one did: a move finds the lead as it was before, an undo is refused."""
    operator, manager, row = OperatorFactory(), ManagerFactory(), lead()
    touch(row, by=operator)
    action = last_action(row.pk, operator).action
    answers = people.at_once([partial(undo, action, by=operator), partial(move, row, "visit", by=manager)])
    row.refresh_from_db()
    story = row.events.order_by("pk").values_list("kind", "old", "new")
    undone = [kind for kind, _old, _new in story].count("undone")
    moved_from = next(old for kind, old, new in story if new == "visit")
    expected = ("new", 1, 0) if len(no(answers)) == 0 else ("dialing", 0, 1)
    found = (moved_from, undone, row.touches_count)
    return failures(answers) + ([] if (row.status, found) == ("visit", expected) else [f"{row.status}: {found}"])


def press_twice(people: Hands, number: int) -> list[str]:
    operator, row = OperatorFactory(), lead()
    touch(row, by=operator)
    action = last_action(row.pk, operator).action
    answers = people.at_once([partial(undo, action, by=operator)] * people.count)
    told = row.events.filter(kind=Event.Kind.UNDONE).count()
    wrong = failures(answers)
    if (told, len(yes(answers)), Lead.objects.get(pk=row.pk).status) != (1, people.count, "new"):
        wrong.append(f"told {told} times, {answers}")
    return wrong


def against_no_answer(people: Hands, number: int) -> list[str]:
    """The sixth touch is taken back while somebody closes the lead with it: one of the two is refused."""
    operator, manager, row = OperatorFactory(), ManagerFactory(), lead_nobody_reached()
    last = row.touches.order_by("-at").first()
    row.touches.filter(pk=last.pk).delete()
    Lead.objects.filter(pk=row.pk).update(touches_count=5)
    touch(row, by=operator)
    action = last_action(row.pk, operator).action
    closing = partial(move, row, "junk", by=manager, junk_reason="no_answer")
    answers = people.at_once([partial(undo, action, by=operator), closing])
    row.refresh_from_db()
    wrong = failures(answers)
    if len(no(answers)) != 1 or (row.status, row.touches_count) not in {("junk", 6), ("dialing", 5)}:
        wrong.append(f"{row.status} after {row.touches_count} touches, {answers}")
    return wrong


@pytest.mark.parametrize("attempt", [against_a_mover, press_twice, against_no_answer])
def test_C05_who_is_later_meets_what_was_done(attempt) -> None:
    with Hands(2) as people:
        assert wrong_rounds(partial(attempt, people), ROUNDS) == []
    assert broken() == {}


def test_C05_breaks_without_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    with without_locks(monkeypatch), Hands(3) as people:
        assert breaks(partial(press_twice, people))
