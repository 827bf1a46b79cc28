"""A random walk through the verbs never leaves the table and never breaks a promise, whatever is tried."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import override_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from crm import clock
from crm.errors import Forbidden, Invalid, Refused
from leads.actions import change_status
from leads.editing import assign, edit_lead, stop_calling, take
from leads.models import Lead
from leads.pipeline import JunkReason, Move, Status
from leads.touch_policy import Channel, Direction, Outcome
from leads.touches import NewTouch, log_touch
from leads.undo import last_action, undo
from tests import factories, promises
from tests.sizes import size

pytestmark = pytest.mark.django_db

NUMBERS = [f"+791655500{n:02d}" for n in range(4)]
wishes = st.one_of(
    st.tuples(st.just("apply"), st.sampled_from([*NUMBERS, None]), st.sampled_from(["site", "vk", "radio"])),
    st.tuples(
        st.just("move"),
        st.integers(0, 9),
        st.sampled_from(Status),
        st.sampled_from(JunkReason),
        st.integers(0, 9),
        st.booleans(),
    ),
    st.tuples(
        st.just("touch"),
        st.integers(0, 9),
        st.sampled_from(Channel),
        st.sampled_from(Outcome),
        st.sampled_from(Direction),
        st.one_of(st.none(), st.sampled_from(Status)),
    ),
    st.tuples(st.just("phone"), st.integers(0, 9), st.sampled_from(NUMBERS)),
    st.tuples(st.just("hand over"), st.integers(0, 9), st.integers(0, 1)),
    st.tuples(st.just("take back"), st.integers(0, 9), st.integers(0, 2)),
    st.tuples(st.just("do not call"), st.integers(0, 9), st.booleans()),
    st.tuples(st.just("wait"), st.sampled_from([1, 61, 24 * 60, 40 * 24 * 60])),
)


def bring(to: Status, at: datetime, *, reason: str, other: int | None, full: bool) -> Move:
    """A wish for `to` with all that any status may ask for; half of the time with too little."""
    if not full:
        return Move(to)
    return Move(
        to,
        junk_reason=reason if to == Status.JUNK else "",
        duplicate_of=other,
        meeting_at=at + timedelta(days=1),
        callback_at=at + timedelta(days=2),
        amount=Decimal(100),
        prepayment=Decimal(50),
        comment="так решили",
    )


class Office:
    """A call centre of two operators and a manager that tries things."""

    def __init__(self) -> None:
        self.operators = [factories.OperatorFactory(), factories.OperatorFactory()]
        self.manager = factories.ManagerFactory()
        factories.LawyerFactory()

    def one(self, n: int) -> Lead | None:
        rows = list(Lead.objects.order_by("pk"))
        return rows[n % len(rows)] if rows else None

    def attempt(self, wish: tuple) -> None:
        what, *rest = wish
        now = clock.now()
        if what == "apply":
            factories.lead(phone=rest[0] or "", email="a@example.org", source=rest[1])
            return
        row = self.one(rest[0])
        if row is None:
            return
        if what == "move":
            other = self.one(rest[3])
            move = bring(rest[1], now, reason=rest[2], other=other and other.pk, full=rest[4])
            change_status(row.pk, move, by=self.manager if rest[0] % 3 else self.operators[rest[3] % 2])
        elif what == "touch":
            then = bring(rest[4], now, reason="refused", other=None, full=True) if rest[4] else None
            by = self.operators[rest[0] % 2]
            log_touch(row.pk, NewTouch(rest[1], rest[2], rest[3]), by=by, then=then)
        elif what == "phone":
            edit_lead(row.pk, {"phone": rest[1]}, by=self.manager)
        elif what == "hand over":
            assign(row.pk, self.operators[rest[1]].pk, by=self.manager)
            take(row.pk, by=self.operators[rest[1]])
        elif what == "take back":
            by = [*self.operators, self.manager][rest[1]]
            if trace := last_action(row.pk, by):
                undo(trace.action, by=by)
        elif what == "do not call" and row.contact_id:
            stop_calling(row.contact_id, "просил не звонить" if rest[1] else "", by=self.manager)


@settings(max_examples=size(40, 1500))
@given(st.lists(wishes, min_size=5, max_size=40), st.sampled_from([None, 30]))
def test_a_random_walk_keeps_every_promise(walk: list[tuple], new_after: int | None) -> None:
    with TemporaryDirectory() as folder, transaction.atomic():
        path = Path(folder) / "clock.json"
        moment = datetime(2026, 11, 24, 9, tzinfo=UTC)
        clock.write_shift(path, shown=moment, rate=0)
        with override_settings(CLOCK_FILE=str(path)):
            call_command("loadcatalogs", verbosity=0)
            factories.Policy.intake(new_original_after_days=new_after)
            office = Office()
            for wish in walk:
                if wish[0] == "wait":
                    moment += timedelta(minutes=wish[1])
                    clock.write_shift(path, shown=moment, rate=0)
                    continue
                try:
                    with transaction.atomic():
                        office.attempt(wish)
                except (Refused, Forbidden, Invalid, Lead.DoesNotExist):
                    pass
            assert promises.broken() == {}
        transaction.set_rollback(True)
