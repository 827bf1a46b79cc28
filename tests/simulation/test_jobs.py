"""The clock's jobs when the beat has been away, when there are two, and when one job is delivered twice at once."""

import time
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.db.models import Count, Sum

from crm.celery import app
from leads.models import DistributionPolicy, Lead
from leads.remarks import log_conversation
from leads.touches import NewTouch
from tasks import reminders
from tasks.models import Task
from team.actions import set_shift
from team.models import Notice, NoticeKind
from tests.factories import ManagerFactory, OperatorFactory, lead
from tests.races import Hands
from tests.simulation.parts import Parts
from tests.simulation.week import JOBS
from tests.sizes import size

racing = pytest.mark.django_db(transaction=True)


def promises(frozen, count: int) -> None:
    """So many calls promised to clients, ten minutes apart, beginning in half an hour; a manager, nobody on line."""
    ManagerFactory()
    operator = OperatorFactory()
    for number in range(count):
        at = frozen.now + timedelta(minutes=30 + 10 * (count - number))
        row = lead(by=operator, city="Москва")
        log_conversation(row.pk, NewTouch("call", "answered"), by=operator, call_back_at=at)


def told() -> list[tuple[str, int, int]]:
    """Kind, number of notices, and of things that they stand for."""
    rows = Notice.objects.order_by("kind").values_list("kind")
    return list(rows.annotate(rows=Count("pk"), things=Sum("count")))


@pytest.mark.django_db
@pytest.mark.usefixtures("catalogues")
def test_F07_after_three_hours_without_a_beat_each_is_told_once_the_oldest_first(frozen) -> None:
    promises(frozen, 6)
    waiting = lead(city="Москва")
    frozen.move(hours=3)
    for _tick in range(2):
        for job in JOBS:
            job()
    due = [
        str(moment) for moment in Task.objects.filter(promised=True).order_by("due_at").values_list("due_at", flat=True)
    ]
    calls = Notice.objects.filter(kind=NoticeKind.CALL_DUE).order_by("pk")
    assert [str(datetime.fromisoformat(call.data["due_at"])) for call in calls] == due
    assert len(due) == 6
    late = {kind: things for kind, _rows, things in told()}
    assert late[NoticeKind.OVERDUE] == Task.objects.filter(escalated_at=frozen.now).count() > 0
    assert late[NoticeKind.NOT_CALLED] == 1
    assert Lead.objects.get(pk=waiting.pk).call_escalated_at == frozen.now


def live_ten_minutes(frozen, hands: Hands | None) -> list[tuple[str, int, int]]:
    """Each job once a minute, by one beat or by both at the same moment."""
    promises(frozen, size(4, 30))
    for number in range(2):
        set_shift(OperatorFactory(username=f"on{number}").pk, "on")
        lead(city="Москва")
    frozen.move(minutes=95)
    for _minute in range(size(4, 10)):
        frozen.move(minutes=1)
        for job in JOBS:
            if hands is None:
                job()
            else:
                assert hands.at_once([job, job]) == [None, None]
    return told()


@racing
@pytest.mark.usefixtures("catalogues")
def test_F08_two_beats_tell_no_more_than_one(frozen) -> None:
    start = frozen.now
    with transaction.atomic():
        alone = live_ten_minutes(frozen, None)
        transaction.set_rollback(True)
    assert {kind for kind, *_counts in alone} >= {NoticeKind.CALL_DUE, NoticeKind.OVERDUE, NoticeKind.NEW_LEAD}
    frozen.set(start)
    with Hands(2) as hands:
        assert live_ten_minutes(frozen, hands) == alone


@racing
@pytest.mark.usefixtures("catalogues")
@pytest.mark.parametrize("job", [reminders.remind, reminders.escalate])
def test_F14_a_job_that_is_delivered_again_while_it_runs_has_one_effect(frozen, monkeypatch, job) -> None:
    promises(frozen, 5)
    frozen.move(hours=3)
    due = Task.objects.open().count()
    claim = reminders._claim

    def slowly(*which):
        claimed = claim(*which)
        time.sleep(0.2)
        return claimed

    monkeypatch.setattr(reminders, "_claim", slowly)
    with Hands(2) as hands:
        done = hands.at_once([job, job])
    assert sorted(done) == [0, due]
    # Of calls each is told by itself, to its operator; what is late is one heap, for the manager.
    calls = Task.objects.filter(promised=True).count()
    expected = (calls, calls) if job is reminders.remind else (1, due)
    assert [(rows, things) for _kind, rows, things in told()] == [expected]


@pytest.mark.processes
@racing
@pytest.mark.usefixtures("catalogues")
def test_F18_a_worker_asked_to_end_finishes_its_job_and_takes_no_other(frozen, tmp_path) -> None:
    set_shift(OperatorFactory().pk, "on")
    lead()
    with Parts(tmp_path, beat=False) as parts:
        with app.connection_for_write(parts.broker_url) as link:
            with transaction.atomic():
                DistributionPolicy.objects.select_for_update().get(pk=1)
                app.send_task("leads.jobs.hand_out", connection=link)
                assert parts.takes_messages(), parts.said()
                time.sleep(0.5)
                parts.running["worker"].terminate()
                time.sleep(0.5)
            assert parts.ask_to_end("worker", within=30) == 0, parts.said()
        assert Lead.objects.filter(responsible__isnull=True).count() == 0, parts.said()
        assert Notice.objects.filter(kind=NoticeKind.NEW_LEAD).count() == 1
        assert "Traceback" not in parts.said()
